// The input of a connection on its loop, and the end of a connection.

#include "websocket/core.h"

#include <algorithm>
#include <utility>

#include "hon/base/assert.h"
#include "hon/http/server_context.h"
#include "websocket/session.h"

namespace hon::websocket::internal {

Core::Core(Session& session, const DeflateTerms& deflate, bool client)
    : session_(session),
      send_(deflate.send),
      reader_options_{.masked = !client,
                      .deflate = deflate.enabled,
                      .inflate = deflate.receive,
                      .pool = session.setup_->pool.get(),
                      .message_bytes_max = session.setup_->options.message_bytes_max},
      reader_(reader_options_),
      client_(client) {}

Core::~Core() = default;

// An exception of the program's handler is reported, and ends its connection, not the loop.
template <class Call>
void Core::CallHandler(std::string_view callback, Call call) {
  if (session_.handler_ == nullptr) return;
  Conn conn(session_.shared_from_this());
  const Error thrown = session_.guard_.Call(callback, [&] { call(*session_.handler_, conn); });
  if (thrown) [[unlikely]]
    static_cast<void>(session_.SendClose(kCloseInternalError, "handler failed"));
}

void Core::OnOpen(std::unique_ptr<io::EventConn> conn) {
  HON_ASSERT(conn_ == nullptr && self_ == nullptr);
  self_ = session_.shared_from_this();
  thread_ = std::this_thread::get_id();
  conn_ = std::move(conn);
  {
    Outbox::Lock lock(GetOutbox().mutex);
    GetOutbox().conn = conn_.get();
    GetOutbox().Move(PhaseEvent::kOpened);
  }
  if (Options().ping_interval != kUnlimited) {
    conn_->SetDeadline(io::ConnDeadline::kIdle,
                       DeadlineAfter(Clock::now(), Options().ping_interval));
  }
  if (session_.handler_ == nullptr) return Pump();
  // Not from inside the upgrade, which is on a fiber.
  pumping_ = true;
  conn_->Post([self = self_] { self->core_.BeginEvents(); });
}

void Core::BeginEvents() {
  HON_ASSERT(pumping_);
  pumping_ = false;
  if (conn_ == nullptr) return;
  CallHandler("websocket::ConnHandler::OnOpen",
              [](ConnHandler& handler, Conn& handle) { handler.OnOpen(handle); });
  Pump();
}

void Core::OnInput() {
  const bool pinged = std::exchange(liveness_, Liveness::kHeard) == Liveness::kPinged;
  if (pinged && GetOutbox().IsOpen() && postponed_ == nullptr) {
    conn_->SetDeadline(io::ConnDeadline::kRead, kNever);
  }
  Pump();
}

// Readers.

Result<ReadResult> Core::Read(std::string& into, bool whole) {
  if (reading_ != nullptr || remote_reading_ != nullptr) {
    return Fail(Error::New("websocket: concurrent reads of one connection"));
  }
  answering_ = false;
  Reading reading{.into = &into, .whole = whole};
  if (TakeLeft(into, whole, reading.result)) {
    answering_ = true;
    return reading.result;
  }
  reading_ = &reading;
  Pump();
  Error err;
  if (!reading.over && GetOutbox().IsOpen()) {
    reading.waiter = fiber::Current();
    err = reading.waiter == nullptr
              ? Error::New("websocket: a read on a loop's thread needs a fiber")
              : AwaitOnLoop(reading.over);
  }
  reading_ = nullptr;
  if (reading.done) return reading.result;
  if (!into.empty()) left_ = std::make_unique<Left>(Left{std::move(into), reading.result});
  Outbox::Lock lock(GetOutbox().mutex);
  return Fail(err && GetOutbox().IsOpen() ? std::move(err) : GetOutbox().WhyClosed());
}

// Returns the rest of a message that an earlier reader has left, if any. Returns true when nothing
// more is to be read.
bool Core::TakeLeft(std::string& into, bool whole, ReadResult& result) {
  if (left_ == nullptr) return false;
  const std::unique_ptr<Left> left = std::move(left_);
  into.append(left->data);
  result = left->result;
  return result.final || !whole;
}

void Core::ReadFor(std::shared_ptr<RemoteReading> reading) {
  if (conn_ == nullptr) return;
  DropAbandoned();
  HON_ASSERT(remote_reading_ == nullptr);
  answering_ = false;
  remote_reading_ = std::move(reading);
  RemoteReading& one = *remote_reading_;
  if (!TakeLeft(one.data, one.whole, one.result)) return Pump();
  answering_ = true;
  DeliverRemote(one.result);
}

void Core::DeliverRemote(const ReadResult& result) {
  const std::shared_ptr<RemoteReading> reading = std::move(remote_reading_);
  reading->result = result;
  {
    Outbox::Lock lock(GetOutbox().mutex);
    if (!reading->abandoned.load(std::memory_order_relaxed)) {
      reading->done = true;
      return GetOutbox().changed.WakeAll();
    }
  }
  left_ = std::make_unique<Left>(Left{std::move(reading->data), result});
}

void Core::DropAbandoned() {
  if (remote_reading_ == nullptr || !remote_reading_->abandoned.load(std::memory_order_acquire)) {
    return;
  }
  const std::shared_ptr<RemoteReading> reading = std::move(remote_reading_);
  if (reading->data.empty()) return;
  left_ = std::make_unique<Left>(Left{std::move(reading->data), reading->result});
}

// The reader of this loop has its result, or waits no more.
void Core::WakeReader() {
  if (reading_ == nullptr || std::exchange(reading_->over, true)) return;
  if (reading_->waiter != nullptr) fiber::Wake(*reading_->waiter);
}

// Input.

bool Core::WantsMessages() {
  if (GetOutbox().skip_message.load(std::memory_order_acquire)) return true;
  if (!GetOutbox().IsOpen()) return true;  // to drop them
  if (session_.handler_ == nullptr) {
    DropAbandoned();
    return (reading_ != nullptr && !reading_->over) || remote_reading_ != nullptr;
  }
  if (Unsent() < kEventsUnsentBytesMax) return true;
  paused_ = true;
  PostUnsentCheck(*conn_);
  return false;
}

void Core::Pump() {
  if (conn_ == nullptr || GetOutbox().GetPhase() >= Phase::kEnding || pump_posted_) return;
  if (std::exchange(pumping_, true)) return;
  const std::shared_ptr<Session> keep = self_;
  if (postponed_ != nullptr) {
    pumping_ = false;
    if (!Postponed()) FinishPostponed();
    return;
  }
  bool wanted = WantsMessages();
  const auto over = [this] {
    return GetOutbox().GetPhase() >= Phase::kEnding || postponed_ != nullptr;
  };
  for (;;) {
    const std::string_view front = conn_->In().Front();
    // The block is ours alone from here on: unmasked in place.
    std::span<char> input(const_cast<char*>(front.data()), front.size());
    const std::span<char> room = message_ == nullptr ? std::span<char>() : message_->Room();
    const Found found = reader_.Next(input, wanted, room);
    Handle(found);
    if (over()) break;
    if (const size_t used = front.size() - input.size(); used != 0) {
      const Error skipped = conn_->In().Skip(used);
      HON_ASSERT(!skipped);
    }
    if (found.kind == Found::Kind::kBlocked) {
      if (!(wanted = WantsMessages())) break;
    } else if (found.kind == Found::Kind::kNothing) {
      if (conn_->In().Empty()) {
        frames_left_ = kFramesPerTurnMax;
        break;
      }
    } else {
      if (found.kind == Found::Kind::kPiece) wanted = WantsMessages();
      if (--frames_left_ == 0) {
        PumpLater();
        break;
      }
    }
  }
  pumping_ = false;
  if (over()) return;
  conn_->ConsumedInput();
  if (conn_->InputEnded() && conn_->In().Empty()) {  // without a closing handshake
    PeerEnds({.code = kCloseAbnormal});
  }
}

// A peer that sends many small frames at once holds the loop for one turn only.
void Core::PumpLater() {
  frames_left_ = kFramesPerTurnMax;
  pump_posted_ = true;
  conn_->Post([self = self_] {
    self->core_.pump_posted_ = false;
    self->core_.Pump();
  });
}

void Core::Handle(const Found& found) {
  switch (found.kind) {
    case Found::Kind::kNothing:
    case Found::Kind::kBlocked:
      return;
    case Found::Kind::kPiece:
      return TakePiece(found);
    case Found::Kind::kPing:
      AnswerPing(found.data);
      return CallHandler("websocket::ConnHandler::OnPing", [&](ConnHandler& handler, Conn& self) {
        handler.OnPing(self, found.data);
      });
    case Found::Kind::kPong:
      return CallHandler("websocket::ConnHandler::OnPong", [&](ConnHandler& handler, Conn& self) {
        handler.OnPong(self, found.data);
      });
    case Found::Kind::kClose:
    case Found::Kind::kBad:
      return PeerEnds(found);
  }
}

void Core::TakePiece(const Found& found) {
  if (GetOutbox().skip_message.load(std::memory_order_acquire)) {
    return GetOutbox().skip_message.store(!found.final, std::memory_order_release);
  }
  if (!GetOutbox().IsOpen()) return;
  if (session_.handler_ == nullptr) return TakePieceForReader(found);
  if (!found.final && message_ == nullptr) {
    message_ = std::make_unique<MessageBuffer>(conn_->In().Pool());
  }
  if (message_ != nullptr) message_->Add(found.data, reader_.ToCome());
  if (!found.final) return;
  const std::unique_ptr<MessageBuffer> whole = std::move(message_);
  const std::string_view data = whole == nullptr ? found.data : whole->View();
  CallHandler("websocket::ConnHandler::OnMessage",
              [&](ConnHandler& handler, Conn& self) { handler.OnMessage(self, found.type, data); });
}

void Core::TakePieceForReader(const Found& found) {
  RemoteReading* const remote = reading_ == nullptr ? remote_reading_.get() : nullptr;
  HON_ASSERT(reading_ != nullptr || remote != nullptr);
  std::string& into = remote != nullptr ? remote->data : *reading_->into;
  ReadResult& result = remote != nullptr ? remote->result : reading_->result;
  const size_t need = into.size() + found.data.size();
  if (into.capacity() < need) {
    into.reserve(std::max(RoomFor(need, reader_.ToCome()), 2 * into.size()));
  }
  into.append(found.data);
  result = {found.type, found.final};
  if ((remote != nullptr ? remote->whole : reading_->whole) && !found.final) return;
  answering_ = true;
  if (remote != nullptr) return DeliverRemote(result);
  reading_->done = true;
  WakeReader();
}

// A peer that pings and does not read is not answered without end: what counts is the last ping.
void Core::AnswerPing(std::string_view payload) {
  if (!GetOutbox().IsOpen() || Unsent() >= Options().unsent_bytes_max) return;
  Emit(Opcode::kPong, payload);
}

// The end.

// Whether what ends the connection waits until the reader has answered what came before it: a
// client may ask and say goodbye in one breath.
bool Core::Postponed() const { return answering_ && GetOutbox().IsOpen(); }

void Core::EndAnswering() {
  answering_ = false;
  if (postponed_ != nullptr) Pump();
}

void Core::PeerEnds(const Found& found) {
  HON_ASSERT(postponed_ == nullptr);
  postponed_ = std::make_unique<PeerEnd>(PeerEnd{found.kind, found.code, std::string(found.data)});
  if (!Postponed()) return FinishPostponed();
  conn_->SetDeadline(io::ConnDeadline::kRead, DeadlineAfter(Clock::now(), Options().close_timeout));
}

// After a plain FIN the pending output is still sent.
void Core::FinishPostponed() {
  const std::unique_ptr<PeerEnd> end = std::move(postponed_);
  const bool by_fin = end->kind == Found::Kind::kNothing;
  End(by_fin ? io::ConnClose::kGraceful : io::ConnClose::kLinger, end.get());
}

// Answers the peer's close frame, or sends the code of the peer's fault, unless our own close frame
// has been sent.
void Core::End(io::ConnClose how, const PeerEnd* by_peer) {
  if (conn_ == nullptr) return;
  std::vector<Outbox::Entry> entries;
  bool answer = false;
  {
    Outbox::Lock lock(GetOutbox().mutex);
    if (by_peer != nullptr) {
      const bool by_fin = by_peer->kind == Found::Kind::kNothing;
      answer = !by_fin && GetOutbox().IsOpen();
      GetOutbox().status =
          by_fin ? nullptr
                 : std::make_unique<CloseStatus>(CloseStatus{by_peer->code, by_peer->reason});
    }
    entries = GetOutbox().TakeAll();
    GetOutbox().Move(PhaseEvent::kEnded);
  }
  EmitEntries(entries);
  if (answer) {
    const bool bare = by_peer->code == kCloseNoStatus;
    const bool closes = by_peer->kind == Found::Kind::kClose;
    Emit(Opcode::kClose,
         bare ? std::string() : ClosePayload(by_peer->code, closes ? "" : by_peer->reason));
  }
  for (const auto which : {io::ConnDeadline::kRead, io::ConnDeadline::kIdle}) {
    conn_->SetDeadline(which, kNever);
  }
  conn_->Close(how);
  WakeReader();
}

void Core::AwaitPeersClose() {
  WakeReader();
  conn_->Post([self = self_] {
    Core& core = self->core_;
    if (core.conn_ == nullptr || core.GetOutbox().GetPhase() != Phase::kClosing) return;
    core.conn_->SetDeadline(io::ConnDeadline::kRead,
                            DeadlineAfter(Clock::now(), core.Options().close_timeout));
    core.Pump();  // messages received meanwhile are dropped
  });
}

void Core::OnDrained() {
  GetOutbox().out_bytes.store(0, std::memory_order_relaxed);
  paused_ = false;
  {
    Outbox::Lock lock(GetOutbox().mutex);
    GetOutbox().changed.WakeAll();
  }
  Pump();
}

void Core::OnDeadline(io::ConnDeadline which) {
  switch (which) {
    case io::ConnDeadline::kRead:  // no pong, or no answer to our close
      if (postponed_ != nullptr && GetOutbox().IsOpen()) return FinishPostponed();
      return End(io::ConnClose::kAbort);
    case io::ConnDeadline::kWrite: {
      HON_ASSERT(write_watched_);
      write_watched_ = false;
      const size_t left = conn_->Out().Len();
      if (left == 0) return;
      const uint64_t sent = emitted_ - std::min<uint64_t>(emitted_, left);
      if (sent > sent_mark_) return Sent();  // slow, but it takes something
      return End(io::ConnClose::kAbort);
    }
    case io::ConnDeadline::kIdle:
      return OnPingTimer();
  }
}

void Core::OnPingTimer() {
  conn_->SetDeadline(io::ConnDeadline::kIdle, DeadlineAfter(Clock::now(), Options().ping_interval));
  if (liveness_ == Liveness::kHeard) {
    liveness_ = Liveness::kQuiet;
    return;
  }
  if (liveness_ == Liveness::kPinged || !conn_->In().Empty() || !GetOutbox().IsOpen()) return;
  Emit(Opcode::kPing, {});
  if (Options().pong_timeout == kUnlimited) return;
  liveness_ = Liveness::kPinged;
  conn_->SetDeadline(io::ConnDeadline::kRead, DeadlineAfter(Clock::now(), Options().pong_timeout));
}

void Core::OnShutdown() {
  const bool replaced = session_.shutdown_.Cause().Is(http::ErrServerReplaced);
  static_cast<void>(replaced ? session_.SendClose(kCloseServiceRestart, "server is restarting")
                             : session_.SendClose(kCloseGoingAway, "server is shutting down"));
}

void Core::OnClosed(const Error& why) {
  HON_ASSERT(conn_ != nullptr);
  const std::shared_ptr<Session> self = std::move(self_);
  const std::unique_ptr<io::EventConn> conn = std::move(conn_);
  message_.reset();
  deflater_.reset();
  postponed_.reset();
  remote_reading_.reset();
  std::unique_ptr<std::vector<Outbox::EndCall>> end_calls;
  CloseStatus status;
  {
    Outbox::Lock lock(GetOutbox().mutex);
    GetOutbox().conn = nullptr;
    static_cast<void>(GetOutbox().TakeAll());
    GetOutbox().out_bytes.store(0, std::memory_order_relaxed);
    end_calls = std::move(GetOutbox().end_calls);
    if (why && GetOutbox().status == nullptr) {
      GetOutbox().status =
          std::make_unique<CloseStatus>(CloseStatus{kCloseAbnormal, why.Message()});
    }
    GetOutbox().Move(PhaseEvent::kGone);
    status = GetOutbox().Status();
  }
  WakeReader();
  if (end_calls != nullptr) {
    for (const Outbox::EndCall& one : *end_calls) one.call();
  }
  CallHandler("websocket::ConnHandler::OnClose",
              [&](ConnHandler& handler, Conn& handle) { handler.OnClose(handle, status); });
  Outbox::Lock lock(GetOutbox().mutex);
  if (GetOutbox().context == nullptr) return;
  const appcontext::CancelFunc cancel = GetOutbox().context->cancel;
  const Error cause = GetOutbox().WhyClosed();
  lock.unlock();
  cancel(cause);
}

}  // namespace hon::websocket::internal
