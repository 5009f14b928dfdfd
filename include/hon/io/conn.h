#pragma once

#include <string>

#include "hon/base/time.h"
#include "hon/io/event_conn.h"
#include "hon/io/io.h"

namespace hon::io {

/// A connection that belongs to the caller, as Go's net.Conn: what Hijack and Dial give.
/// Reads and writes suspend the calling fiber. One fiber may read while another writes; both run
/// where the connection was made, as do all other calls. Destroying it closes it. Over TLS, Read
/// ends with ErrUnexpectedEof instead of ErrEof where the peer sent FIN without close_notify: what
/// was read may be incomplete.
class Conn : public Reader, public Writer, public Closer {
 public:
  /// Ends our direction (close_notify over TLS, then FIN) once everything written is sent; reading
  /// goes on.
  virtual Error CloseWrite() = 0;

  /// A wait that lasts past its deadline fails with ErrDeadlineExceeded. kNever: no deadline.
  virtual void SetReadDeadline(TimePoint deadline) = 0;
  virtual void SetWriteDeadline(TimePoint deadline) = 0;
  void SetDeadline(TimePoint deadline) {
    SetReadDeadline(deadline);
    SetWriteDeadline(deadline);
  }

  /// Gives the connection to `sink`, which is told of everything on its loop from now on, so that
  /// an idle connection needs neither a fiber nor a stack. Nobody may be waiting in Read or Write.
  /// Deadlines are lifted; what was written is sent first; bytes that were received and not read
  /// are in EventConn::In().
  /// Without an error, this Conn is spent: it may be destroyed, and its calls fail with ErrClosed.
  /// Errors, without any call to the sink: the reason why the connection is gone, ErrClosed.
  virtual Error BecomeEvented(ConnSink& sink) = 0;

  /// "ip:port", "[ip6]:port" or the path of a unix socket ("@" when it has none).
  [[nodiscard]] virtual std::string LocalAddr() const = 0;
  [[nodiscard]] virtual std::string RemoteAddr() const = 0;
};

}  // namespace hon::io
