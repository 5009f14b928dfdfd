#include "adaptor/detached_body.h"

#include <array>
#include <cstring>

#include "hon/adaptor/chunked.h"
#include "hon/base/assert.h"

namespace hon::adaptor {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
// RFC 9112 §7.1: the last chunk, and an empty trailer section.
constexpr std::string_view kLastChunk = "0\r\n\r\n";

// A chunk up to this size is built on the stack and sent from there.
constexpr size_t kSmallBytesMax = 2048;
// A longer chunk than this is sent without copying its data.
constexpr size_t kCopiedBytesMax = 16 * 1024;

void WriteChunk(io::EventConn& conn, std::string_view first, std::string_view second) {
  const size_t size = first.size() + second.size();
  std::array<char, kChunkHeadBytesMax + kSmallBytesMax + kLineEnd.size()> chunk;
  char* const data = chunk.data() + kChunkHeadBytesMax;
  const char* const begin = FormatChunkHeadBackward(size, data);
  const std::string_view head(begin, static_cast<size_t>(data - begin));
  if (size <= kSmallBytesMax) {
    char* end = std::copy(first.begin(), first.end(), data);
    end = std::copy(second.begin(), second.end(), end);
    end = std::copy(kLineEnd.begin(), kLineEnd.end(), end);
    return conn.SendNow({}, {begin, static_cast<size_t>(end - begin)});
  }
  if (!first.empty() || size <= kCopiedBytesMax) {
    conn.Out().Write(head);
    conn.Out().Write(first);
    conn.Out().Write(second);
    conn.Out().Write(kLineEnd);
    return conn.SendNow({}, {});
  }
  conn.SendNow(head, second);
  conn.Out().Write(kLineEnd);
  conn.SendNow({}, {});  // OnDrained follows only output that the socket has not taken
}

}  // namespace

void DetachedBody::OnOpen(std::unique_ptr<io::EventConn> conn) {
  HON_ASSERT(conn_ == nullptr);
  conn_ = std::move(conn);
  out_.emplace(conn_->Out().Pool());
  sink_->OnOpen(std::unique_ptr<io::EventConn>(this));
}

void DetachedBody::OnClosed(const Error& why) {
  closed_ = true;
  out_->Clear();
  sink_->OnClosed(why);  // may destroy this
}

void DetachedBody::SetSink(io::ConnSink& sink) {
  sink_ = &sink;
  conn_->SetSink(*this);
}

// Frames the bytes added to Out(), which SendNow and the end of the body must follow.
void DetachedBody::FrameOutput() {
  if (out_->Empty()) return;
  io::LinkBuffer& to = conn_->Out();
  if (framing_ == BodyFraming::kChunked) to.Write(ChunkHead(out_->Len()).Text());
  to.Append(std::move(*out_));
  if (framing_ == BodyFraming::kChunked) to.Write(kLineEnd);
}

void DetachedBody::SendSoon() {
  HON_ASSERT(!ended_);
  FrameOutput();
  conn_->SendSoon();
}

void DetachedBody::SendNow(std::string_view head, std::string_view body) {
  HON_ASSERT(!ended_);
  FrameOutput();
  if ((head.empty() && body.empty()) || framing_ == BodyFraming::kUntilClose) {
    return conn_->SendNow(head, body);
  }
  WriteChunk(*conn_, head, body);
}

void DetachedBody::Close(io::ConnClose how) {
  if (!std::exchange(ended_, true) && how != io::ConnClose::kAbort) {
    FrameOutput();
    if (framing_ == BodyFraming::kChunked) conn_->Out().Write(kLastChunk);
  }
  conn_->Close(how);
}

}  // namespace hon::adaptor
