#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hon/appcontext/context.h"
#include "hon/base/arena.h"
#include "hon/base/result.h"
#include "hon/http/body.h"
#include "hon/http/header.h"
#include "hon/url/url.h"

namespace hon::multipart {  // multipart.h
class Reader;
struct Form;
struct FormFile;
struct Limits;
}  // namespace hon::multipart

namespace hon::tls {
struct ConnectionState;
}  // namespace hon::tls

namespace hon::http {

namespace internal {
class PathScope;
}

struct Cookie;     // cookie.h
struct FormState;  // src/http/form_state.h

/// Request::Write: neither Host nor URL.Host is set.
inline constexpr Sentinel ErrMissingHost{"http: Request.Write on Request with no Host or URL set"};
/// Request::Write: Method, Host or URL hold a byte that cannot stand in a head.
inline constexpr Sentinel ErrUnwritableRequest{"http: can't write Method, Host or URL of Request"};

/// The credentials of an Authorization field of the Basic scheme (RFC 7617).
struct BasicCredentials {
  std::string username;
  std::string password;
};

/// One request as a server received it, with Go's field names.
/// Lifetime: the fields of type string_view, the Header's views and the Body end when the handler
/// returns (sanitizer and debug builds poison them then); URL owns its text. Copy what you keep.
/// Used by one fiber at a time.
class Request {
 public:
  Request();
  ~Request();  // removes the temporary files of a parsed multipart form
  Request(Request&&) noexcept;
  Request& operator=(Request&&) noexcept;

  std::string_view Method;  // "GET"; any token, case-sensitive
  url::URL URL;             // parsed request target
  std::string_view Proto;   // "HTTP/1.1"
  int ProtoMajor = 1;
  int ProtoMinor = 1;
  http::Header Header;        // without Host, as in Go
  http::Body Body;            // never null
  int64_t ContentLength = 0;  // -1: unknown (chunked)
  bool Chunked = false;       // Go's TransferEncoding == ["chunked"]
  bool Close = false;         // the client asked to close, or is HTTP/1.0 without keep-alive
  std::string_view Host;
  http::Header Trailer;         // announced names, then values once Body is at its end
  std::string_view RemoteAddr;  // "ip:port"
  /// The result of the TLS handshake (hon/tls/connection_state.h); null for a plain connection.
  const tls::ConnectionState* TLS = nullptr;
  std::string_view RequestURI;  // the target as sent
  std::string_view Pattern;     // the ServeMux pattern that matched, "" if none

  /// The context of the request. The context ends when the client is gone, the request times out,
  /// the server is closed, or the handler returns; and with its parents: the context of the
  /// connection (server::WithConnContext) and that of the server (server::WithBaseContext), whose
  /// values it has. Cause tells the reason. May be kept and used by any thread.
  [[nodiscard]] const appcontext::Context& Context() const { return context_; }
  /// Replaces the context, for this Request and for the handler's later waits.
  void SetContext(appcontext::Context context) { context_ = std::move(context); }

  /// A copy with another context, as in Go. SetContext needs no copy, and also makes the handler's
  /// waits end with the new context. The copy shows the texts of the original and shares its Body
  /// and parsed forms, so the copy must not outlive the original. Changes of the copy do not change
  /// the original.
  [[nodiscard]] Request WithContext(appcontext::Context context) const;
  /// Becomes a copy of `other`, as WithContext(other.Context()) makes it, but with an empty Header.
  /// Keeps capacity.
  void CopyWithoutHeader(const Request& other);
  /// A copy that owns all its texts. Only the Body is shared, and ends when the handler returns.
  [[nodiscard]] Request Clone(appcontext::Context context) const;

  /// The text that the pattern's wildcard `name` matched, percent-decoded; "" when there is none.
  /// With nested muxes, the innermost mux that has the name counts.
  [[nodiscard]] std::string_view PathValue(std::string_view name) const;
  /// Sets or replaces the value of `name`. `name` and `value` are copied.
  void SetPathValue(std::string_view name, std::string_view value);

  /// The User-Agent and Referer fields (RFC 9110 §10.1.5, §10.1.3), "" when missing.
  [[nodiscard]] std::string_view UserAgent() const { return Header.Get(HeaderId::kUserAgent); }
  [[nodiscard]] std::string_view Referer() const { return Header.Get(HeaderId::kReferer); }
  /// Whether the client speaks this version or a later one.
  [[nodiscard]] bool ProtoAtLeast(int major, int minor) const {
    return ProtoMajor > major || (ProtoMajor == major && ProtoMinor >= minor);
  }

  /// The credentials of an Authorization header, if it is of the Basic scheme and well-formed.
  [[nodiscard]] std::optional<BasicCredentials> BasicAuth() const;
  /// Sets the Authorization header. `username` holds no ":".
  void SetBasicAuth(std::string_view username, std::string_view password);

