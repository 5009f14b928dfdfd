#include "engine/http_conn.h"

#include <string_view>
#include <utility>

#include "engine/exchange.h"
#include "engine/loop_engine.h"
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

// What some clients send behind a body, and the parser skips (RFC 9112 §2.2).
bool IsEmptyLines(io::LinkBuffer& in) {
  constexpr std::string_view kTwoEmptyLines = "\r\n\r\n";
  return in.Len() == kTwoEmptyLines.size() &&
         in.Peek(kTwoEmptyLines.size()).value_or("") == kTwoEmptyLines;
}

}  // namespace

HttpConn::~HttpConn() {
  if (scope_->Only() == this) delete scope_;
}

void HttpConn::OnPrepare() {
  const ConnHooks& hooks = owner_->Hooks();
  if (hooks.context || hooks.local_addr_value) MakeScope(hooks);
  if (hooks.on_state) {
    char peer[netpoll::kAddressTextMax];
    connection_->FormatRemoteAddr(peer);  // so that it is known to the last
  }
  Tell(ConnState::kNew);
}

void HttpConn::MakeScope(const ConnHooks& hooks) {
  const ConnInfo info(*connection_);
  appcontext::Context context = scope_->Context();
  if (hooks.context) {
    const Error thrown = CallGuarded([&] { context = hooks.context(context, info); });
    if (thrown) {
      owner_->GetEngine().ReportThrown("WithConnContext's hook", thrown);
      if (admission_ == Admission::kServed) admission_ = Admission::kReset;
      return;
    }
  }
  if (hooks.local_addr_value) {
    context = appcontext::WithValue(context, &http::LocalAddrContextKey, info.LocalAddr());
  }
  scope_ = new ConnScope(*owner_, std::move(context), this);
  scope_->Watch();
}

void HttpConn::OnConnect() {
  if (admission_ == Admission::kRefused) return Refuse(adaptor::Refusal::kOverloaded);
  if (admission_ == Admission::kReset) return Close(CloseHow::kAbort);
  connection_->SetDeadline(
      DeadlineKind::kRead,
      DeadlineAfter(owner_->GetLoop().Now(), owner_->Settings().read_header_timeout));
}

void HttpConn::OnInput() {
  if (exchange_ != nullptr) return exchange_->OnInput();
  if (!queued_) Serve();
}

void HttpConn::OnWritable() {
  if (exchange_ != nullptr) return exchange_->OnWritable();
  if (!queued_) Serve();
}

void HttpConn::OnTimeout(DeadlineKind kind) {
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
    case Phase::kHijacked:
      return;
    case Phase::kClosed:  // the peer does not take the last answer
      if (kind == DeadlineKind::kWrite) connection_->Close(CloseHow::kAbort);
      return;
  }
}

void HttpConn::OnDisconnect(const Error& why) {
  disconnected_ = true;
  if (phase_ != Phase::kClosed) Move(PhaseEvent::kFault);
  if (exchange_ != nullptr) return exchange_->OnDisconnect(why);
  Ended();
}

// Neither the socket nor a handler is left.
void HttpConn::Ended() {
  Tell(ConnState::kClosed);
  if (admission_ != Admission::kRefused) owner_->UncountPeer(*connection_);
  owner_->Uncount();
  owner_->Forget(*this);
}

void HttpConn::OnTurn() {
  if (exchange_ == nullptr) Serve();
}

void HttpConn::CloseIfIdle() {
  if (phase_ != Phase::kIdle || admission_ != Admission::kServed || !connection_->Reader().Empty())
    return;
  if (served_before_ || owner_->Draining()) Close(CloseHow::kGraceful);
}

void HttpConn::OnScopeEnd() {
  if (exchange_ != nullptr) exchange_->Cut(scope_->Context().Cause());
}

void HttpConn::CutHijacked(const Error& cause) {
  if (phase_ == Phase::kHijacked && exchange_ != nullptr) exchange_->Cut(cause);
}

void HttpConn::OnReplyDone() {
  if (phase_ == Phase::kHandler) Move(PhaseEvent::kReplyDone);  // else it was cut meanwhile
}

void HttpConn::OnHijack() {
  Move(PhaseEvent::kHijack);
  Tell(ConnState::kHijacked);
  owner_->Uncount();
}

