#pragma once

// An evented connection, as Conn::BecomeEvented makes it: the connection belongs to its loop and
// calls a ConnSink there for each event. Other threads reach it by Post.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "hon/base/error.h"
#include "hon/base/time.h"
#include "hon/io/link_buffer.h"

namespace hon::io {

class EventConn;

/// The deadlines of an EventConn. The owner of the connection decides their purpose.
enum class ConnDeadline : uint8_t { kRead, kWrite, kIdle };

enum class ConnClose : uint8_t {
  kGraceful,  // sends what Out() holds, then closes
  kLinger,    // like kGraceful, then discards input for a while, so that no reset overtakes the
              // output
  kAbort,     // resets at once
};

/// The callbacks of an evented connection. Each runs on the connection's loop and must not wait.
/// Only OnOpen may run inside a call on the connection; no callback follows OnClosed. An exception
/// that leaves a callback is reported on stderr and cuts the connection; an exception of OnOpen
/// reaches the caller that opens the connection.
class ConnSink {
 public:
  /// The first call, from inside BecomeEvented or soon after: the sink keeps `conn` until
  /// OnClosed. In() may hold bytes already.
  virtual void OnOpen(std::unique_ptr<EventConn> conn) = 0;
  /// In() has grown, or the peer has finished sending (InputEnded).
  virtual void OnInput() = 0;
  /// Out() is empty again after the socket had not taken it all.
  virtual void OnDrained() {}
  /// The deadline has passed and is lifted.
  virtual void OnDeadline(ConnDeadline which) = 0;
  /// The server is shutting down: say goodbye to the peer and close. A connection that is open at
  /// the end of the server's grace period is cut.
  virtual void OnShutdown() {}
  /// The connection has ended: by our Close (no error) or for `why`. The EventConn may be destroyed
  /// in this call. From this call on only In, InputEnded and the addresses may be used.
  virtual void OnClosed(const Error& why) = 0;

 protected:
  ~ConnSink() = default;
};

/// One evented connection. Calls are made on its loop's thread only, on a fiber or outside any,
/// unless a call says otherwise. No call waits. The destructor resets an open connection; a closing
/// connection goes on to close by itself. The destructor does not call the sink.
class EventConn {
 public:
  EventConn() = default;
  EventConn(const EventConn&) = delete;
  EventConn& operator=(const EventConn&) = delete;
  virtual ~EventConn() = default;

  /// Sends events to `sink` from now on and lifts the deadlines. Calling OnOpen is up to the
  /// caller.
  virtual void SetSink(ConnSink& sink) = 0;

  /// Received and unread bytes. Past a limit of the connection's reading pauses until
  /// ConsumedInput finds fewer.
  [[nodiscard]] virtual LinkBuffer& In() = 0;
  virtual void ConsumedInput() = 0;
  /// The peer has sent FIN: In() will not grow.
  [[nodiscard]] virtual bool InputEnded() const = 0;

  /// With InputEnded: the end may be an attacker's, as over TLS a FIN without close_notify.
  [[nodiscard]] virtual bool InputTruncated() const { return false; }

  /// Bytes to be sent. The buffer has no limit: the caller looks at Unsent() before adding more.
  /// SendSoon must follow an addition.
  [[nodiscard]] virtual LinkBuffer& Out() = 0;
  /// Bytes that the kernel has not taken yet: Out(), and the frames behind it where the output is
  /// framed.
  [[nodiscard]] virtual size_t Unsent() { return Out().Len(); }
  /// Sends Out() at the end of the loop's turn; calls of one turn make one system call.
  virtual void SendSoon() = 0;
  /// Sends `head` and `body` at once and uncopied, behind the bytes of Out(). Bytes that the socket
  /// does not take are copied to Out() and sent later. Meant for more than a few KiB. When both are
  /// empty, sends Out() at once.
  virtual void SendNow(std::string_view head, std::string_view body) = 0;
  /// Ends our direction (FIN) once Out() is sent. Nothing may be added to Out() any more.
  virtual void CloseWrite() = 0;

  /// kNever lifts the deadline.
  virtual void SetDeadline(ConnDeadline which, TimePoint deadline) = 0;

  /// OnClosed follows, never from inside Close. A second call can only speed up the end (kAbort).
  virtual void Close(ConnClose how) = 0;

  [[nodiscard]] virtual std::string LocalAddr() const = 0;
  [[nodiscard]] virtual std::string RemoteAddr() const = 0;

  // Callable on any thread while OnClosed has not returned and ~EventConn has not begun. The caller
  // ensures this, by a mutex that its OnClosed takes too.

  /// Runs `function` on the loop, in one of its next turns, outside any fiber, even when the
  /// connection has ended by then. Calls of one thread keep their order. When the loop ends first,
  /// the function is destroyed without having run.
  virtual void Post(std::function<void()> function) = 0;
  /// Whether the calling thread is the loop's.
  [[nodiscard]] virtual bool InLoop() const = 0;
  /// Identifies the loop: the same for all connections of one loop.
  [[nodiscard]] virtual const void* LoopId() const = 0;
};

}  // namespace hon::io
