#pragma once

// A connection in the style of events, as Conn::BecomeEvented makes it: it belongs to its loop,
// and whoever has taken it over is called there. Threads other than the loop's reach it by Post.

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

/// What each of an EventConn's deadlines is for is up to its user.
enum class ConnDeadline : uint8_t { kRead, kWrite, kIdle };

enum class ConnClose : uint8_t {
  kGraceful,  // sends what Out() holds, then closes
  kLinger,    // the same, then discards input for a while, so that no reset overtakes it
  kAbort,     // resets at once
};

/// What an evented connection tells. Each call comes on the connection's loop and must not wait;
/// none comes from inside a call on the connection but OnOpen, and none after OnClosed. An
/// exception that leaves a call is reported on stderr and cuts the connection, but one of OnOpen,
/// which goes to whoever opens it.
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
  /// The server is shutting down: say goodbye to the peer and close. It waits for that as long as
  /// its grace lasts, then the connection is cut.
  virtual void OnShutdown() {}
  /// The connection has ended: by our Close (no error) or for `why`. The EventConn may be
  /// destroyed in here; nothing else of it may be called any more but In, InputEnded and the
  /// addresses.
  virtual void OnClosed(const Error& why) = 0;

 protected:
  ~ConnSink() = default;
};

/// One evented connection. But for the calls that say otherwise: on its loop's thread only, on a
/// fiber of it or outside any. No call waits.
/// Destroying it resets a connection that is still open; one that is closing already goes on to
/// close by itself. The sink is not told.
class EventConn {
 public:
  EventConn() = default;
  EventConn(const EventConn&) = delete;
  EventConn& operator=(const EventConn&) = delete;
  virtual ~EventConn() = default;

  /// Events go to `sink` from now on; deadlines are lifted. OnOpen is the caller's to call.
  virtual void SetSink(ConnSink& sink) = 0;

  /// Received and unread bytes. Past a limit of the connection's reading pauses until
  /// ConsumedInput finds fewer.
  [[nodiscard]] virtual LinkBuffer& In() = 0;
  virtual void ConsumedInput() = 0;
  /// The peer has sent FIN: In() will not grow.
  [[nodiscard]] virtual bool InputEnded() const = 0;

  /// With InputEnded: the end may be an attacker's, as over TLS a FIN without close_notify.
  [[nodiscard]] virtual bool InputTruncated() const { return false; }

  /// Bytes that are not with the kernel yet. Nothing bounds them but the caller, who looks at Len()
  /// before adding more; after adding, SendSoon.
  [[nodiscard]] virtual LinkBuffer& Out() = 0;
  /// Sends Out() at the end of the loop's turn; calls of one turn make one system call.
  virtual void SendSoon() = 0;
  /// Sends `head` and `body` at once and uncopied, behind what is in Out(); what the socket does
  /// not take is copied to Out() and follows by itself. For what is longer than a few KiB. Both
  /// empty: sends Out() at once.
  virtual void SendNow(std::string_view head, std::string_view body) = 0;
  /// Ends our direction (FIN) once Out() is sent; nothing may be added to it any more.
  virtual void CloseWrite() = 0;

  /// kNever lifts it.
  virtual void SetDeadline(ConnDeadline which, TimePoint deadline) = 0;

  /// OnClosed follows, not from inside. A second call can only make it faster (kAbort).
  virtual void Close(ConnClose how) = 0;

  [[nodiscard]] virtual std::string LocalAddr() const = 0;
  [[nodiscard]] virtual std::string RemoteAddr() const = 0;

  // From any thread, while OnClosed has not returned and ~EventConn has not begun: the caller
  // makes sure of that, by a mutex that its OnClosed takes too.

  /// Runs `function` on the loop, in one of its next turns, outside any fiber, whatever has become
  /// of the connection meanwhile. Calls of one thread keep their order. When the loop ends first,
  /// the function is destroyed without having run.
  virtual void Post(std::function<void()> function) = 0;
  /// Whether the calling thread is the loop's.
  [[nodiscard]] virtual bool InLoop() const = 0;
  /// Tells loops apart: the same for all connections of one.
  [[nodiscard]] virtual const void* LoopId() const = 0;
};

}  // namespace hon::io
