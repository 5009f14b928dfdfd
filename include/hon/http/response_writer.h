#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hon/base/time.h"
#include "hon/http/header.h"
#include "hon/io/conn.h"
#include "hon/io/io.h"

namespace hon::http {

/// No writer of the chain of wrapped writers has the requested ability. The error's text names the
/// innermost writer and the ability.
inline constexpr Sentinel ErrNotSupported{"feature not supported"};
/// The connection has been taken over by Hijack or Upgrade.
inline constexpr Sentinel ErrHijacked{"http: connection has been hijacked"};
/// The status has no body: 1xx, 204, 304 (RFC 9110 §6.4.1).
inline constexpr Sentinel ErrBodyNotAllowed{
    "http: request method or response status code does not allow body"};
/// A Write past the Content-Length that the handler set. Nothing of that Write is sent, and the
/// connection ends with the answer.
inline constexpr Sentinel ErrContentLength{"http: wrote more than the declared Content-Length"};

/// Sends buffered output to the client.
class Flusher {
 public:
  virtual ~Flusher() = default;
  /// Commits status 200 if none was, and waits until the kernel has everything.
  virtual Error Flush() = 0;
};

/// Takes the connection over from the server (HTTP/1 only).
class Hijacker {
 public:
  virtual ~Hijacker() = default;
  /// The connection, all deadlines cleared; bytes that the server had already received are read
  /// from it first. The caller closes the connection, by Close or by destroying it. A second call
  /// fails with ErrHijacked.
  ///
  /// A hijacked connection still counts for the server. When Shutdown begins, ShutdownContext
  /// (server_context.h) ends: say goodbye and close, for Shutdown waits. At the end of the grace
  /// period (server::WithHijackedGrace), or at Close, the server closes the connection: reads and
  /// writes, waiting ones too, fail with ErrServerClosed, and the request's context ends if its
  /// handler still runs.
  virtual Result<std::unique_ptr<io::Conn>> Hijack() = 0;
};

/// Copies from a Reader, by sendfile when it is a file.
class ReaderFrom {
 public:
  virtual ~ReaderFrom() = default;
  virtual io::CopyResult ReadFrom(io::Reader& from) = 0;
};

/// Builds the answer to one request. Runs on the handler's fiber; any call may suspend it. Invalid
/// once ServeHTTP has returned.
///
/// A wrapper of a ResponseWriter derives from this class, forwards Header, Write and WriteHeader,
/// and overrides Unwrap; this class then forwards the other abilities. A wrapper that keeps the
/// answer back does not override Unwrap, and its Flush and Hijack fail with ErrNotSupported.
class ResponseWriter : public io::Writer, public Flusher, public Hijacker, public ReaderFrom {
 public:
  /// The fields to be sent. Changes after the head is committed have no effect, but for trailers
  /// and after a 1xx.
  virtual http::Header& Header() = 0;

  /// Commits status 200 if none was, then takes `data`. {0, ErrBodyNotAllowed} for a status
  /// without body, {0, ErrContentLength} past a declared length, else the connection's error.
  io::IoResult Write(std::string_view data) override = 0;

  /// Commits `status` with the fields set so far. 1xx except 101 is sent at once and may be
  /// repeated. Of the others the first call counts; later calls are logged and ignored. A 2xx to
  /// CONNECT begins a tunnel: no length and no coding is sent, and Write sends its bytes as they
  /// are. Some front ends (nginx 1.22, Varnish 7.1) take a 103 for the answer itself and drop the
  /// final answer: send 103 only where no such front end stands between. Throws
  /// std::invalid_argument outside 100..999.
  virtual void WriteHeader(int status) = 0;

  Error Flush() override;
  Result<std::unique_ptr<io::Conn>> Hijack() override;
  /// Answers 101 with `fields` and gives the connection to `sink`, as another protocol goes on with
  /// it (RFC 9110 §7.8). `protocol` is the value of the Upgrade field. Nothing of Header() is sent.
  /// Of `fields`, those that frame a message or concern the connection are left out: the server
  /// sets them. A body of the request is dropped. The handler returns; the server then treats the
  /// connection as a hijacked one (Hijacker), and calls io::ConnSink::OnShutdown when it shuts
  /// down. The sink is called on the connection's loop, whichever thread the handler runs on;
  /// OnOpen is called before Upgrade returns. Errors, without any call to the sink: ErrNotSupported
  /// (also HTTP/1.0), ErrHijacked, the reason why the connection is gone, and that the head has
  /// been sent.
  virtual Error Upgrade(std::string_view protocol, const http::Header& fields, io::ConnSink& sink);
  /// Sends the head and gives the rest of the answer to `sink`, so that the answer goes on without
  /// the handler, a fiber or a stack. Out() and SendNow of the io::EventConn take bytes of the
  /// body, which the server frames; Close(kGraceful) ends the body; In() must not be read. The
  /// handler returns. Deadlines are lifted. The rules of Upgrade about the sink apply.
  /// ErrNotSupported, with nothing sent: for an answer that has a length or trailers or whose head
  /// is sent, for a request whose body is not read to its end, and by a writer that wraps another,
  /// which may change the written bytes, unless that writer overrides Detach. The handler then
  /// writes as usual.
  virtual Error Detach(io::ConnSink& sink);
  /// All of `from`, up to its end; the count is of bytes taken, the error the first of either side.
  /// A declared Content-Length holds. Default: io::Copy through Write.
  io::CopyResult ReadFrom(io::Reader& from) override;

  /// Replace the server's deadline for this request, counted on hon::Clock; kNever lifts it.
  /// ErrNotSupported when no wrapped writer has deadlines. A wait past it fails with
  /// io::ErrDeadlineExceeded.
  virtual Error SetReadDeadline(TimePoint deadline);
  virtual Error SetWriteDeadline(TimePoint deadline);
  /// Moves the end of the request's context (engine::WithRequestTimeout). kNever lifts it, for a
  /// stream without an end of its own. ErrNotSupported for a context that has ended.
  virtual Error SetRequestDeadline(TimePoint deadline);
  /// Announces that the handler goes on reading the body after it has begun to answer, so that a
  /// long body does not end the connection. Reading is also possible without this call.
  virtual Error EnableFullDuplex();

  /// The name of this writer in error texts. Default: its C++ type.
  [[nodiscard]] virtual std::string Name() const;

  /// The committed status, 0 before; and body bytes accepted so far.
  [[nodiscard]] virtual int Status() const;
  [[nodiscard]] virtual int64_t BytesWritten() const;

  /// The wrapped writer, or null.
  [[nodiscard]] virtual ResponseWriter* Unwrap() { return nullptr; }
  [[nodiscard]] const ResponseWriter* Unwrap() const {
    return const_cast<ResponseWriter*>(this)->Unwrap();
  }
};

/// The optional abilities of a writer under Go's name for them. Each call goes to `w`, which
/// passes it on through Unwrap; ErrNotSupported when no wrapped writer has the ability.
class ResponseController {
 public:
  explicit ResponseController(ResponseWriter& w) : w_(&w) {}
  Error Flush() { return w_->Flush(); }
  Result<std::unique_ptr<io::Conn>> Hijack() { return w_->Hijack(); }
  Error SetReadDeadline(TimePoint deadline) { return w_->SetReadDeadline(deadline); }
  Error SetWriteDeadline(TimePoint deadline) { return w_->SetWriteDeadline(deadline); }
  Error SetRequestDeadline(TimePoint deadline) { return w_->SetRequestDeadline(deadline); }
  Error EnableFullDuplex() { return w_->EnableFullDuplex(); }

 private:
  ResponseWriter* w_;
};

}  // namespace hon::http