void HttpConn::OnExchangeEnd(ExchangeEnd end) {
  exchange_ = nullptr;
  ended_ = end;
  owner_->LeaveRequest();
  if (in_serve_ || !AfterExchange(end)) return;
  if (!connection_->Reader().Empty() || connection_->InputEnded()) owner_->ServeSoon(*this);
}

void HttpConn::Cut(const Error& cause) {
  if (exchange_ != nullptr) exchange_->Cut(cause);
  if (disconnected_ || phase_ == Phase::kHijacked) return;
  if (phase_ != Phase::kClosed) Move(PhaseEvent::kFault);
  connection_->Close(CloseHow::kAbort);
}

// Serves what has arrived, up to the share of one turn. Flat, as the rest of a request's way is:
// the steps are small, and each has one place in it.
HON_FLATTEN void HttpConn::Serve() {
  for (served_ = 0; phase_ == Phase::kIdle || phase_ == Phase::kHead; ++served_) {
    if (connection_->Reader().Empty()) {
      if (connection_->InputEnded()) Close(CloseHow::kGraceful);
      return;
    }
    if (served_ == kRequestsPerTurnMax) return owner_->ServeSoon(*this);
    if (AnswersPileUp() || !ServeOne()) return;
  }
}

// A client that asks on and on and takes no answer is not served further until it does.
inline bool HttpConn::AnswersPileUp() {
  if (connection_->Writer().Len() < io::kHighWaterBytes) {
    if (connection_->Deadline(DeadlineKind::kWrite) != kNever) {
      connection_->SetDeadline(DeadlineKind::kWrite, kNever);
    }
    return false;
  }
  const Error broken = connection_->Flush();  // OnDisconnect follows
  if (broken) return true;
  const bool still = connection_->Writer().Len() >= io::kHighWaterBytes;
  connection_->SetDeadline(
      DeadlineKind::kWrite,
      still ? DeadlineAfter(owner_->GetLoop().Now(), owner_->Settings().write_timeout) : kNever);
  return still;
}

// What Serve would do between two requests does nothing, or is done here. Inside of Serve, so that
// what a turn is for holds; not where somebody is told of each step.
bool HttpConn::MayGoOn() {
  const bool plain = in_serve_ && phase_ == Phase::kHandler && !owner_->Hooks().on_state &&
                     owner_->KeepAlives() && !scope_->Ended();
  if (!plain || served_ + 1 == kRequestsPerTurnMax || connection_->Reader().Empty() ||
      connection_->Writer().Len() >= io::kHighWaterBytes) {
    return false;
  }
  ++served_;
  served_before_ = true;
  connection_->ConsumedInput();
  return true;
}

// Reads one head and runs its handler. False when the rest has to wait for an event.
inline bool HttpConn::ServeOne() {
  if (phase_ == Phase::kIdle) Move(PhaseEvent::kBytes);
  Exchange& exchange = owner_->TakeExchange();
  adaptor::Refusal refusal = adaptor::Refusal::kNone;
  switch (exchange.ReadHead(connection_->Reader(), scan_)) {
    case adaptor::HeadStatus::kIncomplete:
      owner_->GiveBack(exchange);
      return AwaitRestOfHead();
    case adaptor::HeadStatus::kBad:
      refusal = exchange.WhyBad();
      break;
    case adaptor::HeadStatus::kDone:
      refusal = Admit(exchange);
      break;
  }
  scan_ = {};
  if (refusal != adaptor::Refusal::kNone) {
    exchange.Abandon();
    owner_->GiveBack(exchange);
    Refuse(refusal);
    return false;
  }
  Move(PhaseEvent::kHeadDone);
  connection_->SetDeadline(DeadlineKind::kRead, kNever);
  if (exchange.HeadBytes() >= netpoll::kInputHighWaterBytes) {
    connection_->SetInputHighWater(netpoll::kInputHighWaterBytes);
  }
  exchange_ = &exchange;
  Tell(ConnState::kActive);
  if (scope_->Ended()) exchange.Cut(scope_->Context().Cause());
  in_serve_ = true;
  exchange.Start();
  in_serve_ = false;
  if (exchange_ != nullptr) return false;  // its handler waits
  return AfterExchange(ended_);
}

