#include "engine/exchange.h"

#include <span>
#include <utility>

#include "engine/loop_services.h"
#include "engine/placing.h"
#include "engine/runtime.h"
#include "hon/base/flatten.h"
#include "hon/base/guard.h"
#include "hon/http/method.h"
#include "workers/pattern_load.h"

namespace hon::engine {

Exchange::Exchange(LoopServices& services)
    : services_(&services),
      attributes_{
          .context = &request_.Context(),
          .name = &request_.Pattern,
          .hooks = {.before_suspend = SuspendHook, .after_resume = ResumeHook, .argument = this}} {}

void Exchange::ForgetScope(const ConnScope& scope) {
  if (scope.Only() != nullptr) [[unlikely]]
    context_.Arm(services_->base_scope.Context());
}

void Exchange::Cut(const Error& cause) {
  context_.Cancel(cause);
  InterruptWaits(cause);
}

void Exchange::OnTimer() {
  timed_out_ = true;
  context_.Expire(ErrRequestTimeout);
  InterruptWaits(ErrRequestTimeout);
}

void Exchange::BecomeUnwatched() {
  Disarm();
  watched_ = true;
}

Error Exchange::MoveDeadline(TimePoint deadline) {
  if (request_.Context().Done()) return http::ErrNotSupported;
  deadline_ = deadline;
  services_->loop.Timers().Arm(*this, deadline);
  return {};
}

// --- The handler.

HON_NO_CANARY Exchange::Call Exchange::CallHandler(http::ResponseWriter& w) {
  try {
    const Engine& engine = services_->engine;
    if (request_.Method == http::MethodOptions && request_.RequestURI == "*" &&
        engine.GetOptions().general_options) [[unlikely]] {
      AnswerOptions();
    } else {
      Dispatch(engine.Handler().Resolve(request_), w, request_);
    }
    return Call::kReturned;
  } catch (const http::AbortHandler&) {
    return Call::kAborted;
  } catch (...) {
    ReportPanic(ThrownError());
    return Call::kThrew;
  }
}

// Calls the handler on the loop or on a worker, by its placement.
inline void Exchange::Dispatch(const http::Target& target, http::ResponseWriter& w,
                               http::Request& r) {
  const Options& options = services_->engine.GetOptions();
  http::Route& route =
      target.route != nullptr ? *target.route : services_->engine.GetRuntime().Unrouted();
  placement_ = PlacementOf(target, options.placement);
  const bool adaptive = placement_ == Placement::kAdaptive;
  const workers::PatternLoad load(route.runner_word.load(std::memory_order_relaxed));
  const bool away = placement_ == Placement::kWorkers || (adaptive && load.OnWorkers());
  if (away && !target.delegates && CallOnWorker(*target.handler, route, w, r)) return;
  measured_ = adaptive && load.Samples(services_->runner.NextCall(), options.placement_limit);
  if (measured_) burst_.Reset(load.IsNear(options.placement_limit));
  CallInline(*target.handler, route, w, r);
}

inline void Exchange::CallInline(http::Handler& handler, http::Route& route,
                                 http::ResponseWriter& w, http::Request& r) {
  // Ends the call also when it throws.
  struct Running {
    Running(Exchange& exchange, http::Route& of) : self(exchange) {
      self.route_ = &of;
      self.ResumeCall();
    }
    ~Running() {
      self.services_->runner.EndHandler();
      http::Route& of = *std::exchange(self.route_, nullptr);
      if (!std::exchange(self.measured_, false)) return;
      self.burst_.Suspend();
      workers::RecordCall(of.runner_word, self.burst_.Longest(),
                          self.services_->engine.GetOptions().placement_limit);
    }
    Exchange& self;
  };
  const Running running(*this, route);
  handler.ServeHTTP(w, r);
}

[[gnu::noinline]] bool Exchange::CallOnWorker(http::Handler& handler, http::Route& route,
                                              http::ResponseWriter& w, http::Request& r) {
  struct Borrowed {
    explicit Borrowed(Exchange& exchange) : self(exchange) {
      self.call_ = &self.services_->runner.TakeCall();
    }
    ~Borrowed() { self.services_->runner.GiveBack(*std::exchange(self.call_, nullptr)); }
    Exchange& self;
  };
  workers::WorkerPool* const pool = services_->runner.Pool();
  if (pool == nullptr) return false;
  const Borrowed borrowed(*this);
  const WorkerCall::Outcome outcome =
      call_->Run(*pool, {.handler = handler,
                         .route = route,
                         .writer = w,
                         .request = r,
                         .lent = LentToWorker(),
                         .date = services_->date.At(services_->loop.Now())});
  // The handler has not been called: without an answer that is 503.
  if (outcome == WorkerCall::Outcome::kCancelled) SetTimedOut();
  return outcome != WorkerCall::Outcome::kNoWorker;
}

// The inner call is measured for its own route. For the outer call the inner one is a wait. Where
// the inner target has no placement or route, those of the outer call hold.
void Exchange::ServeWithin(http::Target target, http::ResponseWriter& w, http::Request& r) {
  if (TakenOver()) return target.handler->ServeHTTP(w, r);
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
      self.ResumeCall();
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
  Dispatch(target, w, r);
}

Exchange* Exchange::Running() {
  const fiber::SwitchHooks hooks = fiber::CurrentSwitchHooks();
  if (hooks.before_suspend != &SuspendHook) return nullptr;
  auto* exchange = static_cast<Exchange*>(hooks.argument);
  return exchange->route_ == nullptr ? nullptr : exchange;
}

// A request that never waits can be neither timed out nor abandoned, so that its deadline is armed
// by its first suspension.
void Exchange::SuspendHook(void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  exchange.FlushBeforeWait();
  if (exchange.route_ != nullptr) exchange.PauseCall();
  if (std::exchange(exchange.watched_, true)) return;
  exchange.services_->loop.Timers().Arm(exchange, exchange.deadline_);
  exchange.BeginWatch();
}

void Exchange::ResumeHook(void* self) { static_cast<Exchange*>(self)->ResumeCall(); }

void Exchange::PauseCall() {
  services_->runner.EndHandler();
  if (measured_) burst_.Suspend();
}

inline void Exchange::ResumeCall() {
  if (route_ == nullptr) return;
  services_->runner.BeginHandler(*route_);
  if (measured_) burst_.Resume();
}

adaptor::Refusal Exchange::WhyUnanswered(adaptor::BodyReader& body) const {
  if (TimedOut()) return adaptor::Refusal::kOverloaded;
  if (!body.Failed()) return adaptor::Refusal::kNone;
  char byte;
  const Error why = body.Read(std::span(&byte, 1)).err;
  if (why.Is(http::ErrBodyTooLarge)) return adaptor::Refusal::kContentTooLarge;
  if (why.Is(io::ErrDeadlineExceeded)) return adaptor::Refusal::kRequestTimeout;
  return adaptor::Refusal::kBadRequest;
}

// --- Reports.

void Exchange::ReportPanic(const Error& thrown) {
  const std::string what = thrown.Message();
  services_->engine.Report({.kind = Event::Kind::kPanic,
                            .status = HeadSent() ? 0 : 500,
                            .peer = request_.RemoteAddr,
                            .pattern = request_.Pattern,
                            .detail = what});
}

void Exchange::ReportHandlerError(std::string_view message) {
  services_->engine.Report({.kind = Event::Kind::kHandler,
                            .peer = request_.RemoteAddr,
                            .pattern = request_.Pattern,
                            .detail = message});
}

}  // namespace hon::engine
