#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hon/appcontext/context.h"
#include "hon/base/arena.h"
#include "hon/http/body.h"
#include "hon/http/header.h"
#include "hon/url/url.h"

namespace hon::http {

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

  std::string_view Method;      // "GET"; any token, case-sensitive
  url::URL URL;                 // parsed request target
  std::string_view Proto;       // "HTTP/1.1"
  int ProtoMajor = 1;
  int ProtoMinor = 1;
  http::Header Header;          // without Host, as in Go
  http::Body Body;              // never null
  int64_t ContentLength = 0;    // -1: unknown (chunked)
  bool Chunked = false;         // Go's TransferEncoding == ["chunked"]
  bool Close = false;           // the client asked to close, or is HTTP/1.0 without keep-alive
  std::string_view Host;
  http::Header Trailer;         // announced names, then values once Body is at its end
  std::string_view RemoteAddr;  // "ip:port"
  std::string_view RequestURI;  // the target as sent
  std::string_view Pattern;     // the ServeMux pattern that matched, "" if none

  /// Ends when the client is gone, the request times out, the server's grace is over, or the
  /// handler returns. May be kept.
  [[nodiscard]] const appcontext::Context& Context() const { return context_; }
  void SetContext(appcontext::Context context) { context_ = std::move(context); }

  /// What the pattern's wildcard `name` matched, percent-decoded; "" when there is none.
  [[nodiscard]] std::string_view PathValue(std::string_view name) const;
  void SetPathValue(std::string_view name, std::string_view value);

  /// A copy of `text` that lives as long as this Request.
  [[nodiscard]] std::string_view Own(std::string_view text) { return arena_.Copy(text); }

  /// Makes this the blank Request of the next exchange; keeps capacity, ends every view.
  void Reset();

 private:
  struct PathParam {
    std::string_view name;
    std::string_view value;
  };

  appcontext::Context context_;
  Arena arena_;
  std::vector<PathParam> path_values_;
};

}  // namespace hon::http
