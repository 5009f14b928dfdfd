#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/base/error.h"
#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/io/file.h"
#include "hon/io/link_buffer.h"
#include "hon/io/record_layer.h"
#include "hon/netpoll/timer.h"

struct iovec;

namespace hon::netpoll {

class Connection;
class Loop;
struct ConnectionIo;
struct LoopIo;
struct SocketAddress;

enum class DeadlineKind : uint8_t { kRead, kWrite, kIdle };

/// The life of a connection, in this order; the moves are in src/netpoll/connection_phase.h.
enum class ConnectionPhase : uint8_t {
  kConnecting,   // dialed, not yet established
  kHandshaking,  // established: OnPrepare, and the record layer's handshake when there is one
  kOpen,         // both directions, or one after a FIN
  kFlushing,     // Close was called, output is left to send
  kLingering,    // our FIN is sent, input is discarded
  kClosed,       // the descriptor is gone; the object waits for its last holder
};
enum class ConnectionEvent : uint8_t;

/// The events of connections, always on the loop's thread, and never from inside a call that the
/// handler itself makes on a connection. One handler serves any number of connections; state of a
/// single connection is reached by Connection::UserData.
class EventHandler {
 public:
  virtual ~EventHandler() = default;
  /// A socket was accepted or connected; nothing is read yet. Options and a record layer may be set
  /// here.
  virtual void OnPrepare([[maybe_unused]] Connection& c) {}
  /// Reading has begun; the handshake of the record layer, if there is one, is done. A handshake
  /// that fails is reported by OnDisconnect alone.
  virtual void OnConnect([[maybe_unused]] Connection& c) {}
  /// Reader() has grown, or the peer has finished sending (InputEnded), or the peer has finished
  /// while reading is paused (PeerFinished). Called again for every further batch, whether or not
  /// the handler consumed the last one; bytes in flight may still arrive after PauseRead.
  virtual void OnRequest(Connection& c) = 0;
  /// Writer() has become empty after a flush that could not send everything, or (after
  /// WantWritable) the socket takes bytes again.
  virtual void OnWritable([[maybe_unused]] Connection& c) {}
  /// A deadline has passed; it is cleared. The default closes the connection.
  virtual void OnTimeout(Connection& c, DeadlineKind kind);
  /// The last call for `c`, which was closed by either side; `why` is the reason (none: our Close).
  /// Detach everything that points at `c`.
  virtual void OnDisconnect([[maybe_unused]] Connection& c, [[maybe_unused]] const Error& why) {}
};

/// Notified of connections whose record layer fails after the handshake, before they are cut.
/// Called on the loop's thread.
class RecordObserver {
 public:
  virtual ~RecordObserver() = default;
  virtual void OnRecordFault(Connection& c, const Error& why) = 0;
};

enum class CloseHow : uint8_t {
  kGraceful,  // sends what Writer() holds, then closes
  kLinger,    // as kGraceful, but ends only our direction, then discards input until the peer
              // closes or kLingerTime has passed: no reset may overtake the answer to a request
              // that was not read to its end. Past kLingerBytesMax nothing is received, so that a
              // peer that goes on sending is held back until it looks for an answer
  kAbort,     // resets at once; unsent output is lost
};
inline constexpr Duration kLingerTime = std::chrono::milliseconds(500);
inline constexpr size_t kLingerBytesMax = 256 * 1024;

/// Unsent output of a closing connection may stand still for this long, or until the write
/// deadline when that is earlier; then the connection is cut.
inline constexpr Duration kFlushOnCloseTime = std::chrono::seconds(30);

/// Unread input past this pauses reading until the reader has caught up. Bytes received before the
/// pause took effect (on io_uring up to 32 blocks) come on top.
inline constexpr size_t kInputHighWaterBytes = 64 * 1024;

/// Room for every address as text.
inline constexpr size_t kAddressTextMax = 120;

/// A handshake must be done within this time, unless SetRecordLayer is given another.
inline constexpr Duration kHandshakeTimeout = std::chrono::seconds(10);

/// Bytes of a file that are read, sealed and sent at once with a record layer.
inline constexpr size_t kSealedFileBytesMax = 64 * 1024;

/// A TCP or unix stream socket. Owned by its loop, used on its loop's thread only; destroyed
/// after OnDisconnect, or at the last Release. At most 256 bytes, without buffers while idle.
class Connection final : private Timer {
 public:
  [[nodiscard]] Loop& GetLoop() const { return *loop_; }
  /// -1 once the socket is closed.
  [[nodiscard]] int Fd() const { return fd_; }

