#include "sse/stream.h"

#include <string>
#include <vector>

#include "hon/base/time.h"

namespace hon::sse::internal {

void Stream::Start(Place place, bool chunked, const WriterOptions& options, io::Conn& conn) {
  auto* stream = new Stream(std::move(place), chunked, options);
  if (conn.BecomeEvented(*stream)) delete stream;  // the client is gone
}

Stream::Stream(Place place, bool chunked, const WriterOptions& options)
    : place_(std::move(place)),
      write_timeout_(options.write_timeout),
      heartbeat_(options.heartbeat),
      chunked_(chunked) {}

void Stream::OnOpen(std::unique_ptr<io::EventConn> conn) {
  conn_ = std::move(conn);
  place_.GetRing().Add(*this);
  conn_->SetDeadline(io::ConnDeadline::kIdle, DeadlineAfter(Clock::now(), heartbeat_));
  OnInput();
  Pump();
}

void Stream::Pump() {
  std::vector<TextPtr> texts;
  while (!ended_ && conn_->Out().Empty()) {
    const bool more = place_.Take(texts);
    const auto bytes = [this](const TextPtr& text) {
      return chunked_ ? text->Chunk() : text->Plain();
    };
    if (texts.size() == 1) {
      Send(bytes(texts.front()));
    } else if (!texts.empty()) {
      std::string together;
      for (const TextPtr& text : texts) together += bytes(text);
      Send(together);
    }
    if (!more) return End();
    if (texts.empty()) return;
  }
}

// Output that the socket does not take at once must be sent by the deadline; until then no further
// event is sent.
void Stream::Send(std::string_view text) {
  const TimePoint now = Clock::now();
  conn_->SendNow({}, text);
  if (!conn_->Out().Empty()) {
    conn_->SetDeadline(io::ConnDeadline::kWrite, DeadlineAfter(now, write_timeout_));
  }
  conn_->SetDeadline(io::ConnDeadline::kIdle, DeadlineAfter(now, heartbeat_));
}

void Stream::End() {
  if (std::exchange(ended_, true)) return;
  if (chunked_) Send("0\r\n\r\n");
  conn_->SetDeadline(io::ConnDeadline::kIdle, kNever);
  conn_->Close(io::ConnClose::kGraceful);
}

// No input is expected; received bytes stay unread until reading pauses at the high water mark.
void Stream::OnInput() {
  if (conn_->InputEnded()) End();
}

void Stream::OnDrained() {
  conn_->SetDeadline(io::ConnDeadline::kWrite, kNever);
  Pump();
}

void Stream::OnDeadline(io::ConnDeadline which) {
  if (which == io::ConnDeadline::kWrite) {
    ended_ = true;
    return conn_->Close(io::ConnClose::kAbort);
  }
  static const Text comment(": \n\n");
  if (conn_->Out().Empty()) return Send(chunked_ ? comment.Chunk() : comment.Plain());
  conn_->SetDeadline(which, DeadlineAfter(Clock::now(), heartbeat_));
}

void Stream::OnClosed([[maybe_unused]] const Error& why) {
  place_.GetRing().Remove(*this);
  delete this;
}

}  // namespace hon::sse::internal
