#pragma once

// What an answer needs to know of its request and of its connection, whatever the protocol is.

#include <cstdint>
#include <memory>
#include <string_view>

#include "hon/adaptor/body_reader.h"
#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/io/conn.h"

namespace hon::adaptor {

/// What a Response asks of the owner of its connection.
class ConnControl {
 public:
  virtual ~ConnControl() = default;
  /// Hands the connection over (http::Hijacker). Called once at most for an exchange.
  virtual Result<std::unique_ptr<io::Conn>> Hijack() = 0;
  /// Moves the end of the request's context (http::ResponseWriter::SetRequestDeadline).
  virtual Error SetRequestDeadline(TimePoint deadline) = 0;
  /// False when no further request will be taken: answers of HTTP/1 then carry Connection: close.
  [[nodiscard]] virtual bool KeepAlive() const = 0;
  /// A mistake of the handler's, in one line.
  virtual void LogHandlerError(std::string_view message) = 0;
};

/// What a Response must know of its request.
struct ResponseOptions {
  bool head = false;     // HEAD: nothing of the body is sent
  bool connect = false;  // CONNECT: what follows a 2xx head is a tunnel, without framing
  bool http10 = false;
  bool close = false;          // RequestHead::close
  std::string_view date = {};  // value of the Date field; read while the exchange lasts
  BodyReader* body = nullptr;  // the request's, if it has one
};

/// What the contract of net/http decides about a head when it leaves; an encoder does the rest.
struct HeadPlan {
  int status = 0;
  std::string_view date;          // of a Date field to be added, or ""
  std::string_view content_type;  // of a Content-Type field to be added, or ""
  int64_t content_length = -1;    // of a Content-Length field to be added, or -1
  int64_t length = -1;            // of the body, whoever stated it; -1: not known
  bool sends_body = false;        // method and status allow content
  bool full_duplex = false;       // the handler goes on to read the request's body
};

}  // namespace hon::adaptor
