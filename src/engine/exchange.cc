#include "engine/exchange.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "base/outside_asan.h"
#include "engine/http_conn.h"
#include "engine/loop_engine.h"
#include "engine/placing.h"
#include "engine/runtime.h"
#include "engine/worker_call.h"
#include "hon/base/assert.h"
#include "hon/base/flatten.h"
#include "hon/base/guard.h"
#include "hon/base/sanitizer.h"
#include "hon/http/method.h"
#include "hon/http/status.h"
#include "workers/pattern_load.h"

namespace hon::engine {
namespace {

// A body with "OPTIONS *" has no meaning; a longer one is not waited for.
constexpr int64_t kOptionsBodyBytesMax = 4096;

}  // namespace

adaptor::HeadStatus Exchange::ReadHead(io::LinkBuffer& in, adaptor::HeadScan& scan) {
  return owner_->Parser().Read(in, scan, head_, request_.Header);
}

inline adaptor::Refusal Exchange::FillRequest() {
  if (const adaptor::Refusal refusal = adaptor::FillRequest(head_, request_);
      refusal != adaptor::Refusal::kNone) {
    return refusal;
  }
  return head_.content_length > owner_->Settings().body_bytes_max
             ? adaptor::Refusal::kContentTooLarge
             : adaptor::Refusal::kNone;
}

adaptor::Refusal Exchange::Begin(HttpConn& conn, netpoll::Connection& connection) {
  if (const adaptor::Refusal refusal = FillRequest(); refusal != adaptor::Refusal::kNone) {
    return refusal;
  }
  conn_ = &conn;
  connection_ = &connection;
  connection.Retain();
  stream_.Attach(connection, owner_->Settings());
  peer_ = connection.FormatRemoteAddr(remote_addr_);
  BeginRequest();
  return adaptor::Refusal::kNone;
}

// What each request needs, also one behind another on the same fiber.
inline void Exchange::BeginRequest() {
  owner_->CountRequest();
  head_block_ = stream_.In().Hold();
  const Error skipped = stream_.In().Skip(head_.size);
  HON_ASSERT(!skipped);
  body_.Begin(stream_, head_, request_.Trailer, owner_->Settings().body_bytes_max);
  if (head_.HasBody()) request_.Body = http::Body(&body_);
  request_.RemoteAddr = peer_;
  deadline_ =
      DeadlineAfter(owner_->GetLoop().Now(), owner_->GetEngine().GetOptions().request_timeout);
  const appcontext::Context& context = context_.Arm(conn_->Scope().Context(), deadline_);
  if (request_.Context().Node() != context.Node()) request_.SetContext(context);
  timed_out_ = false;
  adaptor::ResponseOptions options;
  options.head = head_.method == "HEAD";
  options.http10 = head_.minor_version == 0;
  options.close = head_.close;
  options.date = owner_->Date();
  options.body = &body_;
  response_.Reset(stream_, *this, options);
}

void Exchange::Start() {
  HttpConn& conn = *conn_;
  try {
    owner_->GetScheduler().Start([](void* self) { static_cast<Exchange*>(self)->Run(); }, this,
                                 FiberAttributes());
  } catch (const std::bad_alloc&) {
    RefuseWithoutStack();
  }
  if (conn.Running() != this) return;  // it has ended, and may serve another connection by now
  // Only a request that waits can be timed out or abandoned.
  if (conn.Closed() || conn.Hijacked()) return;
  owner_->GetLoop().Timers().Arm(*this, deadline_);
  NoticePeer();
}

void Exchange::OnInput() {
  stream_.OnInput();
  NoticePeer();
}

// A read deadline of the handler's that passes when there is nothing to read any more ends the
// context (contract W87).
void Exchange::OnTimeout(netpoll::DeadlineKind kind) {
  if (kind == netpoll::DeadlineKind::kRead && body_.AtEnd() && !stream_.AwaitsInput()) {
    context_.Cancel(io::ErrDeadlineExceeded);
  }
  stream_.OnTimeout(kind);
}

void Exchange::OnDisconnect(const Error& why) {
  stream_.OnDisconnect(why);
  context_.Cancel(ErrClientGone);
}

void Exchange::Cut(const Error& cause) {
  context_.Cancel(cause);
  stream_.Interrupt(cause);
}

// A client that will send nothing more has most likely gone; Go ends the context then, and so do
// we. Its answer is still delivered, since it may only have closed its sending direction. Bytes
// behind this request show that it waits for more answers.
void Exchange::NoticePeer() {
  if (!connection_->PeerFinished()) return;
  const int64_t body_left = call_ == nullptr ? body_.Remaining() : call_->ConnectionBodyLeft();
  const auto unread = static_cast<int64_t>(stream_.In().Len());
  if (body_left >= 0 && unread > body_left) return;
  context_.Cancel(ErrClientGone);
}

void Exchange::OnTimer() {
  timed_out_ = true;
  context_.Expire(ErrRequestTimeout);
  stream_.Interrupt(ErrRequestTimeout);
}

// What has arrived behind a request that did not wait is served where that was, which saves the end
// of one fiber and the start of another.
HON_FLATTEN void Exchange::Run() {
  ExchangeEnd end;
  do {
    end = RunHandler() ? Complete() : CutOff();
    EndRequest();
  } while (end == ExchangeEnd::kKeepAlive && conn_->MayGoOn() && NextRequest());
  fiber::SetAttributes({});  // which refer to this
  End(end);
}

// Any that needs more than a look at what is there is left to the connection.
inline bool Exchange::NextRequest() {
  adaptor::HeadScan scan;
  const bool found = ReadHead(stream_.In(), scan) == adaptor::HeadStatus::kDone &&
                     FillRequest() == adaptor::Refusal::kNone;
  if (!found) {
    request_.Recycle();
    return false;
  }
  stream_.Renew(owner_->Settings());
  BeginRequest();
  fiber::SetAttributes(FiberAttributes());  // the last handler may have changed them
  return true;
}

fiber::Attributes Exchange::FiberAttributes() {
  return {.context = &request_.Context(),
          .name = &request_.Pattern,
          .hooks = {.before_suspend = SuspendHook,
                    .after_resume = [](void* self) { static_cast<Exchange*>(self)->OnResume(); },
                    .argument = this}};
}

// The connection goes on, or ends, without this.
inline void Exchange::End(ExchangeEnd end) {
  HttpConn& conn = *conn_;
  if (conn.Scope().Only() != nullptr) {
    context_.Arm(owner_->BaseScope().Context());  // the connection's values end with it
  }
  stream_.Detach();
  connection_->Release();
  connection_ = nullptr;
  conn_ = nullptr;
  owner_->GiveBack(*this);
  conn.OnExchangeEnd(end);
}

// Nothing has run: what a handler throws never leaves its fiber.
void Exchange::RefuseWithoutStack() {
  Refuse(adaptor::Refusal::kOverloaded);
  owner_->GetEngine().Report({.kind = Event::Kind::kBadRequest,
                              .status = http::StatusServiceUnavailable,
                              .peer = request_.RemoteAddr,
                              .detail = "no memory for the stack of another handler"});
  const ExchangeEnd end = CutOff();
  EndRequest();
  End(end);
}

// False when the handler threw.
inline bool Exchange::RunHandler() {
  try {
    if (request_.Method == http::MethodOptions && request_.RequestURI == "*" &&
        owner_->GetEngine().GetOptions().general_options) {
      AnswerOptions();
    } else {
      Serve(owner_->GetEngine().Handler().Resolve(request_), response_, request_);
    }
    return true;
  } catch (const http::AbortHandler&) {
    return false;
  } catch (...) {
    ReportPanic(ThrownError().Message());
  }
  Refuse(adaptor::Refusal::kInternalError);
  return false;
}

// Calls the handler where it belongs.
void Exchange::Serve(const http::Target& target, http::ResponseWriter& w, http::Request& r) {
  const Options& options = owner_->GetEngine().GetOptions();
  http::Route& route =
      target.route != nullptr ? *target.route : owner_->GetEngine().GetRuntime().Unrouted();
  placement_ = PlacementOf(target, options.placement);
  const bool adaptive = placement_ == Placement::kAdaptive;
  const workers::PatternLoad load(route.runner_word.load(std::memory_order_relaxed));
  const bool away = placement_ == Placement::kWorkers || (adaptive && load.OnWorkers());
  if (away && !target.delegates && ServeOnWorker(*target.handler, route, w, r)) return;
  measured_ = adaptive && load.Samples(owner_->NextCall(), options.placement_limit);
  ServeInline(*target.handler, route, w, r);
}

inline void Exchange::ServeInline(http::Handler& handler, http::Route& route,
                                  http::ResponseWriter& w, http::Request& r) {
  // Ends the call also when it throws.
  struct Call {
    Call(Exchange& exchange, http::Route& of) : self(exchange) {
      self.route_ = &of;
      self.OnResume();
    }
    ~Call() {
      self.owner_->LeaveHandler();
      http::Route& of = *std::exchange(self.route_, nullptr);
      if (!std::exchange(self.measured_, false)) return;
      self.burst_.Suspend();
      workers::RecordCall(of.runner_word, self.burst_.Longest(),
                          self.owner_->GetEngine().GetOptions().placement_limit);
    }
    Exchange& self;
  };
  if (measured_) burst_.Reset();
  const Call call(*this, route);
  handler.ServeHTTP(w, r);
}

// The inner call is judged by its own route, and what it takes is not the outer one's: for that it
// is as if it waited. Where there is no inner wish or route, the outer ones hold.
void Exchange::ServeWithin(http::Target target, http::ResponseWriter& w, http::Request& r) {
  if (response_.Hijacked()) return target.handler->ServeHTTP(w, r);
  struct Pause {
    explicit Pause(Exchange& exchange)
        : self(exchange),
          route(exchange.route_),
          placement(exchange.placement_),
          measured(exchange.measured_) {
      self.PauseCall();
      burst = self.burst_;
      self.route_ = nullptr;
    }
    ~Pause() {
      self.route_ = route;
      self.placement_ = placement;
      self.measured_ = measured;
      self.burst_ = burst;
      self.OnResume();
    }
    Exchange& self;
    http::Route* const route;
    const Placement placement;
    const bool measured;
    workers::BurstTimer burst;
  };
  const Pause pause(*this);
  if (target.route == nullptr) target.route = pause.route;
  if (target.runner_hint == 0) target.runner_hint = HintFor(pause.placement);
  Serve(target, w, r);
}

Exchange* Exchange::Running() {
  const fiber::SwitchHooks hooks = fiber::CurrentSwitchHooks();
  if (hooks.before_suspend != &SuspendHook) return nullptr;
  auto* exchange = static_cast<Exchange*>(hooks.argument);
  return exchange->route_ == nullptr ? nullptr : exchange;
}

void Exchange::SuspendHook(void* self) { static_cast<Exchange*>(self)->OnSuspend(); }

void Exchange::OnSuspend() {
  stream_.OnSuspend();
  if (route_ != nullptr) PauseCall();
}

inline void Exchange::PauseCall() {
  owner_->LeaveHandler();
  if (measured_) burst_.Suspend();
}

inline void Exchange::OnResume() {
  if (route_ == nullptr) return;
  owner_->EnterHandler(*route_);
  if (measured_) burst_.Resume();
}

// False when there is no worker to be had: the call has to be made here.
bool Exchange::ServeOnWorker(http::Handler& handler, http::Route& route, http::ResponseWriter& w,
                             http::Request& r) {
  struct Borrowed {
    explicit Borrowed(Exchange& exchange) : self(exchange) {
      self.call_ = &self.owner_->TakeCall();
    }
    ~Borrowed() { self.owner_->GiveBack(*std::exchange(self.call_, nullptr)); }
    Exchange& self;
  };
  workers::WorkerPool* pool = owner_->Pool();
  if (pool == nullptr) return false;
  const Borrowed borrowed(*this);
  const WorkerCall::Outcome outcome = call_->Run(*pool, {.handler = handler,
                                                         .route = route,
                                                         .writer = w,
                                                         .request = r,
                                                         .response = response_,
                                                         .body = body_,
                                                         .stream = stream_,
                                                         .control = *this,
                                                         .date = owner_->Date()});
  // The handler has not been called: without an answer that is 503.
  if (outcome == WorkerCall::Outcome::kCancelled) timed_out_ = true;
  return outcome != WorkerCall::Outcome::kNoWorker;
}

// "OPTIONS *" asks about the server, not about a resource (RFC 9110 §9.3.7).
void Exchange::AnswerOptions() {
  if (body_.Remaining() > kOptionsBodyBytesMax) response_.Header().Set("Connection", "close");
  response_.Header().Set(http::HeaderId::kContentLength, "0");
  response_.WriteHeader(http::StatusOK);
}

inline ExchangeEnd Exchange::Complete() {
  if (response_.Hijacked()) return ExchangeEnd::kHijacked;
  if (const adaptor::Refusal refusal = WhySilent(); refusal != adaptor::Refusal::kNone) {
    Refuse(refusal);
    return CutOff();
  }
  // A client that was not told to go on may or may not have sent its body: what has come is not
  // looked at, so that the answer does not depend on it.
  if (!response_.HeadSent() && !body_.ContinueWithheld())
    body_.DrainReceived(adaptor::kUnreadBodyBytesMax);
  response_.Finish();
  if (stream_.Disconnected()) return ExchangeEnd::kAbort;
  if (response_.OutputError() || stream_.PastWriteDeadline()) return ExchangeEnd::kAbort;
  if (!response_.MustClose() && !body_.AtEnd()) {
    conn_->OnReplyDone();
    connection_->FlushLater();  // the client may wait for the answer before it sends the rest
    if (body_.Drain(adaptor::kUnreadBodyBytesMax)) return ExchangeEnd::kKeepAlive;
    return ExchangeEnd::kLinger;
  }
  if (!response_.MustClose()) return ExchangeEnd::kKeepAlive;
  return body_.AtEnd() ? ExchangeEnd::kClose : ExchangeEnd::kLinger;
}

// Why a handler that returned without having written anything is answered for: an empty 200 would
// be a lie where the request could not be read or was given up.
inline adaptor::Refusal Exchange::WhySilent() {
  if (response_.Status() != 0) return adaptor::Refusal::kNone;
  if (timed_out_) return adaptor::Refusal::kOverloaded;
  if (!body_.Failed()) return adaptor::Refusal::kNone;
  char byte;
  const Error why = body_.Read(std::span(&byte, 1)).err;
  if (why.Is(http::ErrBodyTooLarge)) return adaptor::Refusal::kContentTooLarge;
  if (why.Is(io::ErrDeadlineExceeded)) return adaptor::Refusal::kRequestTimeout;
  return adaptor::Refusal::kBadRequest;
}

// Answers instead of the handler; what it had prepared is dropped.
void Exchange::Refuse(adaptor::Refusal refusal) {
  if (response_.HeadSent() || stream_.Disconnected()) return;
  owner_->AnswerRefused({.refusal = refusal,
                         .peer = request_.RemoteAddr,
                         .pattern = request_.Pattern,
                         .head = request_.Method == http::MethodHead,
                         .set_before = &response_.Header()},
                        stream_.Out());
}

// The connection ends here. An answer that is not whole must show it: a length or an end mark that
// is missing does; HTTP/1.0 may have neither, there only a reset does.
ExchangeEnd Exchange::CutOff() {
  if (response_.Hijacked()) return ExchangeEnd::kHijacked;
  if (stream_.Disconnected()) return ExchangeEnd::kAbort;
  if (head_.minor_version == 0 && response_.HeadSent()) return ExchangeEnd::kAbort;
  return body_.AtEnd() ? ExchangeEnd::kClose : ExchangeEnd::kLinger;
}

void Exchange::ReportPanic(std::string_view what) {
  owner_->GetEngine().Report({.kind = Event::Kind::kPanic,
                              .status = response_.HeadSent() ? 0 : 500,
                              .peer = request_.RemoteAddr,
                              .pattern = request_.Pattern,
                              .detail = what});
}

Result<std::unique_ptr<io::Conn>> Exchange::Hijack() {
  if (conn_->Closed()) return Fail(stream_.Disconnected() ? stream_.Failure() : io::ErrClosed);
  Disarm();
  if (Error err = body_.Close()) return Fail(std::move(err));
  std::unique_ptr<io::Conn> taken = owner_->TakeOver(*connection_);
  conn_->OnHijack();
  return taken;
}

Error Exchange::SetRequestDeadline(TimePoint deadline) {
  if (request_.Context().Done()) return http::ErrNotSupported;
  deadline_ = deadline;
  owner_->GetLoop().Timers().Arm(*this, deadline);
  return {};
}

bool Exchange::KeepAlive() const { return owner_->KeepAlives(); }

void Exchange::LogHandlerError(std::string_view message) {
  owner_->GetEngine().Report({.kind = Event::Kind::kHandler,
                              .peer = request_.RemoteAddr,
                              .pattern = request_.Pattern,
                              .detail = message});
}

// Ends every view that the handler was given.
inline void Exchange::EndRequest() {
  Disarm();
  stream_.Settle();
  if (!context_.Release(request_.Context())) request_.SetContext({});
  request_.Recycle();
  if (io::Block* block = head_block_.Get(); block != nullptr) {
    PoisonAlways(const_cast<char*>(head_.method.data()), head_.size);
    head_block_.Reset();
  }
}

void Exchange::Abandon() { request_.Recycle(); }

}  // namespace hon::engine
