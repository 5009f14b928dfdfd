#include "engine/exchange_stream.h"

#include <algorithm>
#include <utility>

#include "engine/await_disk.h"
#include "engine/park_for_input.h"
#include "hon/base/assert.h"
#include "hon/netpoll/loop.h"

namespace hon::engine {
namespace {

// A fiber that moves this much without a wait lets other fibers run.
constexpr size_t kBytesPerTurnMax = 256 * 1024;
// With a record layer, which takes several times as long for each byte.
constexpr size_t kSealedBytesPerTurnMax = 128 * 1024;
// One sendfile call blocks its loop for as long as the copy takes.
constexpr int64_t kSendFileBytesMax = 256 * 1024;

}  // namespace

Error ExchangeStream::FillInput() {
  used_ = true;
  HON_ASSERT(connection_ != nullptr);
  const size_t had = In().Len();
  if (failure_) return failure_;
  connection_->ConsumedInput();
  while (In().Len() == had) {
    // Received bytes come before the notice that no more will follow.
    if (connection_->InputEnded()) return io::ErrEof;
    HON_RETURN_IF_ERROR(Obstacle(read_));
    OnSuspend();  // the peer may wait for this output; only the handler's fiber has a hook
    connection_->SetDeadline(netpoll::DeadlineKind::kRead, read_.EndsAt(Clock::now()));
    HON_RETURN_IF_ERROR(SuspendForInput());
  }
  const size_t got = In().Len() - had;
  read_.moved += static_cast<int64_t>(got);
  YieldNowAndThen(got);
  return {};
}

bool ExchangeStream::AwaitInput(TimePoint until) {
  used_ = true;
  HON_ASSERT(connection_ != nullptr);
  connection_->ConsumedInput();
  if (!In().Empty()) Yield();
  while (In().Empty()) {
    const TimePoint now = Clock::now();
    if (now >= until || connection_->InputEnded() || Obstacle(read_)) return false;
    connection_->SetDeadline(netpoll::DeadlineKind::kRead, std::min(until, read_.EndsAt(now)));
    if (SuspendForInput()) return false;
  }
  return true;
}

Error ExchangeStream::DrainOutput(size_t bytes_max) {
  used_ = true;
  HON_ASSERT(connection_ != nullptr);
  if (failure_) return failure_;
  size_t left = Out().Len();
  if (left <= bytes_max) return {};
  if (PastWriteDeadline()) return io::ErrDeadlineExceeded;
  HON_RETURN_IF_ERROR(connection_->Flush());
  YieldNowAndThen(left - Out().Len());
  left = Out().Len();
  for (;;) {
    // Bytes that the socket's buffer took without a wait show nothing about the peer.
    const size_t now_left = Out().Len();
    write_.moved += static_cast<int64_t>(left - now_left);
    left = now_left;
    if (left <= bytes_max) return failure_;
    HON_RETURN_IF_ERROR(Obstacle(write_));
    connection_->SetDeadline(netpoll::DeadlineKind::kWrite, write_.EndsAt(Clock::now()));
    HON_RETURN_IF_ERROR(SuspendForOutput());
  }
}

io::CopyResult ExchangeStream::SendFile(io::File& file, int64_t offset, int64_t count) {
  used_ = true;
  int64_t sent = 0;
  int64_t in_memory = 0;  // bytes that sendfile finds in the page cache
  if (Error err = DrainOutput(0)) return {0, std::move(err)};
  while (sent < count) {
    if (Error err = Obstacle(write_)) return {sent, std::move(err)};
    if (sent >= in_memory) [[unlikely]] {
      const int64_t probed = std::min(count - sent, kProbedFileBytes);
      in_memory = sent + probed;
      if (AwaitDisk(file, offset + sent, probed, *files_, connection_->GetLoop().Now())) continue;
    }
    const auto part = static_cast<size_t>(std::min(in_memory - sent, kSendFileBytesMax));
    Result<size_t> n = connection_->SendFileSome(file, offset + sent, part);
    if (!n) {
      if (n.error().Is(io::ErrEof)) return {sent, io::ErrUnexpectedEof};
      return {sent, std::move(n.error())};
    }
    if (*n == 0) {
      connection_->WantWritable();
      connection_->SetDeadline(netpoll::DeadlineKind::kWrite, write_.EndsAt(Clock::now()));
      if (Error err = SuspendForOutput()) return {sent, std::move(err)};
      continue;
    }
    sent += static_cast<int64_t>(*n);
    write_.moved += static_cast<int64_t>(*n);
    YieldNowAndThen(*n);
  }
  return {sent, {}};
}

void ExchangeStream::PrepareFile(io::File& file, int64_t offset, int64_t count) {
  AwaitDisk(file, offset, count, *files_, connection_->GetLoop().Now());
}

void ExchangeStream::SetReadDeadline(TimePoint deadline) {
  used_ = true;
  read_.deadline = deadline;
  // Also while nobody reads: behind the end of a body, the read deadline ends the request's
  // context.
  connection_->SetDeadline(netpoll::DeadlineKind::kRead, deadline);
}

void ExchangeStream::SetWriteDeadline(TimePoint deadline) {
  used_ = true;
  write_.deadline = deadline;
  if (writer_ != nullptr) {
    connection_->SetDeadline(netpoll::DeadlineKind::kWrite, deadline);
  }
}

void ExchangeStream::OnTimeout(netpoll::DeadlineKind kind) {
  if (kind == netpoll::DeadlineKind::kRead) Wake(reader_);
  if (kind == netpoll::DeadlineKind::kWrite) Wake(writer_);
}

void ExchangeStream::OnDisconnect(const Error& why) {
  failure_ = why ? why : Error(io::ErrClosed);
  Wake(reader_);
  Wake(writer_);
}

void ExchangeStream::Interrupt(Error cause) {
  used_ = true;
  interrupt_ = std::move(cause);
  Wake(reader_);
  Wake(writer_);
}

Error ExchangeStream::Obstacle(Patience& patience) {
  if (failure_) return failure_;
  if (interrupt_) return interrupt_;
  // Without a deadline no clock is read.
  if (patience.Over(patience.deadline ? Clock::now() : TimePoint())) return io::ErrDeadlineExceeded;
  return {};
}

// One suspension each. The caller checks its condition again, so a spurious wake-up is harmless.
Error ExchangeStream::SuspendForInput() {
  HON_ASSERT(reader_ == nullptr && fiber::Current() != nullptr);
  const TimePoint began = Clock::now();
  reader_ = fiber::Current();
  Error ended = ParkForInput();
  reader_ = nullptr;
  read_.waited += Clock::now() - began;
  if (failure_) return failure_;
  connection_->SetDeadline(netpoll::DeadlineKind::kRead, read_.deadline.value_or(kNever));
  return ended;
}

Error ExchangeStream::SuspendForOutput() {
  HON_ASSERT(writer_ == nullptr && fiber::Current() != nullptr);
  const TimePoint began = Clock::now();
  writer_ = fiber::Current();
  fiber::Park();
  writer_ = nullptr;
  write_.waited += Clock::now() - began;
  if (failure_) return failure_;
  connection_->SetDeadline(netpoll::DeadlineKind::kWrite, kNever);
  return {};
}

void ExchangeStream::YieldNowAndThen(size_t bytes) {
  unyielded_ += bytes;
  if (unyielded_ < (connection_->IsPlain() ? kBytesPerTurnMax : kSealedBytesPerTurnMax)) return;
  Yield();
}

void ExchangeStream::Yield() {
  unyielded_ = 0;
  fiber::Yield();
}

}  // namespace hon::engine
