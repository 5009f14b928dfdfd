#pragma once

#include <cstdint>
#include <string>

#include "hon/base/error.h"
#include "hon/base/time.h"
#include "hon/io/file.h"
#include "hon/io/link_buffer.h"
#include "hon/netpoll/timer.h"

namespace hon::netpoll {

class Connection;
class Loop;

enum class DeadlineKind : uint8_t { kRead, kWrite, kIdle };

/// What a connection tells, always on its loop's thread, and never from inside a call that the
/// handler itself makes on a connection. One handler serves any number of connections; what
/// belongs to one of them hangs on Connection::UserData.
class EventHandler {
 public:
  virtual ~EventHandler() = default;
  /// A socket was accepted or connected; nothing is read yet. Options may be set here.
  virtual void OnPrepare([[maybe_unused]] Connection& c) {}
  /// Reading has begun.
  virtual void OnConnect([[maybe_unused]] Connection& c) {}
  /// Reader() has grown, or the peer has finished sending (InputEnded). Called again for every
  /// further batch, whether or not the handler consumed the last one.
  virtual void OnRequest(Connection& c) = 0;
  /// Writer() has become empty after a flush that could not send everything, or (after
  /// WantWritable) the socket takes bytes again.
  virtual void OnWritable([[maybe_unused]] Connection& c) {}
  /// A deadline has passed; it is cleared. The default closes the connection.
  virtual void OnTimeout(Connection& c, DeadlineKind kind);
  /// The last call for `c`: it was closed by either side, `why` says by what (none: our Close).
  /// Detach everything that points at it.
  virtual void OnDisconnect([[maybe_unused]] Connection& c, [[maybe_unused]] const Error& why) {}
};

enum class CloseHow : uint8_t {
  kGraceful,  // sends what Writer() holds, then closes
  kLinger,    // as kGraceful, but ends only our direction, then discards input until the peer
              // closes, kLingerBytesMax have come or kLingerTime has passed: no reset may
              // overtake the answer to a request that we did not read to its end
  kAbort,     // resets at once; unsent output is lost
};
inline constexpr Duration kLingerTime = std::chrono::milliseconds(500);
inline constexpr size_t kLingerBytesMax = 256 * 1024;

/// Input that piles up unread past this pauses reading until the reader has caught up.
inline constexpr size_t kInputHighWaterBytes = 64 * 1024;

/// One TCP or unix stream socket. Owned by its loop, used on its loop's thread only; gone after
/// OnDisconnect. At most 256 bytes while idle, without buffers.
class Connection {
 public:
  [[nodiscard]] Loop& GetLoop() const;
  [[nodiscard]] int Fd() const;

  /// Received and unread bytes. After consuming some, call ConsumedInput (it resumes a paused
  /// read).
  [[nodiscard]] io::LinkBuffer& Reader();
  void ConsumedInput();
  /// The peer has sent FIN: nothing will be added to Reader().
  [[nodiscard]] bool InputEnded() const;

  /// Bytes to be sent.
  [[nodiscard]] io::LinkBuffer& Writer();
  /// Sends what Writer() holds at the end of this turn; calls for one turn make one system call.
  void FlushLater();
  /// Sends now what the socket takes; the rest follows by itself when it can. Fails when the
  /// connection is broken.
  Error Flush();
  /// One sendfile call; Writer() must be empty. Bytes sent; 0: the socket is full (WantWritable).
  Result<size_t> SendFileSome(const io::File& file, int64_t offset, size_t count);
  /// Asks for one OnWritable when the socket takes bytes.
  void WantWritable();

  /// kNever clears. Setting a later deadline costs one store.
  void SetDeadline(DeadlineKind kind, TimePoint deadline);
  [[nodiscard]] TimePoint Deadline(DeadlineKind kind) const;

  // As in cloudwego/netpoll, for users of netpoll alone; the loop renews the deadlines.

  /// No bytes for this long while some are awaited. kUnlimited: none.
  void SetReadTimeout(Duration timeout);
  /// Writer() makes no progress for this long.
  void SetWriteTimeout(Duration timeout);
  /// Nothing moves either way for this long.
  void SetIdleTimeout(Duration timeout);

  /// Stops and resumes taking input from the socket. A leaving peer is still noticed.
  void PauseRead();
  void ResumeRead();

  /// Ends the connection; OnDisconnect follows in a later step of the loop, once only.
  void Close(CloseHow how = CloseHow::kGraceful);
  /// Ends our direction once Writer() is sent.
  void CloseWrite();
  [[nodiscard]] bool IsActive() const;  // not closed by either side

  void* UserData() const;
  void SetUserData(void* data);
  /// Events go to `handler` from now on.
  void SetEventHandler(EventHandler& handler);

  /// "ip:port", "[ip6]:port" or a unix path.
  [[nodiscard]] std::string LocalAddr() const;
  [[nodiscard]] std::string RemoteAddr() const;
};

}  // namespace hon::netpoll
