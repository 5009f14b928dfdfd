#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/http/body.h"
#include "hon/http/header.h"
#include "hon/io/io.h"
#include "hon/url/url.h"

namespace hon::http {

struct Cookie;  // cookie.h

/// The answer has no Location field.
inline constexpr Sentinel ErrNoLocation{"http: no Location header in response"};
/// Response::Write: the Body does not have ContentLength bytes.
inline constexpr Sentinel ErrBodyLength{"http: ContentLength does not match the Body"};

/// A response as a client receives it, with Go's field names. Handlers write their answers through
/// a ResponseWriter instead. Lifetime: the texts are not owned; the function that makes a Response
/// states how long they live.
class Response {
 public:
  std::string_view Status;  // "200 OK"; "" for the usual text of StatusCode
  int StatusCode = 0;
  std::string_view Proto;  // "HTTP/1.1"
  int ProtoMajor = 1;
  int ProtoMinor = 1;
  http::Header Header;
  http::Body Body;             // never null
  int64_t ContentLength = -1;  // -1: unknown
  bool Chunked = false;        // Go's TransferEncoding == ["chunked"]
  bool Close = false;          // the connection ends with this answer
  http::Header Trailer;        // announced names, then values once Body is at its end

  /// Whether the answer is of this version or a later one.
  [[nodiscard]] bool ProtoAtLeast(int major, int minor) const {
    return ProtoMajor > major || (ProtoMajor == major && ProtoMinor >= minor);
  }
  /// The cookies of all Set-Cookie fields that can be read.
  [[nodiscard]] std::vector<http::Cookie> Cookies() const;
  /// The Location, resolved against `asked` if it is relative. Fails with ErrNoLocation, or as
  /// url::Parse.
  [[nodiscard]] Result<url::URL> Location(const url::URL& asked = {}) const;

  /// Writes the answer as HTTP/1.x (RFC 9112), and reads Body for it: with ContentLength if it is
  /// known, in chunks with the Trailer if Chunked, else up to the end, with Connection: close.
  /// HTTP/1.0 without Close says keep-alive.
  /// The status decides whether there is a body at all. Fails with ErrBodyLength, or as `to` or
  /// Body.
  Error Write(io::Writer& to);
};

}  // namespace hon::http
