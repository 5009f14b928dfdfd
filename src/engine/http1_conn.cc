#include "engine/http1_conn.h"

#include <new>
#include <string_view>
#include <utility>

#include "engine/http1_exchange.h"
#include "engine/loop_services.h"
#include "hon/base/assert.h"
#include "hon/base/flatten.h"
#include "hon/base/guard.h"
#include "hon/http/server_context.h"
#include "hon/io/stream.h"

namespace hon::engine {

using netpoll::CloseHow;
using netpoll::DeadlineKind;

namespace {

// A kept-alive client that sends less than this and leaves has not begun a request (contract W9).
constexpr size_t kStrayBytesMax = 3;

// After a shutdown began, a connection may bring its first request until this long after its
// accept: the kernel may have queued it long before a loop took it.
constexpr Duration kFirstRequestGrace = std::chrono::milliseconds(500);

// Whether `in` holds only empty lines, which some clients send after a body and the parser skips
// (RFC 9112 §2.2).
bool IsEmptyLines(io::LinkBuffer& in) {
  constexpr std::string_view kTwoEmptyLines = "\r\n\r\n";
  return in.Len() == kTwoEmptyLines.size() &&
         in.Peek(kTwoEmptyLines.size()).value_or("") == kTwoEmptyLines;
}

}  // namespace

// --- From the accept to the first head.

void Http1Conn::OnPrepare(bool has_room) {
  if (!has_room) admission_ = Admission::kRefused;
  services_->conns.PushFront(*this);
  const ConnHooks& hooks = services_->hooks;
  if (hooks.context || hooks.local_addr_value) [[unlikely]]
    MakeScope(hooks);
  if (hooks.on_state) [[unlikely]] {
    char peer[netpoll::kAddressTextMax];
    connection_->FormatRemoteAddr(peer);  // formatted now, while the socket is open
  }
  services_->ReportState(*connection_, ConnState::kNew);
}

void Http1Conn::MakeScope(const ConnHooks& hooks) {
  const ConnInfo info(*connection_);
  appcontext::Context context = scope_->Context();
  if (hooks.context) {
    const Error thrown = CallGuarded([&] { context = hooks.context(context, info); });
    if (thrown) {
      services_->engine.ReportThrown("WithConnContext's hook", thrown);
      if (admission_ == Admission::kServed) admission_ = Admission::kReset;
      return;
    }
  }
  if (hooks.local_addr_value) {
    context = appcontext::WithValue(context, &http::LocalAddrContextKey, info.LocalAddr());
  }
  scope_ = new ConnScope(*services_, std::move(context), this);
  scope_->Watch();
}

void Http1Conn::OnConnect() {
  if (admission_ == Admission::kRefused) [[unlikely]]
    return Refuse(adaptor::Refusal::kOverloaded);
  if (admission_ == Admission::kReset) [[unlikely]]
    return Close(CloseHow::kAbort);
  connection_->SetDeadline(
      DeadlineKind::kRead,
      DeadlineAfter(services_->loop.Now(), services_->settings.read_header_timeout));
  if (services_->draining) [[unlikely]]
    AwaitFirstRequest();
}

// --- Events.

void Http1Conn::OnInput() {
  if (exchange_ != nullptr) return exchange_->OnInput();
  if (!queued_) StartServing();
}

void Http1Conn::OnWritable() {
  if (exchange_ != nullptr) return exchange_->OnWritable();
  if (!queued_) StartServing();
}

void Http1Conn::OnTurn() {
  if (exchange_ != nullptr) return;
  if (phase_ == Phase::kDetached) [[unlikely]]
    return GoOnAfterLoan();
  StartServing();
}

void Http1Conn::OnTimeout(DeadlineKind kind) {
  switch (phase_) {
    case Phase::kIdle:
      return Close(kind == DeadlineKind::kWrite ? CloseHow::kAbort : CloseHow::kGraceful);
    case Phase::kHead:
      if (kind == DeadlineKind::kWrite) return Close(CloseHow::kAbort);
      if (kind == DeadlineKind::kRead) Refuse(adaptor::Refusal::kRequestTimeout);
      return;
    case Phase::kHandler:
    case Phase::kDrain:
      return exchange_->OnTimeout(kind);
    case Phase::kDetached:
    case Phase::kHijacked:
      return;
    case Phase::kClosed:  // closing: the peer does not read the last answer
      if (kind == DeadlineKind::kWrite) connection_->Close(CloseHow::kAbort);
      return;
  }
}

void Http1Conn::OnDisconnect(const Error& why) {
  HON_ASSERT(!disconnected_);
  disconnected_ = true;
  if (phase_ != Phase::kClosed) Fault();
  lent_ = false;
  if (exchange_ != nullptr) return exchange_->OnDisconnect(why);
  Ended();
}

void Http1Conn::CloseIfIdle() {
  if (phase_ != Phase::kIdle || admission_ != Admission::kServed) return;
  if (!connection_->Reader().Empty()) return;
  if (served_before_) return Close(CloseHow::kGraceful);
  if (services_->draining) AwaitFirstRequest();
}

// Shortens the wait for the first request, which began with the accept.
void Http1Conn::AwaitFirstRequest() {
  const TimePoint limit = connection_->Deadline(DeadlineKind::kRead);
  const TimePoint now = services_->loop.Now();
  const TimePoint accepted =
      limit == kNever ? now : limit - services_->settings.read_header_timeout;
  const TimePoint grace = DeadlineAfter(accepted, kFirstRequestGrace);
  if (grace <= now) return Close(CloseHow::kGraceful);
  if (grace < limit) connection_->SetDeadline(DeadlineKind::kRead, grace);
}

void Http1Conn::OnScopeEnd(const ConnScope& scope) {
  if (&scope == scope_ && exchange_ != nullptr) exchange_->Cut(scope.Context().Cause());
}

void Http1Conn::Cut(const Error& cause) {
  if (exchange_ != nullptr) exchange_->Cut(cause);
  if (disconnected_ || phase_ == Phase::kHijacked) return;
  if (phase_ != Phase::kClosed) Fault();
  connection_->Close(CloseHow::kAbort);
}

// --- Serving.

// On the loop: looks for a whole head, and starts a fiber for one.
HON_NO_CANARY void Http1Conn::StartServing() {
  HON_ASSERT(exchange_ == nullptr);
  HON_ASSERT(!disconnected_);
  if (phase_ != Phase::kIdle && phase_ != Phase::kHead) return;
  Http1Exchange& exchange = services_->exchanges.Take(*services_);
  try {
    if (!FindHead(exchange)) return services_->exchanges.GiveBack(exchange);
    exchange_ = &exchange;
    services_->scheduler.Start([](void* self) { static_cast<Http1Conn*>(self)->Serve(); }, this,
                               exchange.FiberAttributes());
  } catch (const std::bad_alloc&) {  // no fiber has run: no exception leaves Serve
    exchange_ = nullptr;
    const bool head = exchange.IsHead();
    exchange.TurnAway(adaptor::Refusal::kOverloaded);
    services_->exchanges.GiveBack(exchange);
    Refuse(adaptor::Refusal::kOverloaded, head, "no memory for another request");
  }
  // A Serve that has ended may have destroyed the connection.
}

// On the fiber: answers the request whose head was found, and the ones behind it.
HON_NO_CANARY void Http1Conn::Serve() {
  Http1Exchange& exchange = *exchange_;
  try {
    exchange.Attach(*this, *connection_);
    for (int served = 1;; ++served) {
      BeginRequest(exchange);
      Outcome outcome = AnswerRequest(exchange);
      if (outcome == Outcome::kUnreadBody) {
        if (phase_ == Phase::kHandler) {  // otherwise it was cut meanwhile
          Move<Phase::kHandler, PhaseEvent::kReplyDone>();
        }
        connection_->FlushLater();  // the client may wait for the answer before it sends the rest
        outcome = exchange.Drain();
      }
      if (!ApplyOutcome(outcome, exchange)) break;
      if (served == kRequestsPerTurnMax && !connection_->Reader().Empty()) {
        services_->queue.Add(*this);  // other connections get their turn
        break;
      }
      if (!FindHead(exchange)) break;
      fiber::SetAttributes(exchange.FiberAttributes());  // a handler may have changed them
    }
  } catch (const std::bad_alloc&) {
    GiveUp(exchange);
  }
  FinishServing(exchange);
}

// Whether a whole head has been received. Without one, sets the deadline and the high water mark
// for the rest of the head. On the loop for a connection that waited, on the fiber after an answer.
inline bool Http1Conn::FindHead(Http1Exchange& exchange) {
  io::LinkBuffer& in = connection_->Reader();
  if (in.Empty()) {
    if (connection_->InputEnded()) Close(CloseHow::kGraceful);
    return false;
  }
  if (connection_->Writer().Len() >= io::kHighWaterBytes) [[unlikely]] {
    if (AnswersPileUp()) return false;
  } else if (connection_->Deadline(DeadlineKind::kWrite) != kNever) [[unlikely]] {
    connection_->SetDeadline(DeadlineKind::kWrite, kNever);
  }
  if (phase_ == Phase::kIdle) Move<Phase::kIdle, PhaseEvent::kBytes>();
  switch (exchange.ReadHead(in, scan_)) {
    case adaptor::HeadStatus::kDone:
      scan_ = {};
      return true;
    case adaptor::HeadStatus::kIncomplete:
      AwaitRestOfHead();
      return false;
    case adaptor::HeadStatus::kBad:
      scan_ = {};
      exchange.TurnAway(exchange.WhyRefused());
      Refuse(exchange.WhyRefused());
      return false;
  }
  return false;
}

// Whether answers pile up: a client that sends requests and reads no answer is not served further
// until it reads.
bool Http1Conn::AnswersPileUp() {
  const Error broken = connection_->Flush();  // OnDisconnect follows
  if (broken) return true;
  const bool still = connection_->Writer().Len() >= io::kHighWaterBytes;
  connection_->SetDeadline(
      DeadlineKind::kWrite,
      still ? DeadlineAfter(services_->loop.Now(), services_->settings.write_timeout) : kNever);
  return still;
}

void Http1Conn::AwaitRestOfHead() {
  const size_t bytes = connection_->Reader().Len();
  if (connection_->InputEnded()) {
    if (served_before_ && (bytes <= kStrayBytesMax || IsEmptyLines(connection_->Reader()))) {
      return Close(CloseHow::kGraceful);
    }
    return Refuse(adaptor::Refusal::kBadRequest);
  }
  // The deadline of the first head has been set at the accept.
  if (connection_->Deadline(DeadlineKind::kRead) == kNever) {
    connection_->SetDeadline(
        DeadlineKind::kRead,
        DeadlineAfter(services_->loop.Now(), services_->settings.read_header_timeout));
  }
  // A head must be contiguous as a whole, also when it is larger than the high water mark for
  // bodies.
  if (bytes >= netpoll::kInputHighWaterBytes) {
    connection_->SetInputHighWater(services_->parser.Limits().head_bytes_max + 1);
  }
  connection_->ConsumedInput();
}

inline void Http1Conn::BeginRequest(const Http1Exchange& exchange) {
  Move<Phase::kHead, PhaseEvent::kHeadDone>();
  if (connection_->Deadline(DeadlineKind::kRead) != kNever) {
    connection_->SetDeadline(DeadlineKind::kRead, kNever);
  }
  if (exchange.HeadBytes() >= netpoll::kInputHighWaterBytes) [[unlikely]]
    connection_->SetInputHighWater(netpoll::kInputHighWaterBytes);
  services_->ReportState(*connection_, ConnState::kActive);
}

inline Outcome Http1Conn::AnswerRequest(Http1Exchange& exchange) {
  if (!services_->EnterRequest()) [[unlikely]] {
    exchange.TurnAway(adaptor::Refusal::kOverloaded);
    return Outcome::kRefused;
  }
  struct Leave {  // also when Answer throws
    LoopServices& services;
    ~Leave() { services.LeaveRequest(); }
  } const leave{*services_};
  return exchange.Answer(*scope_);
}

// There is no memory outside of the handler: ends this connection.
void Http1Conn::GiveUp(Http1Exchange& exchange) {
  exchange.Abandon();
  if (phase_ != Phase::kHijacked && phase_ != Phase::kClosed) Close(CloseHow::kAbort);
}

// The step after an answer. Returns false when no further request is served.
inline bool Http1Conn::ApplyOutcome(Outcome outcome, const Http1Exchange& exchange) {
  // Taken over, detached, or cut while the handler ran.
  if (phase_ != Phase::kHandler && phase_ != Phase::kDrain) return false;
  if (outcome == Outcome::kRefused) [[unlikely]] {
    Refuse(exchange.WhyRefused(), exchange.IsHead());
    return false;
  }
  served_before_ = true;
  switch (outcome) {
    case Outcome::kKeepAlive:
      if (!services_->keep_alive.load(std::memory_order_relaxed)) break;
      if (phase_ == Phase::kHandler) [[likely]] {
        Move<Phase::kHandler, PhaseEvent::kBodyDone>();
      } else {
        Move<Phase::kDrain, PhaseEvent::kBodyDone>();
      }
      services_->ReportState(*connection_, ConnState::kIdle);
      return true;
    case Outcome::kLinger:
      Close(CloseHow::kLinger);
      return false;
    case Outcome::kAbort:
    case Outcome::kTakenOver:
      Close(CloseHow::kAbort);
      return false;
    case Outcome::kClose:
    case Outcome::kRefused:
    case Outcome::kUnreadBody:
      break;
  }
  Close(CloseHow::kGraceful);
  return false;
}

// The last step of the fiber: the connection waits, or closes, without an exchange.
HON_NO_CANARY void Http1Conn::FinishServing(Http1Exchange& exchange) {
  exchange_ = nullptr;
  AwaitNextRequest();
  // Nothing runs on this fiber any more but the hooks of a connection that ends.
  const bool gone = disconnected_ || phase_ == Phase::kHijacked;
  if (gone) [[unlikely]]
    fiber::SetAttributes({});
  exchange.Detach(*scope_);
  services_->exchanges.GiveBack(exchange);
  if (phase_ == Phase::kDetached && !lent_) services_->queue.Add(*this);
  if (!gone) return;
  if (phase_ == Phase::kHijacked) return Destroy();
  Ended();
}

inline void Http1Conn::AwaitNextRequest() {
  if (phase_ == Phase::kIdle || phase_ == Phase::kHead) {
    connection_->FlushLater();
    connection_->ConsumedInput();
  }
  if (phase_ == Phase::kIdle) {
    connection_->SetDeadline(
        DeadlineKind::kIdle,
        DeadlineAfter(services_->loop.Now(), services_->settings.keep_alive_timeout));
  }
}

void Http1Conn::HandOver() {
  HON_ASSERT(phase_ == Phase::kIdle && exchange_ == nullptr && !served_before_ && Admitted());
  scope_ = &services_->base_scope;
  Destroy();
}

std::unique_ptr<io::Conn> Http1Conn::TakeOver() {
  std::unique_ptr<io::Conn> taken = services_->TakeOver(*connection_);
  Move<Phase::kHandler, PhaseEvent::kHijack>();
  services_->ReportState(*connection_, ConnState::kHijacked);
  services_->LeaveConnection();
  return taken;
}

// --- Answers that go on without their handlers.

void Http1Conn::Lend(io::ConnSink& sink, bool keep_alive) {
  HON_ASSERT(!lent_);
  Move<Phase::kHandler, PhaseEvent::kDetach>();
  closes_after_loan_ = !keep_alive;
  lent_ = true;
  events_ = &connection_->GetEventHandler();
  fiber::LendConn(*connection_, sink, &services_->lent, *this);
}

void Http1Conn::OnConnReturned(bool whole) {
  HON_ASSERT(lent_);
  lent_ = false;
  connection_->SetEventHandler(*events_);
  if (!whole) {
    Fault();
  } else if (exchange_ == nullptr) {  // else FinishServing does
    services_->queue.Add(*this);
  }
}

void Http1Conn::OnConnEnded(const Error& why) { OnDisconnect(why); }

void Http1Conn::GoOnAfterLoan() {
  served_before_ = true;
  if (closes_after_loan_ || !services_->keep_alive.load(std::memory_order_relaxed)) {
    return Close(CloseHow::kGraceful);
  }
  Move<Phase::kDetached, PhaseEvent::kBodyDone>();
  services_->ReportState(*connection_, ConnState::kIdle);
  AwaitNextRequest();
  StartServing();
}

// --- The end.

void Http1Conn::Refuse(adaptor::Refusal refusal, bool head, std::string_view detail) {
  if (phase_ == Phase::kHead && !served_before_) {
    services_->ReportState(*connection_, ConnState::kActive);
  }
  char peer[netpoll::kAddressTextMax];
  Event event = services_->AnswerRefused(
      {.refusal = refusal, .peer = connection_->FormatRemoteAddr(peer), .head = head},
      connection_->Writer());
  if (!detail.empty()) event.detail = detail;
  services_->engine.Report(event);
  Close(CloseHow::kLinger);
}

void Http1Conn::Close(CloseHow how) {
  Fault();
  connection_->SetDeadline(DeadlineKind::kWrite,
                           DeadlineAfter(services_->loop.Now(), services_->settings.write_timeout));
  connection_->Close(how);
}

// Both the socket and the handler are gone.
void Http1Conn::Ended() {
  services_->ReportState(*connection_, ConnState::kClosed);
  if (admission_ != Admission::kRefused) services_->UncountPeer(*connection_);
  services_->LeaveConnection();
  Destroy();
}

void Http1Conn::Destroy() {
  HON_ASSERT(exchange_ == nullptr);
  services_->queue.Remove(*this);
  services_->conns.Remove(*this);
  delete this;
}

Http1Conn::~Http1Conn() {
  if (scope_->Only() == this) delete scope_;
}

void Http1Conn::Fault() {
  const std::optional<Phase> next = NextPhase(phase_, PhaseEvent::kFault);
  HON_ASSERT(next.has_value());
  phase_ = *next;
}

}  // namespace hon::engine
