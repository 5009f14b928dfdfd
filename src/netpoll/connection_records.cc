// A connection with a record layer: handshake, opening of received records, sealing of output. The
// rules are in docs/ARCHITECTURE.md, section 4.

#include "netpoll/connection_records.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "hon/base/assert.h"
#include "hon/io/file.h"
#include "hon/io/io.h"
#include "hon/netpoll/loop.h"
#include "netpoll/backend.h"
#include "netpoll/connection_io.h"
#include "netpoll/connection_phase.h"
#include "netpoll/loop_io.h"

namespace hon::netpoll {
namespace {

// Output parts shorter than this are joined with the next ones: a record costs as much as the copy
// of some kilobytes.
constexpr size_t kRecordBytesWanted = 4 * 1024;

// The most unsent ciphertext when the record layer itself has answered the peer: a peer that causes
// answers and does not read is cut.
constexpr size_t kUnsentRecordsMax = 2 * io::kSealedBytesMax;

}  // namespace

void Connection::SetRecordLayer(std::unique_ptr<io::RecordLayer> layer,
                                Duration handshake_timeout) {
  HON_ASSERT(phase_ == Phase::kHandshaking);
  HON_ASSERT(records_ == nullptr);
  records_ = std::make_unique<Records>(std::move(layer), loop_->Blocks());
  records_->handshake_timeout = handshake_timeout;
}

io::RecordLayer* Connection::GetRecordLayer() const {
  return records_ == nullptr ? nullptr : records_->layer.get();
}

// The handshake.

void Connection::BeginHandshake() {
  HON_ASSERT(phase_ == Phase::kHandshaking);
  records_->deadline = DeadlineAfter(LoopIo::BackendOf(*loop_).Now(), records_->handshake_timeout);
  if (records_->deadline < armed_for_) ArmTimer(records_->deadline);
  if (Error why = records_->layer->Start(records_->sealed)) return FailHandshake(std::move(why));
  MarkDirty();
}

void Connection::EndHandshake() {
  Move(ConnectionEvent::kReady);
  records_->deadline = kNever;
  InputChanged();  // a pause requested in OnPrepare takes effect
  handler_->OnConnect(*this);
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
  io::LinkBuffer& received = records_->received;
  if (n <= kCopyBytesMax && !received.Empty()) {
    received.Write({block->data, n});
    return false;
  }
  block->end = static_cast<uint32_t>(n);
  received.Append(block);
  return true;
}

void Connection::OpenReceived() {
  Records& r = *records_;
  if (!IsActive() || r.failed || r.received.Empty()) return;
  const size_t had = in_.Len();
  Error why = r.layer->Open(r.received, in_, r.sealed);
  HON_ASSERT(in_.Len() == had || r.layer->HandshakeDone());
  if (!why && r.sealed.Len() > kUnsentRecordsMax) {
    why = Error::New("the peer does not read the answers to its records");
  }
  if (in_.Len() != had) r.news = true;
  if (in_.Len() >= input_max_) {
    flags_ |= kPausedFull;
    InputChanged();
  }
  if (r.layer->InputEnded() && (flags_ & kInputEnded) == 0) {
    flags_ |= kInputEnded;
    r.news = true;
    SetDeadline(DeadlineKind::kRead, kNever);
    InputChanged();
  }
  if (!r.sealed.Empty()) MarkDirty();
  if (!why) return;
  if (phase_ == Phase::kHandshaking) return FailHandshake(std::move(why));
  r.failed = true;
  if ((flags_ & kOutBlocked) == 0) {
    // Sends as much of the alert as the socket takes now. SendSealed may itself end the connection.
    const Error sent = SendSealed();
    if (sent) return;
  }
  Break(std::move(why));
}

// The peer's FIN, after all its bytes.
void Connection::EndSealedInput() {
  OpenReceived();
  if (!IsActive() || (flags_ & kInputEnded) != 0) return;
  flags_ |= kInputEnded;
  records_->news = true;
  if (!records_->layer->HandshakeDone()) return FailHandshake(io::ErrUnexpectedEof);
  flags_ |= kInputTruncated;
}

void Connection::DeliverOpened() {
  OpenReceived();
  if (phase_ == Phase::kHandshaking && records_->layer->HandshakeDone()) EndHandshake();
  if (phase_ != Phase::kOpen) return;
  const bool peer_finished = (flags_ & (kPeerFinished | kInputEnded)) == kPeerFinished;
  if (std::exchange(records_->news, false) || peer_finished) handler_->OnRequest(*this);
}

// Output.

// Seals as much of Writer() as the limit on unsent ciphertext allows.
Error Connection::SealSome() {
  Records& r = *records_;
  if (r.failed) out_.Clear();
  if (phase_ == Phase::kHandshaking) return {};
  while (!out_.Empty() && r.sealed.Len() < io::kSealedBytesMax) {
    if (r.output_closed) return Error::System(EPIPE, "send");
    const size_t size = std::min(out_.Len(), io::kRecordBytesMax);
    std::string_view part = out_.Front().substr(0, size);
    if (part.size() < std::min(size, kRecordBytesWanted)) {
      part = *out_.Peek(std::min(size, kRecordBytesWanted));
    }
    HON_RETURN_IF_ERROR(r.layer->Seal(part, r.sealed));
    HON_RETURN_IF_ERROR(out_.Skip(part.size()));
  }
  const bool ends = phase_ == Phase::kFlushing || (flags_ & kWriteEndWanted) != 0;
  if (ends && out_.Empty() && !r.failed && !std::exchange(r.output_closed, true)) {
    r.layer->CloseOutput(r.sealed);
  }
  return {};
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

Result<size_t> Connection::SealFileSome(const io::File& file, int64_t offset, size_t count) {
  Records& r = *records_;
  count = std::min(count, kSealedFileBytesMax);
  size_t done = 0;
  io::Block* const block = loop_->Blocks().Get();
  const io::BlockRef hold(block);
  io::BlockPool::Unref(block);
  while (done < count && (flags_ & kOutBlocked) == 0 && r.sealed.Len() < io::kSealedBytesMax) {
    if (r.output_closed) return Fail(Error::System(EPIPE, "send"));
    const size_t part = std::min<size_t>(count - done, block->capacity);
    io::IoResult read = file.ReadAt({block->data, part}, offset + static_cast<int64_t>(done));
    if (read.n == 0) {
      if (done != 0) break;
      if (!read.err || read.err.Is(io::ErrEof)) return Fail(io::ErrUnexpectedEof);
      return Fail(std::move(read.err));  // a fault of the file leaves the connection as it was
    }
    if (Error why = r.layer->Seal({block->data, static_cast<size_t>(read.n)}, r.sealed)) {
      Break(why);
      return Fail(std::move(why));
    }
    done += static_cast<size_t>(read.n);
  }
  if ((flags_ & kOutBlocked) == 0) {
    if (Error why = SendSome()) return Fail(std::move(why));
  }
  return done;
}

}  // namespace hon::netpoll