inline adaptor::Refusal HttpConn::Admit(Exchange& exchange) {
  if (!owner_->EnterRequest()) return adaptor::Refusal::kOverloaded;
  const adaptor::Refusal refusal = exchange.Begin(*this, *connection_);
  if (refusal != adaptor::Refusal::kNone) owner_->LeaveRequest();
  return refusal;
}

bool HttpConn::AwaitRestOfHead() {
  const size_t bytes = connection_->Reader().Len();
  if (connection_->InputEnded()) {
    if (served_before_ && (bytes <= kStrayBytesMax || IsEmptyLines(connection_->Reader()))) {
      Close(CloseHow::kGraceful);
    } else {
      Refuse(adaptor::Refusal::kBadRequest);
    }
    return false;
  }
  // The first head's deadline runs since the accept.
  if (connection_->Deadline(DeadlineKind::kRead) == kNever) {
    connection_->SetDeadline(
        DeadlineKind::kRead,
        DeadlineAfter(owner_->GetLoop().Now(), owner_->Settings().read_header_timeout));
  }
  // A head must come together whole, however much more than a body's share it is.
  if (bytes >= netpoll::kInputHighWaterBytes) {
    connection_->SetInputHighWater(owner_->Parser().Limits().head_bytes_max + 1);
  }
  connection_->ConsumedInput();
  return false;
}

// True when the connection goes on; false when it is closing, or this is destroyed.
inline bool HttpConn::AfterExchange(ExchangeEnd end) {
  if (phase_ == Phase::kHijacked) {
    owner_->Forget(*this);
    return false;
  }
  if (disconnected_) {
    Ended();
    return false;
  }
  if (phase_ == Phase::kClosed) return false;  // cut while the handler ran
  served_before_ = true;
  switch (end) {
    case ExchangeEnd::kKeepAlive:
      if (owner_->KeepAlives()) {
        BecomeIdle();
        return true;
      }
      Close(CloseHow::kGraceful);
      return false;
    case ExchangeEnd::kClose:
      Close(CloseHow::kGraceful);
      return false;
    case ExchangeEnd::kLinger:
      Close(CloseHow::kLinger);
      return false;
    case ExchangeEnd::kAbort:
    case ExchangeEnd::kHijacked:
      Close(CloseHow::kAbort);
      return false;
  }
  return false;
}

inline void HttpConn::BecomeIdle() {
  Move(PhaseEvent::kBodyDone);
  connection_->FlushLater();
  connection_->ConsumedInput();
  connection_->SetDeadline(
      DeadlineKind::kIdle,
      DeadlineAfter(owner_->GetLoop().Now(), owner_->Settings().keep_alive_timeout));
  Tell(ConnState::kIdle);
}

void HttpConn::Refuse(adaptor::Refusal refusal) {
  if (phase_ == Phase::kHead && !served_before_) Tell(ConnState::kActive);
  char peer[netpoll::kAddressTextMax];
  const Event event = owner_->AnswerRefused(
      {.refusal = refusal, .peer = connection_->FormatRemoteAddr(peer)}, connection_->Writer());
  owner_->GetEngine().Report(event);
  Close(CloseHow::kLinger);
}

void HttpConn::Close(CloseHow how) {
  Move(PhaseEvent::kFault);
  connection_->SetDeadline(DeadlineKind::kWrite, DeadlineAfter(owner_->GetLoop().Now(),
                                                               owner_->Settings().write_timeout));
  connection_->Close(how);
}

inline void HttpConn::Move(PhaseEvent event) {
  const std::optional<Phase> next = NextPhase(phase_, event);
  HON_ASSERT(next.has_value());
  phase_ = *next;
}

inline void HttpConn::Tell(ConnState state) {
  if (owner_->Hooks().on_state) [[unlikely]]
    TellHook(state);
}

void HttpConn::TellHook(ConnState state) {
  const Error thrown =
      CallGuarded([&] { owner_->Hooks().on_state(ConnInfo(*connection_), state); });
  if (thrown) owner_->GetEngine().ReportThrown("WithConnState's hook", thrown);
}

void HttpConn::Link(HttpConn* before) {
  next_ = before;
  if (before != nullptr) before->previous_ = this;
}

void HttpConn::Unlink() {
  if (previous_ != nullptr) previous_->next_ = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

}  // namespace hon::engine
