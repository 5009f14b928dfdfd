// A connection with a record layer: handshake, opening of received records, sealing of output. The
// rules are in docs/ARCHITECTURE.md, section 4.

#include "netpoll/connection_records.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "hon/base/assert.h"
#include "hon/io/file.h"
#include "hon/io/io.h"
#include "hon/netpoll/loop.h"
#include "netpoll/backend.h"
#include "netpoll/connection_io.h"
#include "netpoll/connection_phase.h"
#include "netpoll/handshake_queue.h"
#include "netpoll/loop_io.h"
#include "netpoll/no_memory.h"
#include "netpoll/record_queue.h"

namespace hon::netpoll {
namespace {

// Output parts shorter than this are joined with the next ones: a record costs as much as the copy
// of some kilobytes.
constexpr size_t kRecordBytesWanted = 4 * 1024;

// A peer can read the first bytes of a long answer only after the first whole record: records are
// short until the congestion window of a new or idle connection has grown (RFC 6928, RFC 5681
// §4.1).
constexpr size_t kFirstRecordBytes = 4 * 1024;
constexpr size_t kFirstRecordsBytes = 64 * 1024;
constexpr Duration kRecordIdleTime = std::chrono::seconds(1);

// Bytes that a record has beyond its plaintext, rounded up: at most 29 with AEAD (RFC 5246
// §6.2.3.3, RFC 8446 §5.2). A record of a file fills one block of ciphertext.
constexpr size_t kRecordOverheadBytes = 32;

// The most unsent ciphertext when the record layer itself has answered the peer: a peer that causes
// answers and does not read is cut.
constexpr size_t kUnsentRecordsMax = 2 * io::kSealedBytesMax;

constexpr Sentinel kNoRecordMemory{"no memory for the records of a connection"};

// An allocation that fails in a call of the record layer costs its connection.
template <class Call>
Error Guarded(const Call& call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return kNoRecordMemory;
  }
}

}  // namespace

void Connection::SetRecordLayer(std::unique_ptr<io::RecordLayer> layer, Duration handshake_timeout,
                                RecordObserver* observer) {
  HON_ASSERT(phase_ == Phase::kHandshaking);
  HON_ASSERT(records_ == nullptr);
  // The queues of the loop are there before a record is: joining one cannot fail.
  LoopIo::HandshakesOf(*loop_);
  LoopIo::RecordsOf(*loop_);
  records_ = std::make_unique<Records>(std::move(layer));
  const TimePoint now = LoopIo::BackendOf(*loop_).Now();
  records_->deadline = DeadlineAfter(now, handshake_timeout);
  records_->observer = observer;
}

io::RecordLayer* Connection::GetRecordLayer() const {
  return records_ == nullptr ? nullptr : records_->layer.get();
}

// The handshake.

void Connection::BeginHandshake() {
  HON_ASSERT(phase_ == Phase::kHandshaking);
  if (records_->deadline < armed_for_) ArmTimer(records_->deadline);
  Error why = Guarded([this] {
    io::LinkBuffer first(loop_->Blocks());
    Error failed = records_->layer->Start(first);
    if (!first.Empty()) records_->Make(loop_->Blocks()).sealed.Append(std::move(first));
    return failed;
  });
  if (why) return FailHandshake(std::move(why));
  MarkDirty();
}

// Steps of handshakes wait for their turn in the loop's queue, so that a burst of handshakes does
// not delay established connections.
void Connection::QueueHandshake() {
  HON_ASSERT(phase_ == Phase::kHandshaking);
  if ((holds_ & (kHandshakeQueued | kLongStep)) != 0) return;
  holds_ |= kHandshakeQueued;
  LoopIo::HandshakesOf(*loop_).Push(*this);
}

