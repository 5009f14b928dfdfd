#pragma once

#include "engine/await_disk.h"
#include "engine/loop_services.h"
#include "engine/worker_call.h"
#include "hon/adaptor/body_reader.h"
#include "hon/adaptor/refusal.h"
#include "hon/appcontext/reusable.h"
#include "hon/base/assert.h"
#include "hon/engine/placement.h"
#include "hon/fiber/fiber.h"
#include "hon/http/handler.h"
#include "hon/http/request.h"
#include "hon/netpoll/timer.h"
#include "workers/burst_timer.h"

namespace hon::engine {

/// The cause of a request's context that ended because the client closed the connection, or
/// finished sending before its answer was complete.
inline constexpr Sentinel ErrClientGone{"http: client disconnected"};
/// The cause of a request's context that ended by WithRequestTimeout.
inline constexpr Sentinel ErrRequestTimeout{"http: request timeout"};

/// One request and the call of its handler, independent of the protocol: the request's context and
/// deadline, where the handler runs, and the treatment of its exceptions. The exchange of a
/// protocol derives from this class and adds the wire: the source of the request and the way of the
/// answer.
///
/// Used on the fiber of the exchange, but for the calls that say otherwise.
class Exchange : private netpoll::Timer {
 public:
  /// Ends the context and every wait of the handler. On the loop, outside the fiber.
  [[gnu::cold, gnu::noinline]] void Cut(const Error& cause);

  /// The exchange whose handler runs on this fiber, on its own loop; or null.
  [[nodiscard]] static Exchange* Running();
  /// The placement and the route of the running call.
  [[nodiscard]] Placement CallPlacement() const { return placement_; }
  [[nodiscard]] http::Route* CallRoute() const { return route_; }
  /// Has the disk bring a part of a file into memory, for which the fiber waits.
  void AwaitFile(const io::File& file, int64_t offset, int64_t count) {
    AwaitDisk(file, offset, count, services_->files, services_->loop.Now());
  }
  /// Calls `target` for the running handler, where the target is placed.
  void ServeWithin(http::Target target, http::ResponseWriter& w, http::Request& r);

  /// The attributes of the fiber that serves this exchange, while a request is under way.
  [[nodiscard]] const fiber::Attributes& FiberAttributes() const { return attributes_; }

 protected:
  explicit Exchange(LoopServices& services);
  ~Exchange() override = default;

  /// How a handler has ended.
  enum class Call : uint8_t {
    kReturned,
    kAborted,  // threw http::AbortHandler
    kThrew,    // another exception, which has been reported
  };

  /// Makes the context of request_, below that of `scope`, and starts its deadline.
  void BeginContext(const ConnScope& scope) {
    deadline_ = DeadlineAfter(services_->loop.Now(), services_->request_timeout);
    const appcontext::Context& context = context_.Arm(scope.Context(), deadline_);
    if (request_.Context().Node() != context.Node()) [[unlikely]]
      request_.SetContext(context);
    timed_out_ = false;
    watched_ = false;
    if (scope.Ended()) [[unlikely]]
      Cut(scope.Context().Cause());
  }
  /// Calls the handler for request_ with `w`.
  [[nodiscard]] Call CallHandler(http::ResponseWriter& w);
  /// The refusal that answers for a handler that has returned: kNone with a `status`, which is that
  /// of its own answer. Without one an empty 200 is the answer, but where `body` could not be read,
  /// or the request has timed out.
  [[nodiscard]] adaptor::Refusal WhySilent(int status, adaptor::BodyReader& body) const {
    return status != 0 ? adaptor::Refusal::kNone : WhyUnanswered(body);
  }
  /// Ends what BeginContext began. The context lives on where the handler has kept it.
  void EndContext() {
    HON_ASSERT(route_ == nullptr);
    if (Armed()) [[unlikely]]
      Disarm();
    if (!context_.Release(request_.Context())) [[unlikely]]
      request_.SetContext({});
  }
  /// Drops the values of a connection's own context, which must not outlive the connection.
  void ForgetScope(const ConnScope& scope);
  /// Ends the context as canceled; waits of the handler on the context return.
  void Cancel(const Error& cause) { context_.Cancel(cause); }
  /// The connection belongs to the handler: from now on neither a deadline nor the peer's leaving
  /// ends the context.
  [[gnu::cold]] void BecomeUnwatched();
  /// http::ResponseWriter::SetRequestDeadline.
  [[gnu::cold]] Error MoveDeadline(TimePoint deadline);
  /// Whether WithRequestTimeout has ended the context.
  [[nodiscard]] bool TimedOut() const { return timed_out_; }
  void SetTimedOut() { timed_out_ = true; }
  [[gnu::cold]] void ReportHandlerError(std::string_view message);

  LoopServices* const services_;
  http::Request request_;
  WorkerCall* call_ = nullptr;  // while a worker owns request, body and response

 private:
  // netpoll::Timer: the deadline of the context has passed.
  [[gnu::cold]] void OnTimer() override;

  // The interface of a protocol.

  /// The fiber is about to be suspended: waiting output may be sent.
  virtual void FlushBeforeWait() = 0;
  /// The first suspension of a request: from now on the leaving of the peer is noticed.
  virtual void BeginWatch() = 0;
  /// Waits for the peer, present and future ones, fail with `cause`. On the loop.
  virtual void InterruptWaits(const Error& cause) = 0;
  /// Whether the answer's head is sent, so that no other answer can follow.
  [[nodiscard]] virtual bool HeadSent() const = 0;
  [[nodiscard]] virtual bool TakenOver() const = 0;
  /// The objects of the exchange that a worker uses while it calls a handler.
  [[nodiscard]] virtual WorkerCall::Lent LentToWorker() = 0;
  /// Answers "OPTIONS *" (RFC 9110 §9.3.7).
  virtual void AnswerOptions() = 0;

  [[gnu::always_inline]] void Dispatch(const http::Target& target, http::ResponseWriter& w,
                                       http::Request& r);
  [[gnu::always_inline]] void CallInline(http::Handler& handler, http::Route& route,
                                         http::ResponseWriter& w, http::Request& r);
  /// Has a worker call `handler` and waits for its end. Returns false, and has done nothing, when
  /// no worker is available.
  [[nodiscard]] bool CallOnWorker(http::Handler& handler, http::Route& route,
                                  http::ResponseWriter& w, http::Request& r);
  static void SuspendHook(void* self);
  static void ResumeHook(void* self);
  void PauseCall();
  void ResumeCall();
  [[gnu::cold, gnu::noinline]] void ReportPanic(const Error& thrown);
  [[nodiscard, gnu::noinline]] adaptor::Refusal WhyUnanswered(adaptor::BodyReader& body) const;

  const fiber::Attributes attributes_;
  appcontext::ReusableContext context_;
  workers::BurstTimer burst_;
  http::Route* route_ = nullptr;              // of the handler, while it runs on this fiber
  TimePoint deadline_ = kNever;               // of the context
  Placement placement_ = Placement::kInline;  // of the running call
  bool timed_out_ = false;
  bool measured_ = false;  // burst_ measures the running call
  bool watched_ = false;   // the deadline is armed, and BeginWatch was called
};

}  // namespace hon::engine