  /// Received and unread bytes. ConsumedInput must follow after some were consumed (it resumes a
  /// paused read).
  [[nodiscard]] io::LinkBuffer& Reader() { return in_; }
  void ConsumedInput() {
    if ((flags_ & kPausedFull) != 0) ResumeFull();
  }
  /// Replaces kInputHighWaterBytes for this connection (a reader that needs more in one piece).
  void SetInputHighWater(size_t bytes);
  /// The peer has sent FIN, or the record layer's close_notify: nothing will be added to Reader().
  [[nodiscard]] bool InputEnded() const { return (flags_ & kInputEnded) != 0; }
  /// InputEnded, by a FIN without close_notify before it: the received data may be incomplete (RFC
  /// 8446 §6.1). Never set without a record layer.
  [[nodiscard]] bool InputTruncated() const { return (flags_ & kInputTruncated) != 0; }
  /// The peer has sent FIN, though bytes before it may still be unread in the socket.
  [[nodiscard]] bool PeerFinished() const { return (flags_ & (kInputEnded | kPeerFinished)) != 0; }

  /// Bytes to send. Do not reserve room in the buffer (Malloc) across a call to the connection.
  [[nodiscard]] io::LinkBuffer& Writer() { return out_; }
  /// Sends the content of Writer() at the end of this turn (after the handshake); calls for one
  /// turn make one system call.
  void FlushLater() { MarkDirty(); }
  /// Sends as much as the socket takes now; the rest is sent later without a further call. Fails
  /// when the connection is broken.
  Error Flush();
  /// Sends `head` and `body` behind the content of Writer(): now, without copying them, as far as
  /// the socket takes them; the rest is copied to Writer() and sent later. Meant for data that is
  /// long enough for a system call of its own. Fails when the connection is broken.
  Error SendNow(std::string_view head, std::string_view body);
  /// One sendfile call; Writer() must be empty. Bytes sent; 0: the socket is full (WantWritable).
  /// With a record layer at most kSealedFileBytesMax bytes are read, sealed and sent.
  /// ErrUnexpectedEof when `offset` is not before the end of the file.
  Result<size_t> SendFileSome(const io::File& file, int64_t offset, size_t count);
  /// Asks for one OnWritable when the socket takes bytes.
  void WantWritable();

  /// kNever clears. Setting a later deadline costs one store.
  void SetDeadline(DeadlineKind kind, TimePoint deadline) {
    if (!IsActive()) return;
    deadlines_[static_cast<size_t>(kind)] = deadline;
    if (deadline < armed_for_) ArmTimer(deadline);
  }
  [[nodiscard]] TimePoint Deadline(DeadlineKind kind) const {
    return deadlines_[static_cast<size_t>(kind)];
  }

  /// Pauses and resumes reading from the socket. A leaving peer is still noticed.
  void PauseRead();
  void ResumeRead();

  /// Ends the connection; OnDisconnect follows in a later step of the loop, once only. A second
  /// call can only speed up the end (kAbort).
  void Close(CloseHow how = CloseHow::kGraceful);
  /// Ends our direction once Writer() is sent. Nothing may be written after it.
  void CloseWrite();
  /// Whether neither side has closed the connection.
  [[nodiscard]] bool IsActive() const {
    return phase_ == Phase::kOpen || phase_ == Phase::kHandshaking;
  }

  /// Sets the record layer of the socket. In OnPrepare only, once. The handshake follows, and fails
  /// with io::ErrDeadlineExceeded when it is not done within `handshake_timeout`. `observer`, which
  /// may be null, is notified of records that fail after the handshake, and must outlive the
  /// connection.
  void SetRecordLayer(std::unique_ptr<io::RecordLayer> layer,
                      Duration handshake_timeout = kHandshakeTimeout,
                      RecordObserver* observer = nullptr);
  [[nodiscard]] bool IsPlain() const { return records_ == nullptr; }
  /// Null for a plain connection.
  [[nodiscard]] io::RecordLayer* GetRecordLayer() const;

  /// Keeps the object, not the socket, past OnDisconnect until the same number of Release calls:
  /// its buffers can still be used, its calls fail or do nothing.
  void Retain() { ++retained_; }
  void Release() {
    HON_ASSERT(retained_ > 0);
    if (--retained_ == 0 && phase_ == Phase::kClosed) MarkDirty();
  }

  [[nodiscard]] void* UserData() const { return user_data_; }
  void SetUserData(void* data) { user_data_ = data; }
  /// Sends events to `handler` from now on.
  void SetEventHandler(EventHandler& handler) { handler_ = &handler; }
  [[nodiscard]] EventHandler& GetEventHandler() const { return *handler_; }

  /// "ip:port", "[ip6]:port" or a unix path.
  [[nodiscard]] std::string LocalAddr() const;
  [[nodiscard]] std::string RemoteAddr() const;
  /// Shows another peer, "192.0.2.1:80" or "[2001:db8::1]:80", in place of the socket's: the client
  /// of a proxy. False where `address` is none.
  bool SetRemoteAddr(std::string_view address);
  /// The remote address as text in `into` (kAddressTextMax). Allocates nothing, and asks the
  /// kernel on the first call only; "" when the peer had gone before that.
  std::string_view FormatRemoteAddr(std::span<char> into) const {
    if (peer_.text_size == 0) return FormatLongRemoteAddr(into);
    std::memcpy(into.data(), peer_.bytes.data(), peer_.bytes.size());
    return {into.data(), peer_.text_size};
  }