void Connection::StepHandshake() {
  if (phase_ != Phase::kHandshaking) return;
  Records& r = *records_;
  OpenReceived();
  if (phase_ != Phase::kHandshaking) return;
  if (r.ended && why_) return Break(Error(why_));  // a reset
  if ((flags_ & kPausedFull) != 0) ResumeFull();
  if (!r.layer->HandshakeDone()) {
    if (r.layer->HasLongStep()) {
      r.stepped = true;
      holds_ |= kLongStep;
      return LoopIo::HandshakesOf(*loop_).HandOver(*this);
    }
    if (r.ended) FailHandshake(io::ErrUnexpectedEof);
    return;
  }
  if (r.ended && r.more) {
    flags_ &= static_cast<uint16_t>(~kInputEnded);  // the records in front of the FIN come first
  } else if (r.ended) {
    if (!r.layer->InputEnded()) flags_ |= kInputTruncated;
    r.news = true;
  }
  EndHandshake();
  DeliverOpened();
}

// A reset ends a handshake only after the records that were received before it: an alert, or an
// answer without TLS, tells more.
bool ConnectionIo::EndHandshakeLater(Connection& c, Error& why) {
  if (c.phase_ != Connection::Phase::kHandshaking || c.records_ == nullptr) return false;
  const Connection::Records& r = *c.records_;
  if (r.buffers == nullptr || r.buffers->received.Empty() || r.ended) return false;
  c.records_->ended = true;
  c.why_ = std::move(why);
  c.QueueHandshake();
  return true;
}

Connection*& ConnectionIo::QueueNext(Connection& c) { return c.records_->queue_next; }
io::RecordLayer& ConnectionIo::LayerOf(Connection& c) { return *c.records_->layer; }
bool ConnectionIo::Abandoned(const Connection& c) {
  return c.records_->abandoned.load(std::memory_order_relaxed);
}

void Connection::EndHandshake() {
  Move(ConnectionEvent::kReady);
  records_->deadline = kNever;
  InputChanged();  // a pause requested in OnPrepare takes effect
  OrCut(*this, [this] { handler_->OnConnect(*this); });
  if (std::exchange(records_->dialed, false)) {
    LoopIo::HandshakeEnded(*this, phase_ == Phase::kOpen ? Error() : Error(io::ErrClosed));
  }
}

// Sends the alert that the record layer has left, then lingers: a reset would overtake the alert.
void Connection::FailHandshake(Error why) {
  HON_ASSERT(phase_ == Phase::kHandshaking);
  records_->failed = true;
  why_ = why;
  BeginClose(CloseHow::kLinger);
  if (std::exchange(records_->dialed, false)) LoopIo::HandshakeEnded(*this, std::move(why));
}

// Input.

bool Connection::ReceivedSealed(io::Block* block, size_t n) {
  if (!IsActive()) return Discard(n);
  if (records_->buffers == nullptr) [[unlikely]] {
    Error why = Guarded([this] {
      records_->Make(loop_->Blocks());
      return Error();
    });
    if (why) {
      Break(std::move(why));
      return false;
    }
  }
  io::LinkBuffer& received = records_->buffers->received;
  const size_t had = received.Len();
  if (n <= kCopyBytesMax && !received.Empty()) {
    try {
      received.Write({block->data, n});
    } catch (const std::bad_alloc&) {  // the block itself replaces the rest of the copy
    }
  }
  const size_t copied = received.Len() - had;
  const bool copy = copied == n;
  if (!copy) {
    block->begin = static_cast<uint32_t>(copied);
    block->end = static_cast<uint32_t>(n);
    received.Append(block);
  }
  // A handshake that waits for its turn holds at most as much as an open connection that is not
  // read.
  const bool full = phase_ == Phase::kHandshaking && received.Len() >= kInputHighWaterBytes;
  if (full && (flags_ & kPausedFull) == 0) {
    flags_ |= kPausedFull;
    InputChanged();
  }
  return !copy;
}