  // Cookies (cookie.h).

  /// The first cookie of that name, or ErrNoCookie.
  [[nodiscard]] Result<http::Cookie> Cookie(std::string_view name) const;
  /// All well-formed cookies, in order; none when there are more than kCookiesMax.
  [[nodiscard]] std::vector<http::Cookie> Cookies() const;
  /// The cookies of this name, which is compared case-sensitively.
  [[nodiscard]] std::vector<http::Cookie> CookiesNamed(std::string_view name) const;
  /// Adds "name=value" to the Cookie header; attributes are not sent by clients.
  void AddCookie(const http::Cookie& cookie);

  // Forms (multipart.h).

  /// Reads the query and, for POST, PUT and PATCH, an urlencoded body of at most kFormBytesMax.
  /// Later calls return the first one's result. The pairs that could be read are there even when
  /// ParseForm fails.
  Error ParseForm();
  /// ParseForm, and for a multipart/form-data body all its parts: up to `memory_bytes_max` of the
  /// files are kept in memory, the rest goes to a temporary file that ends with this Request.
  /// Fails with ErrNotMultipart, ErrMissingBoundary, multipart::ErrMessageTooLarge, or as the Body.
  Error ParseMultipartForm(int64_t memory_bytes_max);
  Error ParseMultipartForm(const multipart::Limits& limits);
  /// The parts of a multipart body one by one, in place of ParseMultipartForm.
  Result<std::unique_ptr<multipart::Reader>> MultipartReader();
  /// The first file of field `name`, opened. Parses the form if no call has parsed it yet.
  Result<multipart::FormFile> FormFile(std::string_view name);
  /// The first value of field `name` in the form, or "". Parses the form if no call has parsed it
  /// yet, with the limits of multipart::Limits, and ignores errors; ParseForm and
  /// ParseMultipartForm return them.
  std::string_view FormValue(std::string_view name);
  /// As FormValue, of the body alone.
  std::string_view PostFormValue(std::string_view name);

  /// Go's r.Form: body and query, values of the body first. Empty before ParseForm.
  [[nodiscard]] url::Values& Form();
  /// Go's r.PostForm: the body alone.
  [[nodiscard]] url::Values& PostForm();
  /// Go's r.MultipartForm: null before a ParseMultipartForm that read one.
  [[nodiscard]] multipart::Form* MultipartForm();

  /// Writes the request as HTTP/1.1 (RFC 9112), as a client sends it, and reads Body for it: with
  /// ContentLength, or in chunks with the Trailer if ContentLength is negative or Chunked is set.
  /// The framing fields are made from these and not taken from Header; no User-Agent is added.
  /// Fails with ErrMissingHost or ErrUnwritableRequest before anything is written, with
  /// ErrBodyLength (response.h) when Body has not ContentLength bytes, or with the error of `to` or
  /// of Body.
  Error Write(io::Writer& to);
  /// As Write, with the absolute URL on the request line, as a proxy wants it (RFC 9112 §3.2.2).
  Error WriteProxy(io::Writer& to);

  /// A copy of `text` that lives as long as this Request.
  [[nodiscard]] std::string_view Own(std::string_view text) { return arena_.Copy(text); }

  /// Blanks the Request for the next exchange; keeps capacity, ends every view.
  void Reset();
  /// As Reset, for a server that sets all public fields but Header, Trailer, Body and Pattern
  /// before the Request is used: the other fields, and the context, keep their old values until
  /// then.
  void Recycle() {
    Header.Reset();
    Trailer.Reset();
    if (!Body.IsNoBody()) Body = http::Body();
    Pattern = {};
    mount_prefix_ = {};
    arena_.Reset();
    if (!path_values_.empty() || forms_ != nullptr) RecycleUsed();
  }

  // For muxes.

  /// Adds a path value. Neither text is copied: both live as long as this Request. An `escaped`
  /// value is percent-decoded when it is asked for.
  void AddPathValue(std::string_view name, std::string_view value, bool escaped) {
    path_values_.push_back({name, value, escaped});
  }
  /// The prefix that Mount and StripPrefix have cut from URL's path, in escaped form: the client's
  /// path is MountPrefix() followed by URL.EscapedPath(). "" when nothing was cut.
  [[nodiscard]] std::string_view MountPrefix() const { return mount_prefix_; }

 private:
  friend class internal::PathScope;

  struct PathParam {
    std::string_view name;
    std::string_view value;
    bool escaped;
  };

  void RecycleUsed();
  [[nodiscard]] FormState& Forms();
  void CopyFields(const Request& other);

  appcontext::Context context_;
  mutable Arena arena_;
  mutable std::vector<PathParam> path_values_;  // inner muxes last; decoded on demand
  std::string_view mount_prefix_;
  std::shared_ptr<FormState> forms_;  // null until a form is asked for
};

}  // namespace hon::http