 private:
  friend class ConnectionSlab;
  friend class Loop;
  friend struct ConnectionIo;
  friend struct LoopIo;

  using Phase = ConnectionPhase;
  struct Records;  // the record layer and its ciphertext

  // References to the object other than the loop's; the object lives while one of them is set.
  enum Hold : uint16_t {
    kRecvInFlight = 1,       // the kernel may fill a block for the connection
    kCancelInFlight = 2,     // the kernel was asked to end the receive, and has not answered
    kWritableInFlight = 4,   // the kernel will report writability
    kPeerPollInFlight = 8,   // the kernel watches for a leaving peer
    kInDirtyList = 16,       // of the loop
    kInReadyList = 32,       // of the backend
    kStarved = 64,           // io_uring: no block was free to receive into; waits for a block
    kHandshakeQueued = 128,  // in the loop's queue of handshakes
    kLongStep = 256,         // another thread runs a step of the record layer's handshake
    kRecordsQueued = 512,    // in the loop's queue of connections with records left to open
  };

  enum Flag : uint16_t {
    kPausedByUser = 1,
    kPausedFull = 2,  // the reader is behind: past the high water mark
    kInputEnded = 4,
    kPeerFinished = 8,
    kInputWaits = 16,       // epoll: the socket was readable when last seen
    kOutBlocked = 32,       // the socket is full; Writer() is sent when it is writable
    kWantsWritable = 64,    // the handler asked for OnWritable
    kWriteEndWanted = 128,  // FIN once Writer() is empty
    kWriteEnded = 256,      // FIN sent
    kLingers = 512,         // linger once Writer() is empty
    kSyncWanted = 1024,     // the backend must look at whether input is wanted
    kDisconnectTold = 2048,
    kWatchWanted = 4096,  // io_uring: a report of writability must be requested
    kInputTruncated = 8192,
    kUrgentSeen = 16384,   // epoll: the peer sent urgent data, at whose mark a receive ends early
    kRecordsWait = 32768,  // nothing more is received before the received records are opened
  };

  /// The remote address, kept from the first call, since a reset socket has lost it: as text where
  /// that is short (every IPv4 address is), since each request shows it.
  struct PeerName {
    static constexpr size_t kPort = 16;  // of a long IPv6 address: the offset of the port in
                                         // `bytes`
    static constexpr size_t kScope = 18;

    uint8_t family = 0;     // 0: not requested yet
    uint8_t text_size = 0;  // 0: not requested yet, or too long
    std::array<char, 22> bytes{};
  };

  Connection(Loop& loop, EventHandler& handler, int fd, Phase phase);
  ~Connection() override;

  void Move(ConnectionEvent event);
  void OnTimer() override;
  void ArmTimer(TimePoint deadline);
  void ResumeFull();
  void InputChanged();

  Result<size_t> SendParts(const iovec* parts, int count);
  Result<bool> SendFront(io::LinkBuffer& from);
  Error SendSome();
  void BlockOutput();
  void OutputDrained();
  void OnWritableReady();

  // With a record layer (connection_records.cc).
  void BeginHandshake();
  void QueueHandshake();
  void StepHandshake();
  void EndHandshake();
  void FailHandshake(Error why);
  bool ReceivedSealed(io::Block* block, size_t n);
  void OpenReceived();
  void QueueRecords();
  bool EndSealedInput();
  void NoteEndOfRecords();
  void DeliverOpened();
  [[nodiscard]] size_t NextRecordBytes(size_t waiting);
  Error SealSome();
  Error SendSealed();
  Error SendNowSealed(std::string_view head, std::string_view body);
  Result<size_t> SealFileSome(const io::File& file, int64_t offset, size_t count);

  void BeginClose(CloseHow how);
  bool Discard(size_t n);
  void FinishFlushed();
  void BeginLinger();
  void Break(Error why);
  void Finish();
  void MarkDirty() {
    if ((holds_ & kInDirtyList) == 0) JoinDirtyList();
  }
  void JoinDirtyList();
  [[nodiscard]] bool WantsInput() const;
  [[nodiscard]] bool DiscardsInput() const;
  void LearnPeerName() const;
  void KeepPeerName(const SocketAddress& address) const;
  std::string_view FormatLongRemoteAddr(std::span<char> into) const;

  io::LinkBuffer in_;
  io::LinkBuffer out_;
  Loop* loop_;
  EventHandler* handler_;
  void* user_data_ = nullptr;
  Connection* dirty_next_ = nullptr;
  Connection* ready_next_ = nullptr;
  std::array<TimePoint, 3> deadlines_{kNever, kNever, kNever};
  TimePoint armed_for_ = kNever;
  Error why_;
  std::unique_ptr<Records> records_;           // null: plain
  uint32_t input_max_ = kInputHighWaterBytes;  // while lingering: bytes that may still be discarded
  int fd_;
  uint16_t holds_ = 0;
  uint16_t flags_ = 0;
  uint16_t retained_ = 0;
  Phase phase_;
  mutable PeerName peer_;
};
static_assert(sizeof(Connection) <= 256);

}  // namespace hon::netpoll