void Connection::OpenReceived() {
  Records& r = *records_;
  if (!IsActive() || r.failed || r.buffers == nullptr) return;
  io::LinkBuffer& received = r.buffers->received;
  io::LinkBuffer& sealed = r.buffers->sealed;
  if (received.Empty() && !r.stepped && !r.more) return;
  r.stepped = false;
  const size_t had = in_.Len();
  Error why = Guarded([&] { return r.layer->Open(received, in_, sealed); });
  if (!sealed.Empty()) [[unlikely]] {
    MarkDirty();
    if (!why && sealed.Len() > kUnsentRecordsMax) {
      why = Error::New("the peer does not read the answers to its records");
    }
  }
  if (in_.Len() != had) {
    HON_ASSERT(r.layer->HandshakeDone());
    r.news = true;
  }
  if (in_.Len() >= input_max_) {
    flags_ |= kPausedFull;
    InputChanged();
  }
  if (r.layer->InputEnded() && (flags_ & kInputEnded) == 0) [[unlikely]] {
    flags_ |= kInputEnded;
    r.news = true;
    SetDeadline(DeadlineKind::kRead, kNever);
    InputChanged();
  }
  r.more = !why && r.layer->HasMore();
  if (r.more) return QueueRecords();
  if (!why) [[likely]] {
    if (r.ended || (flags_ & kRecordsWait) != 0) NoteEndOfRecords();
    return;
  }
  const auto fail = [&]() __attribute__((noinline)) {
    if (phase_ == Phase::kHandshaking) return FailHandshake(std::move(why));
    r.failed = true;
    if (r.observer != nullptr) OrDrop([&] { r.observer->OnRecordFault(*this, why); });
    if ((flags_ & kOutBlocked) == 0) {
      // Sends as much of the alert as the socket takes now. SendSealed may itself end the
      // connection.
      const Error sent = SendSealed();
      if (sent) return;
    }
    Break(std::move(why));
  };
  fail();
}

// The next records wait for their turn in the loop's queue. Nothing is received meanwhile when as
// much waits as an open connection may hold that is not read.
void Connection::QueueRecords() {
  const Records& r = *records_;
  if (phase_ != Phase::kOpen) return;  // the end of the handshake opens the next ones
  if ((flags_ & kRecordsWait) == 0 &&
      (r.ended || r.buffers->received.Len() >= kInputHighWaterBytes)) {
    flags_ |= kRecordsWait;
    InputChanged();
  }
  if ((holds_ & kRecordsQueued) != 0) return;
  holds_ |= kRecordsQueued;
  LoopIo::RecordsOf(*loop_).Push(*this);
}

// All received records are opened: receives again, or reports the FIN behind them.
void Connection::NoteEndOfRecords() {
  if ((flags_ & kRecordsWait) != 0) {
    flags_ &= static_cast<uint16_t>(~kRecordsWait);
    InputChanged();
  }
  if (!records_->ended || phase_ != Phase::kOpen || (flags_ & kInputEnded) != 0) return;
  flags_ |= kInputEnded | kInputTruncated;
  records_->news = true;
  SetDeadline(DeadlineKind::kRead, kNever);
  InputChanged();
}

// The peer's FIN, after all its bytes. Returns false while records in front of it are not opened.
bool Connection::EndSealedInput() {
  Records& r = *records_;
  r.ended = true;
  if (phase_ == Phase::kHandshaking) QueueHandshake();
  if (phase_ != Phase::kOpen) return true;
  if (!r.more) OpenReceived();
  if (phase_ != Phase::kOpen) return true;
  if (r.more) {
    QueueRecords();
    return false;
  }
  NoteEndOfRecords();
  return true;
}

void Connection::DeliverOpened() {
  if (phase_ == Phase::kHandshaking) return QueueHandshake();
  if ((holds_ & kRecordsQueued) == 0) OpenReceived();
  if (phase_ != Phase::kOpen) return;
  const bool peer_finished = (flags_ & (kPeerFinished | kInputEnded)) == kPeerFinished;
  if (std::exchange(records_->news, false) || peer_finished) {
    OrCut(*this, [this] { handler_->OnRequest(*this); });
  }
}

// Output.

// The most plaintext of the next record, when `waiting` bytes are to be sent.
size_t Connection::NextRecordBytes(size_t waiting) {
  Records::Buffers& b = *records_->buffers;
  const TimePoint now = loop_->Now();
  if (now - b.sealed_at > kRecordIdleTime) b.sealed_bytes = 0;
  b.sealed_at = now;
  const bool first = b.sealed_bytes < kFirstRecordsBytes && waiting > io::kRecordBytesMax;
  return first ? kFirstRecordBytes : io::kRecordBytesMax;
}

