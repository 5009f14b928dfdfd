// The receiving side and the end of a connection. Sending and deadlines: connection.cc.

#include <algorithm>
#include <new>
#include <string_view>
#include <utility>

#include "hon/base/assert.h"
#include "hon/io/io.h"
#include "hon/netpoll/connection.h"
#include "hon/netpoll/loop.h"
#include "netpoll/backend.h"
#include "netpoll/connection_io.h"
#include "netpoll/connection_phase.h"
#include "netpoll/connection_records.h"
#include "netpoll/loop_io.h"
#include "netpoll/no_memory.h"

namespace hon::netpoll {

// The one place where a connection's phase changes.
void Connection::Move(ConnectionEvent event) {
  const std::optional<Phase> next = NextPhase(phase_, event);
  HON_ASSERT(next.has_value());
  phase_ = *next;
}

// Wanted input.

bool Connection::DiscardsInput() const {
  return phase_ == Phase::kLingering || (phase_ == Phase::kFlushing && (flags_ & kLingers) != 0);
}

bool Connection::WantsInput() const {
  if ((flags_ & kInputEnded) != 0) return false;
  if (phase_ == Phase::kOpen) {
    return (flags_ & (kPausedByUser | kPausedFull | kRecordsWait)) == 0;
  }
  if (phase_ == Phase::kHandshaking) return (flags_ & kPausedFull) == 0;
  return DiscardsInput() && input_max_ != 0;
}

void Connection::InputChanged() {
  flags_ |= kSyncWanted;
  MarkDirty();
}

void Connection::PauseRead() {
  if ((flags_ & kPausedByUser) != 0) return;
  flags_ |= kPausedByUser;
  InputChanged();
}

void Connection::ResumeRead() {
  if ((flags_ & kPausedByUser) == 0) return;
  flags_ &= static_cast<uint16_t>(~kPausedByUser);
  InputChanged();
}

void Connection::SetInputHighWater(size_t bytes) {
  if (!IsActive()) return;
  input_max_ = static_cast<uint32_t>(std::min<size_t>(bytes, UINT32_MAX));
  ConsumedInput();
}

void Connection::ResumeFull() {
  if (in_.Len() >= input_max_) return;
  flags_ &= static_cast<uint16_t>(~kPausedFull);
  InputChanged();
}

// Reports from the backend.

void ConnectionIo::ReceivedInTail(Connection& c, size_t n) {
  HON_ASSERT(c.phase_ == Connection::Phase::kOpen && c.records_ == nullptr);
  c.in_.MallocAck(n);
  if (c.in_.Len() >= c.input_max_) c.flags_ |= Connection::kPausedFull;
}

// A peer may go on sending after our end, up to a limit.
bool Connection::Discard(size_t n) {
  if (DiscardsInput()) {
    input_max_ -= static_cast<uint32_t>(std::min<size_t>(n, input_max_));
    if (input_max_ == 0) InputChanged();
  }
  return false;
}

// Copies `bytes` to the end of `in` and returns the number that it took: fewer without memory.
[[gnu::noinline]] static size_t CopyTo(io::LinkBuffer& in, std::string_view bytes) {
  const size_t had = in.Len();
  try {
    in.Write(bytes);
  } catch (const std::bad_alloc&) {  // the block itself replaces the rest of the copy
  }
  return in.Len() - had;
}

bool ConnectionIo::ReceivedBlock(Connection& c, io::Block* block, size_t n) {
  if (c.records_ != nullptr) [[unlikely]]
    return c.ReceivedSealed(block, n);
  if (c.phase_ != Connection::Phase::kOpen) return c.Discard(n);
  size_t copied = 0;
  if (n <= kCopyBytesMax && !c.in_.Empty()) [[unlikely]]
    copied = CopyTo(c.in_, {block->data, n});
  const bool copy = copied == n;
  if (!copy) {
    block->begin = static_cast<uint32_t>(copied);
    block->end = static_cast<uint32_t>(n);
    c.in_.Append(block);
  }
  if (c.in_.Len() >= c.input_max_) {
    c.flags_ |= Connection::kPausedFull;
    c.InputChanged();
  }
  return !copy;
}

void ConnectionIo::InputEnded(Connection& c) {
  if (c.records_ != nullptr && !c.EndSealedInput()) [[unlikely]]
    return;
  c.flags_ |= Connection::kInputEnded;
  if (c.phase_ == Connection::Phase::kLingering) {
    c.Finish();
  } else if (c.phase_ != Connection::Phase::kClosed) {
    c.SetDeadline(DeadlineKind::kRead, kNever);
    c.InputChanged();
  }
}

void ConnectionIo::InputFailed(Connection& c, int errno_value) {
  Error why = Error::System(errno_value, "recv");
  if (errno_value == ECONNRESET && EndHandshakeLater(c, why)) return;
  c.Break(std::move(why));
}

void ConnectionIo::Failed(Connection& c, Error why) { c.Break(std::move(why)); }

void ConnectionIo::PeerLeft(Connection& c, bool hung_up) {
  if (c.phase_ == Connection::Phase::kClosed) return;
  const int error = hung_up ? LoopIo::BackendOf(*c.loop_).TakeError(c.fd_) : 0;
  if (error != 0) {
    Error why = Error::System(error, "connection");
    if (!EndHandshakeLater(c, why)) c.Break(std::move(why));
  } else if (hung_up && (c.flags_ & Connection::kInputEnded) != 0) {
    c.Break(io::ErrEof);  // both directions have ended
  } else if ((c.flags_ & Connection::kPeerFinished) == 0) {
    c.flags_ |= Connection::kPeerFinished;
    DeliverInput(c);
  }
}

void ConnectionIo::DeliverInput(Connection& c) {
  if (c.records_ != nullptr) [[unlikely]]
    return c.DeliverOpened();
  if (c.phase_ != Connection::Phase::kOpen) return;
  OrCut(c, [&c] { c.handler_->OnRequest(c); });
}

// Ending.

void Connection::Close(CloseHow how) {
  if (phase_ == Phase::kClosed) return;
  if (how == CloseHow::kAbort) {
    LoopIo::BackendOf(*loop_).ResetOnClose(fd_);
    return Finish();
  }
  if (!IsActive()) return;
  BeginClose(how);
}

void Connection::BeginClose(CloseHow how) {
  if (records_ != nullptr) {
    // Before the end of the handshake nothing can be sealed.
    if (phase_ == Phase::kHandshaking) out_.Clear();
    if (records_->ended) flags_ |= kInputEnded;
  }
  Move(ConnectionEvent::kClose);
  if (how == CloseHow::kLinger) {
    flags_ |= kLingers;
    input_max_ = kLingerBytesMax;
  }
  deadlines_[static_cast<size_t>(DeadlineKind::kRead)] = kNever;
  const TimePoint limit = loop_->Now() + kFlushOnCloseTime;
  deadlines_[static_cast<size_t>(DeadlineKind::kIdle)] = limit;
  if (limit < armed_for_) ArmTimer(limit);
  InputChanged();
}

void Connection::FinishFlushed() {
  HON_ASSERT(phase_ == Phase::kFlushing);
  if ((flags_ & kLingers) != 0 && (flags_ & kInputEnded) == 0) return BeginLinger();
  Finish();
}

void Connection::BeginLinger() {
  Move(ConnectionEvent::kFlushed);
  if ((flags_ & kWriteEnded) == 0) LoopIo::BackendOf(*loop_).EndWrite(fd_);
  flags_ |= kWriteEnded;
  deadlines_[static_cast<size_t>(DeadlineKind::kWrite)] = kNever;
  const TimePoint limit = LoopIo::BackendOf(*loop_).Now() + kLingerTime;
  deadlines_[static_cast<size_t>(DeadlineKind::kIdle)] = limit;
  if (limit < armed_for_) ArmTimer(limit);
}

void Connection::Break(Error why) {
  if (phase_ == Phase::kClosed) return;
  // An error caused by our own close is reported as the close.
  if (IsActive()) why_ = std::move(why);
  Finish();
}

void Connection::Finish() {
  Move(ConnectionEvent::kEnd);
  if (records_ != nullptr) records_->abandoned.store(true, std::memory_order_relaxed);
  Disarm();
  armed_for_ = kNever;
  deadlines_.fill(kNever);
  LoopIo::BackendOf(*loop_).Close(*this);
  MarkDirty();
}

void Connection::JoinDirtyList() {
  HON_ASSERT((holds_ & kInDirtyList) == 0);
  holds_ |= kInDirtyList;
  LoopIo::PushDirty(*loop_, *this);
}

}  // namespace hon::netpoll
