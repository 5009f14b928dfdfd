#include "engine/http2_stream.h"

#include <algorithm>

#include "engine/http2_conn.h"
#include "engine/loop_services.h"

namespace hon::engine {
namespace {

// A fiber that moves this much without ever waiting lets others run.
constexpr size_t kStreamBytesPerTurnMax = 256 * 1024;
// Of a file that is read for one wait for the windows.
constexpr size_t kFileBytesAtOnceMax = io::kBlockBytes;

}  // namespace

void Http2Stream::Begin(Http2Conn& conn, const ConnSettings& settings) {
  HON_ASSERT(conn_ == nullptr && waiting_ == Waiting::kNothing);
  conn_ = &conn;
  read_.Reset(settings.read_timeout);
  write_.Reset(settings.write_timeout);
  failure_ = {};
  interrupt_ = {};
  unyielded_ = 0;
}

void Http2Stream::BeginDrain() {
  HON_ASSERT(waiting_ == Waiting::kNothing);
  waiting_ = Waiting::kDrained;
  drained_from_ = Out().Len();
  services_->loop.Timers().Arm(*this, write_.EndsAt(services_->loop.Now()));
}

void Http2Stream::End() {
  waiting_ = Waiting::kNothing;
  conn_ = nullptr;
  if (Armed()) Disarm();
}

Error Http2Stream::FillInput() {
  const size_t had = In().Len();
  if (failure_) return failure_;
  conn_->Consumed(*wire_);
  while (In().Len() == had) {
    // Bytes that were received count before the news that no more will come.
    if (failure_) return failure_;
    if (wire_->InputEnded()) return io::ErrEof;
    HON_RETURN_IF_ERROR(Obstacle(read_));
    SendSoon();  // the peer may wait for it; fibers beside the handler's have no hook
    HON_RETURN_IF_ERROR(Await(Waiting::kInput, read_));
  }
  const size_t got = In().Len() - had;
  read_.moved += static_cast<int64_t>(got);
  YieldNowAndThen(got);
  return {};
}

// Down to `bytes_max` bytes that are in no frame yet.
Error Http2Stream::DrainOutput(size_t bytes_max) {
  if (failure_) return failure_;
  if (PastWriteDeadline()) return io::ErrDeadlineExceeded;
  size_t left = Out().Len();
  SendSoon();
  conn_->Pump();
  YieldNowAndThen(left - Out().Len());
  left = Out().Len();
  for (;;) {
    // Bytes that went into frames without a wait say nothing about the peer.
    const size_t now_left = Out().Len();
    write_.moved += static_cast<int64_t>(left - now_left);
    left = now_left;
    if (failure_ || left <= bytes_max) return failure_;
    HON_RETURN_IF_ERROR(Obstacle(write_));
    HON_RETURN_IF_ERROR(Await(Waiting::kOutput, write_));
  }
}

io::CopyResult Http2Stream::SendFile(io::File& file, int64_t offset, int64_t count) {
  int64_t sent = 0;
  while (sent < count) {
    if (Out().Len() >= io::kHighWaterBytes) {
      if (Error err = DrainOutput(io::kHighWaterBytes / 2)) return {sent, std::move(err)};
    }
    io::Block* const block = Out().Pool().Get();
    const auto wanted = static_cast<size_t>(
        std::min(count - sent,
                 static_cast<int64_t>(std::min<size_t>(block->capacity, kFileBytesAtOnceMax))));
    const io::IoResult got = file.ReadAt({block->data, wanted}, offset + sent);
    if (got.n == 0) {
      io::BlockPool::Unref(block);
      const bool ended = !got.err || got.err.Is(io::ErrEof);
      return {sent, ended ? Error(io::ErrUnexpectedEof) : got.err};
    }
    block->end = static_cast<uint32_t>(got.n);
    Out().Append(block);
    sent += static_cast<int64_t>(got.n);
  }
  return {sent, {}};
}

void Http2Stream::SetReadDeadline(TimePoint deadline) {
  read_.deadline = deadline;
  ArmForIdle();
}

void Http2Stream::SetWriteDeadline(TimePoint deadline) {
  write_.deadline = deadline;
  if (waiting_ == Waiting::kOutput) services_->loop.Timers().Arm(*this, deadline);
}

// Also while nobody reads: behind a body's end it is the request's context that ends by it.
void Http2Stream::ArmForIdle() {
  if (read_.deadline) services_->loop.Timers().Arm(*this, *read_.deadline);
}

void Http2Stream::OnTimer() {
  switch (waiting_) {
    case Waiting::kNothing:
      if (wire_->InputEnded() && In().Empty()) owner_->OnReadDeadline();
      return;
    case Waiting::kInput:
    case Waiting::kOutput:
      return WakeFor(waiting_);
    case Waiting::kDrained: {
      write_.waited = write_.timeout;
      write_.moved += static_cast<int64_t>(drained_from_ - std::min(drained_from_, Out().Len()));
      if (write_.Over(Clock::now())) return owner_->OnDrainTimeout();
      waiting_ = Waiting::kNothing;
      return BeginDrain();
    }
  }
}

void Http2Stream::OnGone(const Error& why) {
  failure_ = why ? why : Error(io::ErrClosed);
  WakeFor(waiting_);
}

void Http2Stream::Interrupt(const Error& cause) {
  interrupt_ = cause;
  WakeFor(waiting_);
}

void Http2Stream::SendSoon() {
  if (failure_ || PastWriteDeadline()) return;
  conn_->SendSoon(*wire_);
}

Error Http2Stream::Obstacle(Patience& patience) {
  if (failure_) return failure_;
  if (interrupt_) return interrupt_;
  if (patience.Over(Clock::now())) return io::ErrDeadlineExceeded;
  return {};
}

// One suspension. The caller looks at its condition again, so a wake may come for nothing.
Error Http2Stream::Await(Waiting what, Patience& patience) {
  HON_ASSERT(waiting_ == Waiting::kNothing);
  const TimePoint began = Clock::now();
  services_->loop.Timers().Arm(*this, patience.EndsAt(began));
  waiting_ = what;
  waiter_ = fiber::Current();
  HON_ASSERT(waiter_ != nullptr);
  fiber::Park();
  waiter_ = nullptr;
  waiting_ = Waiting::kNothing;
  patience.waited += Clock::now() - began;
  if (Armed()) Disarm();
  ArmForIdle();
  return failure_;
}

void Http2Stream::WakeFor(Waiting what) {
  if (waiting_ != what || waiter_ == nullptr) return;
  fiber::Wake(*waiter_);
}

void Http2Stream::YieldNowAndThen(size_t bytes) {
  unyielded_ += bytes;
  if (unyielded_ < kStreamBytesPerTurnMax) return;
  unyielded_ = 0;
  fiber::Yield();
}

}  // namespace hon::engine