// Seals as much of Writer() as the limit on unsent ciphertext allows.
Error Connection::SealSome() {
  Records& r = *records_;
  if (r.failed) out_.Clear();
  if (phase_ == Phase::kHandshaking) return {};
  return Guarded([&]() -> Error {
    Records::Buffers& b = r.Make(loop_->Blocks());
    while (!out_.Empty() && b.sealed.Len() < io::kSealedBytesMax) {
      if (r.output_closed) return Error::System(EPIPE, "send");
      const size_t size = std::min(out_.Len(), NextRecordBytes(out_.Len()));
      std::string_view part = out_.Front();
      if (part.size() > size) {
        part = part.substr(0, size);
      } else if (part.size() < size && part.size() < kRecordBytesWanted) {
        part = *out_.Peek(std::min(size, kRecordBytesWanted));
      }
      HON_RETURN_IF_ERROR(r.layer->Seal(part, b.sealed));
      b.sealed_bytes += part.size();
      HON_RETURN_IF_ERROR(out_.Skip(part.size()));
    }
    const bool ends = phase_ == Phase::kFlushing || (flags_ & kWriteEndWanted) != 0;
    if (ends && out_.Empty() && !r.failed && !std::exchange(r.output_closed, true)) {
      // While another thread uses the layer, there is nothing to end.
      if ((holds_ & kLongStep) == 0) r.layer->CloseOutput(b.sealed);
    }
    return {};
  });
}

// `head` and `body` go through Writer() in parts that are sealed at once.
Error Connection::SendNowSealed(std::string_view head, std::string_view body) {
  out_.Write(head);
  while (phase_ == Phase::kOpen && (flags_ & kOutBlocked) == 0 && !body.empty()) {
    const std::string_view part = body.substr(0, io::kSealedBytesMax);
    out_.Write(part);
    body.remove_prefix(part.size());
    HON_RETURN_IF_ERROR(SendSome());
  }
  out_.Write(body);
  return Flush();
}

// Each call reads the file once and sends once: a system call costs about as much as the copy of
// some kilobytes.
Result<size_t> Connection::SealFileSome(const io::File& file, int64_t offset, size_t count) {
  Records& r = *records_;
  if ((flags_ & kOutBlocked) != 0) return size_t{0};
  constexpr size_t kRecord = io::kBlockBytes - kRecordOverheadBytes;
  // Whole records: a short one at the end of each call would cost as much as a long one.
  const size_t batch = std::min(count, kSealedFileBytesMax / kRecord * kRecord);
  Records::Buffers& b = r.Make(loop_->Blocks());
  size_t done = 0;
  if (b.sealed.Len() < io::kSealedBytesMax) {
    if (r.output_closed) return Fail(Error::System(EPIPE, "send"));
    io::Block* const block = loop_->Blocks().GetLarge(batch);
    const io::BlockRef hold(block);
    io::BlockPool::Unref(block);
    const io::IoResult read = file.ReadAt({block->data, batch}, offset);
    if (read.n == 0) {
      if (!read.err || read.err.Is(io::ErrEof)) return Fail(io::ErrUnexpectedEof);
      return Fail(Error(read.err));  // a fault of the file leaves the connection as it was
    }
    while (done < read.n && b.sealed.Len() < io::kSealedBytesMax) {
      const size_t part = std::min({read.n - done, kRecord, NextRecordBytes(count - done)});
      if (Error why = Guarded([&] {
            return r.layer->Seal({block->data + done, part}, b.sealed);
          })) {
        Break(why);
        return Fail(std::move(why));
      }
      b.sealed_bytes += part;
      done += part;
    }
    r.more_follows = done == batch && done < count;
  }
  Error why = SendSome();
  r.more_follows = false;
  if (why) return Fail(std::move(why));
  return done;
}

}  // namespace hon::netpoll
