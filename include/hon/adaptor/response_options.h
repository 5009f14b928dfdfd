#pragma once

// The properties of the request and of the connection that an answer depends on, independent of the
// protocol.

#include <cstdint>
#include <memory>
#include <string_view>

#include "hon/adaptor/body_reader.h"
#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/http/response_writer.h"
#include "hon/io/conn.h"

namespace hon::adaptor {

/// The calls of a Response on the owner of its connection.
class ConnControl {
 public:
  virtual ~ConnControl() = default;
  /// Gives the connection to the handler (http::Hijacker), with `first` behind the output so far.
  /// On failure nothing of `first` is sent. Called once at most for an exchange.
  virtual Result<std::unique_ptr<io::Conn>> Hijack(std::string_view first) = 0;
  /// Lends the connection to `sink` for the rest of an answer (http::ResponseWriter::Detach).
  /// Output is sent unframed, and Close(kGraceful) gives the connection back. The next request may
  /// follow the answer if `keep_alive`. Called at most once for an exchange, and not with Hijack.
  /// ErrNotSupported, the default, where there is no such connection.
  virtual Error Lend([[maybe_unused]] io::ConnSink& sink, [[maybe_unused]] bool keep_alive) {
    return http::ErrNotSupported;
  }
  /// Moves the end of the request's context (http::ResponseWriter::SetRequestDeadline).
  virtual Error SetRequestDeadline(TimePoint deadline) = 0;
  /// Returns false when no further request will be read: answers of HTTP/1 then carry Connection:
  /// close.
  [[nodiscard]] virtual bool KeepAlive() const = 0;
  /// Calls `work(argument)` on the loop of the connection and waits for its end. An answer that is
  /// written on that loop calls directly.
  virtual void OnLoop(void (*work)(void*), void* argument) { work(argument); }
  /// Reports a mistake of the handler, in one line.
  virtual void LogHandlerError(std::string_view message) = 0;
};

/// The properties of a request that its Response depends on.
struct ResponseOptions {
  bool head = false;     // HEAD: nothing of the body is sent
  bool connect = false;  // CONNECT: a tunnel without framing follows a 2xx head
  bool http10 = false;
  bool close = false;          // RequestHead::close
  std::string_view date = {};  // value of the Date field; read while the exchange lasts
  BodyReader* body = nullptr;  // the request's, if it has one
};

/// The contract's decisions about a head when it is sent; the encoder adds the rest.
struct HeadPlan {
  int status = 0;
  std::string_view date;          // of a Date field to be added, or ""
  std::string_view content_type;  // of a Content-Type field to be added, or ""
  int64_t content_length = -1;    // of a Content-Length field to be added, or -1
  int64_t length = -1;            // of the body, declared or found; -1: unknown
  bool sends_body = false;        // method and status allow content
  bool full_duplex = false;       // the handler goes on to read the request's body
};

}  // namespace hon::adaptor
