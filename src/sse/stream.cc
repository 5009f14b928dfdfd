#include "sse/stream.h"

#include <string>
#include <utility>
#include <vector>

#include "hon/base/time.h"

namespace hon::sse::internal {
namespace {

constexpr std::string_view kHeartbeat = ": \n\n";  // a comment

}  // namespace

Error Stream::Start(http::ResponseWriter& w, std::optional<RingCursor>& cursor,
                    const WriterOptions& options) {
  auto* stream = new Stream(options);
  stream->cursor_.emplace(*std::move(cursor));
  Error err = w.Detach(*stream);
  if (err) {
    // NOLINTNEXTLINE(bugprone-use-after-move): emplace makes the value anew
    cursor.emplace(*std::move(stream->cursor_));
    delete stream;
  }
  return err;
}

Stream::Stream(const WriterOptions& options)
    : write_timeout_(options.write_timeout), heartbeat_(options.heartbeat) {}

void Stream::OnOpen(std::unique_ptr<io::EventConn> conn) {
  conn_ = std::move(conn);
  cursor_->GetRing().Add(*this);
  const TimePoint now = Clock::now();
  conn_->SetDeadline(io::ConnDeadline::kIdle, DeadlineAfter(now, heartbeat_));
  conn_->SendNow({}, {});  // the head
  if (conn_->Unsent() != 0) {
    conn_->SetDeadline(io::ConnDeadline::kWrite, DeadlineAfter(now, write_timeout_));
  }
  OnInput();
  Pump();
}

void Stream::Pump() {
  std::vector<TextPtr> texts;
  while (!ended_ && conn_->Unsent() == 0) {
    const bool more = cursor_->Take(texts);
    if (texts.size() == 1) {
      Send(*texts.front());
    } else if (!texts.empty()) {
      std::string together;
      for (const TextPtr& text : texts) together += *text;
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
  if (conn_->Unsent() != 0) {
    conn_->SetDeadline(io::ConnDeadline::kWrite, DeadlineAfter(now, write_timeout_));
  }
  conn_->SetDeadline(io::ConnDeadline::kIdle, DeadlineAfter(now, heartbeat_));
}

void Stream::End() {
  if (std::exchange(ended_, true)) return;
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
  if (conn_->Unsent() == 0) return Send(kHeartbeat);
  conn_->SetDeadline(which, DeadlineAfter(Clock::now(), heartbeat_));
}

void Stream::OnClosed([[maybe_unused]] const Error& why) {
  cursor_->GetRing().Remove(*this);
  delete this;
}

}  // namespace hon::sse::internal
