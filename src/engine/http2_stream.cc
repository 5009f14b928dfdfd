#include "engine/http2_stream.h"

#include <algorithm>

#include "engine/await_disk.h"
#include "engine/http2_conn.h"
#include "engine/loop_services.h"
#include "engine/park_for_input.h"

namespace hon::engine {
namespace {

// A fiber that moves this much without ever waiting lets others run.
constexpr size_t kStreamBytesPerTurnMax = 256 * 1024;
// Of a file that is read for one wait for the windows.
constexpr size_t kFileBytesAtOnceMax = io::kBlockBytes;
// Of the answers of one connection that wait for frames; at least one frame of each stream.
constexpr size_t kConnWaitingBytesMax = 1024 * 1024;

}  // namespace

void Http2Stream::BeginDrain() {
  if (draining_) return;
  draining_ = true;
  drained_from_ = Out().Len();
  services_->loop.Timers().Arm(write_, write_.patience.EndsAt(services_->loop.Now()));
}

void Http2Stream::LiftDeadlines() {
  read_.patience.deadline.reset();
  write_.patience.deadline.reset();
  if (read_.Armed()) read_.Disarm();
}

void Http2Stream::End() {
  HON_ASSERT(read_.waiter == nullptr && write_.waiter == nullptr);
  draining_ = false;
  conn_ = nullptr;
  if (read_.Armed()) read_.Disarm();
  if (write_.Armed()) write_.Disarm();
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
    HON_RETURN_IF_ERROR(Await(read_));
  }
  const size_t got = In().Len() - had;
  read_.patience.moved += static_cast<int64_t>(got);
  YieldNowAndThen(got);
  return {};
}

size_t Http2Stream::WaitingBytesMax() const {
  if (conn_ == nullptr) return io::kHighWaterBytes;
  const size_t share = kConnWaitingBytesMax / std::max<size_t>(conn_->GetSession().Streams(), 1);
  return std::clamp<size_t>(share, h2::kFrameBytesMin, io::kHighWaterBytes);
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
    write_.patience.moved += static_cast<int64_t>(left - now_left);
    left = now_left;
    if (failure_ || left <= bytes_max) return failure_;
    HON_RETURN_IF_ERROR(Obstacle(write_));
    HON_RETURN_IF_ERROR(Await(write_));
  }
}

io::CopyResult Http2Stream::SendFile(io::File& file, int64_t offset, int64_t count) {
  int64_t sent = 0;
  int64_t in_memory = 0;  // bytes that a read finds in the page cache
  while (sent < count) {
    if (const size_t bytes_max = WaitingBytesMax(); Out().Len() >= bytes_max) {
      if (Error err = DrainOutput(bytes_max / 2)) return {sent, std::move(err)};
    }
    if (sent >= in_memory) [[unlikely]] {
      const int64_t probed = std::min(count - sent, kProbedFileBytes);
      in_memory = sent + probed;
      AwaitDisk(file, offset + sent, probed, services_->files, services_->loop.Now());
      if (Error err = Obstacle(write_)) return {sent, std::move(err)};
    }
    io::Block* const block = Out().Pool().Get();
    const auto wanted = static_cast<size_t>(
        std::min(in_memory - sent,
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

void Http2Stream::PrepareFile(io::File& file, int64_t offset, int64_t count) {
  AwaitDisk(file, offset, count, services_->files, services_->loop.Now());
}

void Http2Stream::SetReadDeadline(TimePoint deadline) {
  read_.patience.deadline = deadline;
  ArmReadDeadline();
}

void Http2Stream::SetWriteDeadline(TimePoint deadline) {
  write_.patience.deadline = deadline;
  if (write_.waiter != nullptr) services_->loop.Timers().Arm(write_, deadline);
}

// Also while no fiber reads: after the end of the body the deadline ends the request's context.
void Http2Stream::ArmReadDeadline() {
  if (read_.patience.deadline) services_->loop.Timers().Arm(read_, *read_.patience.deadline);
}

void Http2Stream::Direction::OnTimer() {
  if (waiter != nullptr) return Wake();
  stream_->OnTimerWithoutWaiter(*this);
}

void Http2Stream::OnTimerWithoutWaiter(const Direction& direction) {
  if (&direction == &read_) {
    if (wire_->InputEnded() && In().Empty()) owner_->OnReadDeadline();
    return;
  }
  if (!draining_) return;
  Patience& patience = write_.patience;
  patience.waited = patience.timeout;
  patience.moved += static_cast<int64_t>(drained_from_ - std::min(drained_from_, Out().Len()));
  if (patience.Over(Clock::now())) return owner_->OnDrainTimeout();
  draining_ = false;
  BeginDrain();
}

void Http2Stream::OnGone(const Error& why) {
  failure_ = why ? why : Error(io::ErrClosed);
  read_.Wake();
  write_.Wake();
}

void Http2Stream::Interrupt(const Error& cause) {
  interrupt_ = cause;
  read_.Wake();
  write_.Wake();
}

void Http2Stream::SendSoon() {
  if (failure_ || PastWriteDeadline()) return;
  conn_->SendSoon(*wire_);
}

Error Http2Stream::Obstacle(Direction& direction) {
  if (failure_) return failure_;
  if (interrupt_) return interrupt_;
  if (direction.patience.Over(Clock::now())) return io::ErrDeadlineExceeded;
  return {};
}

// One suspension. The caller looks at its condition again, so a wake may be spurious.
Error Http2Stream::Await(Direction& direction) {
  HON_ASSERT(direction.waiter == nullptr);
  const TimePoint began = Clock::now();
  services_->loop.Timers().Arm(direction, direction.patience.EndsAt(began));
  direction.waiter = fiber::Current();
  HON_ASSERT(direction.waiter != nullptr);
  Error ended;
  if (&direction == &read_) {
    ended = ParkForInput();
  } else {
    fiber::Park();
  }
  direction.waiter = nullptr;
  direction.patience.waited += Clock::now() - began;
  if (direction.Armed()) direction.Disarm();
  if (&direction == &read_) ArmReadDeadline();
  return failure_ ? failure_ : ended;
}

void Http2Stream::YieldNowAndThen(size_t bytes) {
  unyielded_ += bytes;
  if (unyielded_ < kStreamBytesPerTurnMax) return;
  unyielded_ = 0;
  fiber::Yield();
}

}  // namespace hon::engine
