#include "workers/remote_stream.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "hon/base/assert.h"
#include "hon/fiber/fiber.h"
#include "hon/netpoll/connection.h"

namespace hon::workers {
namespace {

// Blocks that a stream which is not in use keeps in each direction.
constexpr size_t kCachedBlocksMax = 1;
// Bytes copied in one step; as many as a connection holds before it pauses reading.
constexpr size_t kPullBytesMax = netpoll::kInputHighWaterBytes;

}  // namespace

RemoteStream::RemoteStream() : in_pool_(kCachedBlocksMax), out_pool_(kCachedBlocksMax) {
  Bind(in_, out_);
}

void RemoteStream::Attach(LoopExecutor& home, Origin& origin) {
  HON_ASSERT(in_.Empty() && out_.Empty() && away_ == 0 && !lends_);
  home_ = &home;
  origin_ = &origin;
  PullInput();
}

// While the end of the body is known, bytes behind it are left: they belong to the next request.
void RemoteStream::PullInput() {
  HON_ASSERT(LoopExecutor::Current() == home_);
  const int64_t remaining = origin_->BodyLeft();
  io::LinkBuffer& from = origin_->Stream().In();
  size_t wanted = std::min(from.Len(), kPullBytesMax);
  if (remaining >= 0) {
    const int64_t missing = remaining - static_cast<int64_t>(in_.Len());
    wanted = static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(wanted), missing));
  }
  while (wanted != 0) {
    const std::span<char> room = in_.Room();
    const size_t n = from.ReadInto(room.first(std::min(room.size(), wanted)));
    in_.MallocAck(n);
    wanted -= n;
  }
  NoteBodyLeft();
}

void RemoteStream::NoteBodyLeft() {
  const int64_t remaining = origin_->BodyLeft();
  body_left_ = remaining < 0 ? -1 : remaining - static_cast<int64_t>(in_.Len());
}

void RemoteStream::PushOutput() {
  HON_ASSERT(LoopExecutor::Current() == home_);
  if (out_.Empty()) return;
  if (!origin_->Disconnected()) {
    out_.ForEach([this](std::string_view part) { origin_->Stream().Out().Write(part); });
    origin_->FlushSoon();
  }
  out_.Clear();
}

void RemoteStream::GiveBack() {
  PushOutput();
  if (!in_.Empty()) {
    io::LinkBuffer unread(origin_->Stream().In().Pool());
    in_.ForEach([&](std::string_view part) { unread.Write(part); });
    unread.Append(std::move(origin_->Stream().In()));
    origin_->Stream().In() = std::move(unread);
    in_.Clear();
  }
  in_.Release();
  NoteBodyLeft();
  HON_ASSERT(out_.Empty());
}

void RemoteStream::Drop() {
  in_.Clear();
  in_.Release();
  out_.Clear();
  out_.Release();
}

Error RemoteStream::FillInput() {
  Error err;
  const auto fill = [&] {
    const size_t had = in_.Len();
    PullInput();
    while (in_.Len() == had && !err) {
      err = origin_->Stream().FillInput();
      PullInput();
    }
    if (in_.Len() != had) err = {};
  };
  // The peer may wait for what is in the output, as for a 100 Continue.
  if (fiber::CurrentSwitchHooks().before_suspend != nullptr) {
    OnLoop([&] {
      PushOutput();
      fill();
    });
    return err;
  }
  // A fiber beside the handler's, which goes on meanwhile and may write. The end of this fiber's
  // context ends the wait on the loop, too.
  const std::string output = TakeOutput();
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): held for the other thread
  const appcontext::Context context = fiber::CurrentContext();
  RunOn(*home_, [&] {
    if (!output.empty() && !origin_->Disconnected()) {
      origin_->Stream().Out().Write(output);
      origin_->FlushSoon();
    }
    fiber::SetContext(&context);
    fill();
    fiber::SetContext(nullptr);
  });
  return err;
}

// The output, unless the loop takes it now. For a fiber beside the handler's, while the handler's
// is suspended.
std::string RemoteStream::TakeOutput() {
  std::string output;
  if (away_ != 0) return output;
  const std::lock_guard lock(mutex_);
  out_.ForEach([&output](std::string_view part) { output.append(part); });
  out_.Clear();
  return output;
}

Error RemoteStream::DrainOutput(size_t bytes_max) {
  Error err;
  OnLoop([&] {
    PushOutput();
    err = origin_->Stream().DrainOutput(bytes_max);
  });
  return err;
}

io::CopyResult RemoteStream::SendFile(io::File& file, int64_t offset, int64_t count) {
  io::CopyResult sent;
  OnLoop([&] {
    PushOutput();
    sent = origin_->Stream().SendFile(file, offset, count);
  });
  return sent;
}

void RemoteStream::SetReadDeadline(TimePoint deadline) {
  OnLoop([&] { origin_->Stream().SetReadDeadline(deadline); });
}

void RemoteStream::SetWriteDeadline(TimePoint deadline) {
  OnLoop([&] { origin_->Stream().SetWriteDeadline(deadline); });
}

void RemoteStream::LendOutput() {
  if (away_ != 0 || out_.Empty()) return;
  HON_ASSERT(!lends_);
  lends_ = true;
  const std::lock_guard lock(mutex_);
  lent_ = true;
  if (!std::exchange(collecting_, true)) home_->Post(collector_);
}

void RemoteStream::TakeOutputBack() {
  if (!std::exchange(lends_, false)) return;
  const std::lock_guard lock(mutex_);
  lent_ = false;
}

void RemoteStream::CollectOutput() {
  const std::lock_guard lock(mutex_);
  collecting_ = false;
  if (std::exchange(lent_, false)) PushOutput();
}

}  // namespace hon::workers
