// Input and the end of a session. All of it runs on the session's loop.

#include <algorithm>
#include <exception>
#include <utility>

#include "hon/base/assert.h"
#include "websocket/session.h"

namespace hon::websocket {

using internal::Found;
using internal::Opcode;

// An exception of the program's handler ends its connection, not the loop.
template <class Call>
void Session::Tell(Call call) {
  if (handler_ == nullptr) return;
  Conn conn(shared_from_this());
  try {
    call(*handler_, conn);
  } catch (...) {
    Error err = conn.Close(kCloseInternalError, "handler failed");
    static_cast<void>(err);
  }
}

void Session::OnOpen(std::unique_ptr<io::EventConn> conn) {
  self_ = shared_from_this();
  {
    Lock lock(mutex_);
    conn_ = std::move(conn);
    if (setup_->options.ping_interval != kUnlimited) {
      conn_->SetDeadline(io::ConnDeadline::kIdle,
                         DeadlineAfter(Clock::now(), setup_->options.ping_interval));
    }
  }
  if (handler_ == nullptr) return Pump();
  // Posted, since the upgrade runs on a fiber.
  pumping_ = true;
  conn_->Post([self = self_] {
    self->pumping_ = false;
    if (self->conn_ == nullptr) return;
    self->Tell([](EventHandler& handler, Conn& handle) { handler.OnOpen(handle); });
    self->Pump();
  });
}

void Session::OnInput() {
  heard_ = true;
  if (std::exchange(awaits_pong_, false) && phase_ == Phase::kOpen) {
    conn_->SetDeadline(io::ConnDeadline::kRead, kNever);
  }
  Pump();
}

bool Session::WantsMessages() {
  Lock lock(mutex_);
  if (skip_message_) return true;
  if (phase_ == Phase::kClosing) return true;  // drops them
  if (handler_ == nullptr) return reading_ != nullptr && !reading_->done;
  if (UnsentNow() < kEventsUnsentBytesMax) return true;
  paused_ = true;
  PostSettle();
  return false;
}

void Session::Pump() {
  if (conn_ == nullptr || phase_ >= Phase::kEnding || std::exchange(pumping_, true)) return;
  const std::shared_ptr<Session> keep = self_;
  if (postponed_ != nullptr) {
    pumping_ = false;
    if (!Postponed()) FinishPostponed();
    return;
  }
  bool wanted = WantsMessages();
  for (;;) {
    const std::string_view front = conn_->In().Front();
    // The block is not shared from here on: unmasked in place.
    std::span<char> input(const_cast<char*>(front.data()), front.size());
    const std::span<char> room = message_ == nullptr ? std::span<char>() : message_->Room();
    const Found found = reader_.Next(input, wanted, room);
    Handle(found);
    if (phase_ >= Phase::kEnding || postponed_ != nullptr) break;
    if (const size_t used = front.size() - input.size(); used != 0) {
      const Error skipped = conn_->In().Skip(used);
      HON_ASSERT(!skipped);
    }
    if (found.kind == Found::Kind::kBlocked) {
      if (!(wanted = WantsMessages())) break;
    } else if (found.kind == Found::Kind::kNothing) {
      if (conn_->In().Empty()) break;
    } else if (found.kind == Found::Kind::kPiece) {
      wanted = WantsMessages();
    }
  }
  pumping_ = false;
  if (phase_ >= Phase::kEnding || postponed_ != nullptr) return;
  conn_->ConsumedInput();
  if (conn_->InputEnded() && conn_->In().Empty()) {  // without a closing handshake
    PeerEnds({.code = kCloseAbnormal});
  }
}

void Session::Handle(const Found& found) {
  switch (found.kind) {
    case Found::Kind::kNothing:
    case Found::Kind::kBlocked:
      return;
    case Found::Kind::kPiece:
      return TakePiece(found);
    case Found::Kind::kPing:
      AnswerPing(found.data);
      return Tell([&](EventHandler& handler, Conn& self) { handler.OnPing(self, found.data); });
    case Found::Kind::kPong:
      return Tell([&](EventHandler& handler, Conn& self) { handler.OnPong(self, found.data); });
    case Found::Kind::kClose:
    case Found::Kind::kBad:
      return PeerEnds(found);
  }
}

void Session::TakePiece(const Found& found) {
  if (handler_ == nullptr) {
    Lock lock(mutex_);
    if (skip_message_) {
      skip_message_ = !found.final;
      return;
    }
    if (phase_ != Phase::kOpen || reading_ == nullptr) return;
    std::string& into = *reading_->into;
    const size_t need = into.size() + found.data.size();
    if (into.capacity() < need) {
      into.reserve(std::max(internal::RoomFor(need, reader_.ToCome()), 2 * into.size()));
    }
    into.append(found.data);
    if (reading_->whole && !found.final) return;
    reading_->result = {found.type, found.final};
    reading_->done = true;
    answering_ = true;
    changed_.WakeAll();
    return;
  }
  if (phase_ != Phase::kOpen) return;
  if (!found.final && message_ == nullptr) {
    message_ = std::make_unique<internal::MessageBuffer>(conn_->In().Pool());
  }
  if (message_ != nullptr) message_->Add(found.data, reader_.ToCome());
  if (!found.final) return;
  const std::unique_ptr<internal::MessageBuffer> whole = std::move(message_);
  const std::string_view data = whole == nullptr ? found.data : whole->View();
  Tell([&](EventHandler& handler, Conn& self) { handler.OnMessage(self, found.type, data); });
}

// A peer that pings and does not read gets no unlimited answers: only the last ping counts.
void Session::AnswerPing(std::string_view payload) {
  Lock lock(mutex_);
  if (phase_ != Phase::kOpen || UnsentNow() >= setup_->options.unsent_bytes_max) return;
  Emit(Opcode::kPong, payload);
}

// Whether the end of the connection must wait until the reader has answered earlier messages: a
// client may send a request and its close frame together.
bool Session::Postponed() {
  Lock lock(mutex_);
  return answering_ && phase_ == Phase::kOpen;
}

void Session::PeerEnds(const Found& found) {
  postponed_ = std::make_unique<PeerEnd>(PeerEnd{found.kind, found.code, std::string(found.data)});
  if (!Postponed()) return FinishPostponed();
  conn_->SetDeadline(io::ConnDeadline::kRead,
                     DeadlineAfter(Clock::now(), setup_->options.close_timeout));
}

// Answers the peer's close frame, or sends the code of its fault, and ends the connection. After a
// plain FIN the pending output is still sent.
void Session::FinishPostponed() {
  const std::unique_ptr<PeerEnd> end = std::move(postponed_);
  if (end->kind == Found::Kind::kNothing) {
    {
      Lock lock(mutex_);
      if (!peer_said_) status_.reset();
    }
    return End(io::ConnClose::kGraceful);
  }
  {
    Lock lock(mutex_);
    const bool closes = end->kind == Found::Kind::kClose;
    if (phase_ == Phase::kOpen) {
      const bool bare = end->code == kCloseNoStatus;
      Emit(Opcode::kClose,
           bare ? std::string() : internal::ClosePayload(end->code, closes ? "" : end->reason));
    }
    peer_said_ = closes;
    status_ = std::make_unique<CloseStatus>(CloseStatus{end->code, end->reason});
  }
  End(io::ConnClose::kLinger);
}

// Only the content of Out() is still sent.
void Session::End(io::ConnClose how) {
  Lock lock(mutex_);
  if (conn_ == nullptr) return;
  if (phase_ < Phase::kEnding) {
    phase_ = Phase::kEnding;
    MovePending();
  }
  for (const auto which : {io::ConnDeadline::kRead, io::ConnDeadline::kIdle}) {
    conn_->SetDeadline(which, kNever);
  }
  conn_->Close(how);
  changed_.WakeAll();
}

void Session::OnDrained() {
  {
    Lock lock(mutex_);
    out_seen_ = 0;
    paused_ = false;
    changed_.WakeAll();
  }
  Pump();
}

void Session::OnDeadline(io::ConnDeadline which) {
  const ConnOptions& options = setup_->options;
  switch (which) {
    case io::ConnDeadline::kRead:  // no pong, or no answer to our close
      if (postponed_ != nullptr && phase_ == Phase::kOpen) return FinishPostponed();
      return End(io::ConnClose::kAbort);
    case io::ConnDeadline::kWrite: {
      Lock lock(mutex_);
      write_watched_ = false;
      const size_t left = conn_->Out().Len();
      if (left == 0) return;
      const uint64_t sent = emitted_ - std::min<uint64_t>(emitted_, left);
      if (sent > sent_mark_) return Sent();  // slow, but it reads
      lock.unlock();
      return End(io::ConnClose::kAbort);
    }
    case io::ConnDeadline::kIdle:
      conn_->SetDeadline(which, DeadlineAfter(Clock::now(), options.ping_interval));
      if (std::exchange(heard_, false) || awaits_pong_ || !conn_->In().Empty()) return;
      Lock lock(mutex_);
      if (phase_ != Phase::kOpen) return;
      Emit(Opcode::kPing, {});
      if (options.pong_timeout == kUnlimited) return;
      awaits_pong_ = true;
      conn_->SetDeadline(io::ConnDeadline::kRead,
                         DeadlineAfter(Clock::now(), options.pong_timeout));
      return;
  }
}

void Session::OnShutdown() {
  Error err = Close(kCloseGoingAway, "server is shutting down");
  static_cast<void>(err);
}

void Session::OnClosed(const Error& why) {
  const std::shared_ptr<Session> self = std::move(self_);
  message_.reset();
  std::unique_ptr<io::EventConn> conn;
  std::unique_ptr<std::vector<EndCall>> end_calls;
  CloseStatus status;
  {
    Lock lock(mutex_);
    conn = std::move(conn_);
    phase_ = Phase::kClosed;
    pending_.reset();
    out_seen_ = 0;
    deflater_.reset();
    end_calls = std::move(end_calls_);
    if (why && status_ == nullptr) {
      status_ = std::make_unique<CloseStatus>(CloseStatus{kCloseAbnormal, why.Message()});
    }
    status = StatusNow();
    changed_.WakeAll();
  }
  if (end_calls != nullptr) {
    for (const EndCall& one : *end_calls) one.call();
  }
  Tell([&](EventHandler& handler, Conn& handle) { handler.OnClose(handle, status); });
  Lock lock(mutex_);
  if (context_ == nullptr) return;
  const appcontext::CancelFunc cancel = context_->cancel;
  const Error cause = WhyClosed();
  lock.unlock();
  cancel(cause);
}

}  // namespace hon::websocket
