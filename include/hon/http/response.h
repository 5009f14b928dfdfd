#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/base/result.h"
#include "hon/http/body.h"
#include "hon/http/header.h"
#include "hon/io/conn.h"
#include "hon/io/io.h"
#include "hon/url/url.h"

namespace hon::tls {
struct ConnectionState;
}  // namespace hon::tls

namespace hon::http {

struct Cookie;  // cookie.h
class Request;  // request.h

/// The answer has no Location field.
inline constexpr Sentinel ErrNoLocation{"http: no Location header in response"};
/// Response::Write: the Body does not have ContentLength bytes.
inline constexpr Sentinel ErrBodyLength{"http: ContentLength does not match the Body"};

/// The source of the Body of an answer after which the connection belongs to the caller: 101, and a
/// 2xx to CONNECT.
class ConnSource : public BodySource {
 public:
  /// The connection, with the bytes received after the answer's head. Called once.
  virtual std::unique_ptr<io::Conn> TakeConn() = 0;
};

class Response;

/// The owner of the memory that a Response's texts view.
class ResponseOwner {
 public:
  /// The Response has moved to `now`, whose Response::Trailer is to be filled.
  virtual void OnMoved(Response& now) = 0;
  /// The Response is being destroyed. The Header may be taken, to be used again.
  virtual void OnGone(Response& response) = 0;

 protected:
  ~ResponseOwner() = default;
};

/// A response as a client receives it, with Go's field names. Handlers write their answers through
/// a ResponseWriter instead. Lifetime: the texts are not owned; the function that makes a Response
/// states how long they live. The texts of a transport's Response live as long as the Response, and
/// its Body is closed when the last copy of the Body is gone.
class Response {
 public:
  Response() = default;
  Response(Response&& other) noexcept { *this = std::move(other); }
  Response& operator=(Response&& other) noexcept;
  ~Response() {
    if (owner_ != nullptr) owner_->OnGone(*this);
  }

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
  /// Whether Body is decoded: it had a Content-Encoding that the transport had asked for.
  bool Uncompressed = false;
  /// The request that was answered, the last one of a chain of redirects. Null when it is unknown.
  std::shared_ptr<const http::Request> Request;
  /// The result of the TLS handshake (hon/tls/connection_state.h); null for a plain connection.
  /// Lives as long as the Response.
  const tls::ConnectionState* TLS = nullptr;

  /// Whether the answer is of this version or a later one.
  [[nodiscard]] bool ProtoAtLeast(int major, int minor) const {
    return ProtoMajor > major || (ProtoMajor == major && ProtoMinor >= minor);
  }
  /// The cookies of all Set-Cookie fields that can be read.
  [[nodiscard]] std::vector<http::Cookie> Cookies() const;
  /// The Location, resolved against `asked` if it is relative. Fails with ErrNoLocation, or as
  /// url::Parse.
  [[nodiscard]] Result<url::URL> Location(const url::URL& asked) const;
  /// Location resolved against the URL of Request.
  [[nodiscard]] Result<url::URL> Location() const;

  /// The connection after a 101 or a 2xx to CONNECT, which the caller owns from now on. Null for
  /// all other answers, and when it was taken before.
  [[nodiscard]] std::unique_ptr<io::Conn> TakeConn();
  /// Keeps `owner` as long as this Response, and calls its OnMoved now and at each move.
  void SetOwner(std::shared_ptr<ResponseOwner> owner) {
    owner_ = std::move(owner);
    owner_->OnMoved(*this);
  }

  /// Writes the answer as HTTP/1.x (RFC 9112), and reads Body for it: with ContentLength if it is
  /// known, in chunks with the Trailer if Chunked, else up to the end, with Connection: close.
  /// HTTP/1.0 without Close says keep-alive.
  /// The status decides whether there is a body at all. Fails with ErrBodyLength, or as `to` or
  /// Body.
  Error Write(io::Writer& to);

 private:
  std::shared_ptr<ResponseOwner> owner_;
};

}  // namespace hon::http
