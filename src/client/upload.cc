#include "client/upload.h"

#include <array>
#include <charconv>
#include <utility>

#include "hon/adaptor/chunked.h"
#include "hon/fiber/fiber.h"
#include "hon/http/client_error.h"
#include "hon/http/replay.h"

namespace hon::client {
namespace {

constexpr size_t kPartBytes = 16 * 1024;
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

// Returns false when nothing more is to be sent.
bool Upload::SendPart(Conn& conn, std::string_view part) {
  if (part.empty()) return true;
  if (framing_ == RequestFraming::kLength) {
    const auto left = static_cast<size_t>(length_ - sent_);
    if (part.size() > left) {
      source_error_ =
          Error::New("http: ContentLength=" + std::to_string(length_) + " with Body length " +
                     std::to_string(sent_ + static_cast<int64_t>(part.size())));
      return false;
    }
  }
  if (conn.Gone()) {
    write_error_ = conn.Gone();
    return false;
  }
  io::LinkBuffer& out = conn.Out();
  if (framing_ == RequestFraming::kChunked) {
    std::array<char, adaptor::kChunkHeadBytesMax> head;
    char* const end = head.data() + head.size();
    const char* const begin = adaptor::FormatChunkHeadBackward(part.size(), end);
    out.Write({begin, static_cast<size_t>(end - begin)});
    out.Write(part);
    out.Write("\r\n");
  } else {
    out.Write(part);
  }
  sent_ += static_cast<int64_t>(part.size());
  conn.SendSoon();
  write_error_ = conn.DrainOutput(io::kHighWaterBytes);
  unyielded_ += part.size();
  if (unyielded_ >= kSentBytesPerTurn) {
    unyielded_ = 0;
    fiber::Yield();
  }
  return !write_error_;
}

void Upload::Finish(Conn& conn) {
  if (framing_ == RequestFraming::kLength) {
    if (sent_ == length_) return;
    source_error_ = Error::New("http: ContentLength=" + std::to_string(length_) +
                               " with Body length " + std::to_string(sent_));
    return;
  }
  if (conn.Gone()) {
    write_error_ = conn.Gone();
    return;
  }
  io::LinkBuffer& out = conn.Out();
  out.Write("0\r\n");
  for (const auto& field : *trailer_) {
    out.Write(field.name);
    out.Write(": ");
    out.Write(field.value);
    out.Write("\r\n");
  }
  out.Write("\r\n");
  conn.SendSoon();
}

void Upload::Run(Conn& conn) {
  if (!SendPart(conn, first_)) return;
  const auto* replayable = dynamic_cast<const http::ReplayableSource*>(body_.Source());
  std::string_view memory = replayable == nullptr ? std::string_view() : replayable->Memory();
  if (first_.empty() && !memory.empty()) {
    while (!memory.empty()) {
      if (stopped_ || !SendPart(conn, memory.substr(0, kPartBytes))) return;
      memory.remove_prefix(std::min(memory.size(), kPartBytes));
    }
    return Finish(conn);
  }
  std::array<char, kPartBytes> part;
  for (;;) {
    const io::IoResult got = body_.Read(part);
    if (stopped_ || !SendPart(conn, {part.data(), got.n})) return;
    if (got.err.Is(io::ErrEof)) return Finish(conn);
    if (got.err) {
      source_error_ = got.err;
      return;
    }
  }
}

void Upload::SendNow(Conn& conn) {
  started_ = true;
  Run(conn);
  ended_ = true;
}

void Upload::Start(Conn& conn, std::function<void()> on_end) {
  started_ = true;
  on_end_ = std::move(on_end);
  stop_ = appcontext::WithCancel({});
  fiber::Go([self = shared_from_this(), &conn] {
    fiber::SetContext(&self->stop_.context);
    if (!self->stopped_) self->Run(conn);
    fiber::SetContext(nullptr);
    self->ended_ = true;
    self->conn_.reset();
    if (self->joiner_ != nullptr) self->joiner_->Wake();
    if (self->on_end_ != nullptr) self->on_end_();
  });
}

void Upload::Stop(std::unique_ptr<Conn> conn) {
  on_end_ = nullptr;
  if (ended_) return;
  conn->Abort();
  conn->InterruptWriter(io::ErrClosed);
  conn_ = std::move(conn);
  stopped_ = true;
  stop_.cancel(io::ErrClosed);
  if (fiber::Current() == nullptr) return;
  Parker parker;
  joiner_ = &parker;
  while (!ended_) parker.Park({}, kNever);
  joiner_ = nullptr;
}

}  // namespace hon::client
