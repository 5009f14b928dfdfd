#pragma once

// The backend's access to a connection: its descriptor, its wish for input, the list hook of the
// backend, and the reports. Reports may call the EventHandler (they are made from
// Backend::Deliver), after which the connection may be closed but is never destroyed.

#include <cstddef>
#include <span>

#include "hon/netpoll/connection.h"
#include "hon/netpoll/loop.h"

namespace hon::netpoll {

struct ConnectionIo {
  using Hold = Connection::Hold;
  using Flag = Connection::Flag;

  static bool Holds(const Connection& c, Hold hold) { return (c.holds_ & hold) != 0; }
  static void TakeHold(Connection& c, Hold hold) {
    c.holds_ = static_cast<uint16_t>(c.holds_ | hold);
  }
  /// A completion drops its own hold first. When the last hold of a closed connection is dropped,
  /// the loop may free the connection.
  static void DropHold(Connection& c, Hold hold) {
    HON_ASSERT(Holds(c, hold));
    c.holds_ = static_cast<uint16_t>(c.holds_ & ~hold);
    if (c.phase_ == Connection::Phase::kClosed) c.MarkDirty();
  }
  /// Drops a hold that ends with the descriptor, if it is set.
  static void ReleaseHold(Connection& c, Hold hold) {
    if (Holds(c, hold)) DropHold(c, hold);
  }
  static bool Has(const Connection& c, Flag flag) { return (c.flags_ & flag) != 0; }
  static void Set(Connection& c, Flag flag) { c.flags_ = static_cast<uint16_t>(c.flags_ | flag); }
  static void Unset(Connection& c, Flag flag) {
    c.flags_ = static_cast<uint16_t>(c.flags_ & ~flag);
  }
  /// Has Backend::Sync called for the connection at the end of this turn.
  static void RequestSync(Connection& c) { c.InputChanged(); }
  static Connection*& ReadyNext(Connection& c) { return c.ready_next_; }
  static void ForgetFd(Connection& c) { c.fd_ = -1; }
  static bool Closed(const Connection& c) { return c.phase_ == Connection::Phase::kClosed; }
  static bool Connecting(const Connection& c) { return c.phase_ == Connection::Phase::kConnecting; }
  static bool Handshaking(const Connection& c) {
    return c.phase_ == Connection::Phase::kHandshaking;
  }

  /// Whether a receive should be in flight.
  static bool WantsInput(const Connection& c) { return c.WantsInput(); }

  /// Input of a handshake has arrived: its next step is due.
  static void QueueHandshake(Connection& c) { c.QueueHandshake(); }
  static void StepHandshake(Connection& c) { c.StepHandshake(); }
  /// Opens the next records, and calls the handler when they bring something.
  static void OpenMore(Connection& c) { c.DeliverOpened(); }
  // Output (connection.cc).

  /// The number of bytes that the socket took, by the result of a send: 0 when it is full. A
  /// failure breaks the connection.
  static Result<size_t> Sent(Connection& c, ssize_t result);
  /// Sends the first blocks of the sealed bytes, when more follow at once. Returns false when the
  /// socket has not taken all of them.
  static Result<bool> SendMoreSealed(Connection& c);

  // Of a connection with a record layer (connection_records.cc).
  static Connection*& QueueNext(Connection& c);
  static io::RecordLayer& LayerOf(Connection& c);
  static bool EndHandshakeLater(Connection& c, Error& why);
  /// Whether the connection was closed. Any thread.
  static bool Abandoned(const Connection& c);

  /// The room behind the unread input to receive into; empty when a block is needed.
  static std::span<char> InputTail(const Connection& c) {
    const bool plain = c.phase_ == Connection::Phase::kOpen && c.records_ == nullptr;
    return plain && !c.in_.Empty() ? c.in_.TailRoom() : std::span<char>();
  }

  // Reports.

  /// `n` bytes were received into InputTail.
  static void ReceivedInTail(Connection& c, size_t n);
  /// `n` bytes were received into `block`. Returns true when the connection keeps the block; false
  /// when it copied or dropped the bytes, and the caller still owns the block.
  static bool ReceivedBlock(Connection& c, io::Block* block, size_t n);
  /// The peer's FIN was received after all its bytes.
  static void InputEnded(Connection& c);
  /// Receiving failed; nothing more will come.
  static void InputFailed(Connection& c, int errno_value);
  /// The kernel has refused something that the connection cannot go on without.
  static void Failed(Connection& c, Error why);
  /// The peer has left, or finished, while no input was wanted.
  static void PeerLeft(Connection& c, bool hung_up);
  /// Ends a batch of the reports above: calls the handler.
  static void DeliverInput(Connection& c);
  /// The socket takes bytes again, or is broken.
  static void Writable(Connection& c) { c.OnWritableReady(); }
};

/// Received pieces up to this size are copied to the end of the unread input, so that a peer that
/// sends byte by byte does not pin a block with each. At worst a kept block is a quarter full.
inline constexpr size_t kCopyBytesMax = io::kBlockBytes / 4;

}  // namespace hon::netpoll
