#include "client/upload.h"

#include <array>
#include <span>
#include <utility>
#include <vector>

#include "hon/fiber/fiber.h"
#include "hon/http/client_error.h"
#include "hon/http/replay.h"

namespace hon::client {
namespace {

constexpr size_t kPartBytes = 16 * 1024;
// Behind a part of that length the parts are longer. A send of 64 KiB is more than a packet can
// hold (65,535 bytes with its headers), and would be sent as a packet and a tiny one.
constexpr size_t kLongPartBytes = 32 * 1024;
// A fiber that sends this many bytes without a wait lets others run.
constexpr size_t kSentBytesPerTurn = 256 * 1024;

}  // namespace

Upload::Upload(http::Body body, const RequestPlan& plan, const http::Header& trailer,
               std::string first)
    : body_(std::move(body)),
      framing_(plan.framing),
      length_(plan.length),
      trailer_(&trailer),
      first_(std::move(first)) {}

bool Upload::InMemory(size_t bytes_max) const {
  const auto* source = dynamic_cast<const http::ReplayableSource*>(body_.Source());
  if (source == nullptr || !first_.empty()) return false;
  const size_t size = source->Memory().size();
  return size != 0 && size <= bytes_max;
}

// Whether `size` further bytes fit the length of the body.
bool Upload::MaySend(size_t size) {
  if (framing_ != RequestFraming::kLength) return true;
  if (size <= static_cast<size_t>(length_ - sent_)) return true;
  source_error_ =
      Error::New("http: ContentLength=" + std::to_string(length_) + " with Body length " +
                 std::to_string(sent_ + static_cast<int64_t>(size)));
  return false;
}

// False when nothing more is to be sent.
bool Upload::SendPart(BodySink& sink, std::string_view part) {
  if (part.empty()) return true;
  if (!MaySend(part.size())) return false;
  write_error_ = sink.Put(part);
  return TakeTurns(part.size());
}

// Called behind each part. False when nothing more is to be sent.
bool Upload::TakeTurns(size_t sent) {
  if (!write_error_) sent_ += static_cast<int64_t>(sent);
  unyielded_ += sent;
  if (unyielded_ >= kSentBytesPerTurn) {
    unyielded_ = 0;
    fiber::Yield();
  }
  return !write_error_;
}

void Upload::Finish(BodySink& sink) {
  if (framing_ == RequestFraming::kLength && sent_ != length_) {
    source_error_ = Error::New("http: ContentLength=" + std::to_string(length_) +
                               " with Body length " + std::to_string(sent_));
    return;
  }
  write_error_ = sink.End(*trailer_);
}

void Upload::Run(BodySink& sink) {
  if (!SendPart(sink, first_)) return;
  const auto* replayable = dynamic_cast<const http::ReplayableSource*>(body_.Source());
  std::string_view memory = replayable == nullptr ? std::string_view() : replayable->Memory();
  if (first_.empty() && !memory.empty()) {
    while (!memory.empty()) {
      if (stopped_ || !SendPart(sink, memory.substr(0, kLongPartBytes))) return;
      memory.remove_prefix(std::min(memory.size(), kLongPartBytes));
    }
    return Finish(sink);
  }
  if (io::BlockReader* const blocks = body_.AsBlocks(sink.Blocks())) {
    return RunByBlocks(sink, *blocks);
  }
  std::array<char, kPartBytes> part;
  std::vector<char> long_part;
  std::span<char> room = part;
  for (;;) {
    const io::IoResult got = body_.Read(room);
    if (stopped_ || !SendPart(sink, {room.data(), got.n})) return;
    if (got.err.Is(io::ErrEof)) return Finish(sink);
    if (got.err) {
      source_error_ = got.err;
      return;
    }
    if (long_part.empty() && got.n == room.size()) {
      long_part.resize(kLongPartBytes);
      room = long_part;
    }
  }
}

// Sends the blocks of the source as they are.
void Upload::RunByBlocks(BodySink& sink, io::BlockReader& from) {
  io::LinkBuffer part(sink.Blocks());
  for (;;) {
    const io::IoResult got = from.ReadBlocks(part, 2 * kPartBytes);
    if (stopped_) return;
    if (got.n != 0) {
      if (!MaySend(got.n)) return;
      write_error_ = sink.PutBlocks(part);
      if (!TakeTurns(got.n)) return;
    }
    if (got.err.Is(io::ErrEof)) return Finish(sink);
    if (got.err) {
      source_error_ = got.err;
      return;
    }
  }
}

void Upload::SendNow(BodySink& sink) {
  started_ = true;
  Run(sink);
  ended_ = true;
}

void Upload::Start(BodySink& sink, std::function<void()> on_end) {
  started_ = true;
  on_end_ = std::move(on_end);
  stop_ = appcontext::WithCancel({});
  fiber::Go([self = shared_from_this(), &sink] {
    fiber::SetContext(&self->stop_.context);
    if (!self->stopped_) self->Run(sink);
    fiber::SetContext(nullptr);
    self->ended_ = true;
    self->kept_.reset();
    if (self->joiner_ != nullptr) self->joiner_->Wake();
    if (self->on_end_ != nullptr) self->on_end_();
  });
}

void Upload::Stop(std::shared_ptr<void> kept) {
  on_end_ = nullptr;
  if (ended_) return;
  kept_ = std::move(kept);
  stopped_ = true;
  stop_.cancel(http::ErrBodyReadAfterClose);
  if (fiber::Current() == nullptr) return;
  Parker parker;
  joiner_ = &parker;
  while (!ended_) parker.Park({}, kNever);
  joiner_ = nullptr;
}

}  // namespace hon::client
