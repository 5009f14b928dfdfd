#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/conn_scope.h"
#include "engine/exchange.h"
#include "engine/http_conn.h"
#include "engine/worker_call.h"
#include "hon/base/sanitizer.h"
#include "hon/engine/engine.h"
#include "hon/fiber/conn.h"
#include "hon/fiber/fiber.h"
#include "hon/http/time.h"
#include "hon/netpoll/loop.h"
#include "workers/loop_activity.h"
#include "workers/loop_executor.h"
#include "workers/thread_probe.h"
#include "workers/watchdog.h"

namespace hon::engine {

/// A request that no handler answers.
struct Refused {
  adaptor::Refusal refusal;
  std::string_view peer;
  std::string_view pattern = {};
  bool head = false;                         // its method is HEAD
  const http::Header* set_before = nullptr;  // what its handler had set before it failed
};

/// What one loop needs to serve: its connections, the pools they draw from, and the queue of those
/// that have more to do than one turn allows.
class LoopEngineImpl final : public LoopEngine, private netpoll::Task, private netpoll::Timer {
 public:
  LoopEngineImpl(Engine& engine, fiber::Scheduler& scheduler, const ConnSettings& settings,
                 Shared& shared, ConnHooks hooks);
  ~LoopEngineImpl() override;

  void OnPrepare(netpoll::Connection& c) override;
  void OnConnect(netpoll::Connection& c) override;
  void OnRequest(netpoll::Connection& c) override;
  void OnWritable(netpoll::Connection& c) override;
  void OnTimeout(netpoll::Connection& c, netpoll::DeadlineKind kind) override;
  void OnDisconnect(netpoll::Connection& c, const Error& why) override;

  netpoll::EventHandler& Gate(appcontext::Context base) override;
  void Drain(Duration hijacked_grace, std::function<void()> on_empty) override;
  void EndHijacked(const Error& cause) override;
  void CutServed(const Error& cause) override;
  void CloseAll(const Error& cause) override;
  void SetKeepAlivesEnabled(bool enabled) override;
  [[nodiscard]] size_t Connections() const override { return connections_; }

  // For the connections and exchanges of this loop.

  [[nodiscard]] Engine& GetEngine() { return *engine_; }
  [[nodiscard]] fiber::Scheduler& GetScheduler() { return *scheduler_; }
  [[nodiscard]] netpoll::Loop& GetLoop() { return *loop_; }
  [[nodiscard]] const ConnSettings& Settings() const { return settings_; }
  [[nodiscard]] const ConnHooks& Hooks() const { return hooks_; }
  /// These two from any thread.
  [[nodiscard]] bool Draining() const { return draining_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool KeepAlives() const {
    return keep_alives_.load(std::memory_order_relaxed) && !Draining();
  }
  [[nodiscard]] const adaptor::HeadParser& Parser() const { return parser_; }
  [[nodiscard]] ConnScope& BaseScope() { return base_; }
  /// IMF-fixdate of now, made once a second (RFC 9110 §5.6.7).
  [[nodiscard]] std::string_view Date() {
    if (loop_->Now() >= date_until_) RenewDate();
    return {date_.data(), date_.size()};
  }

  /// Writes the answer to a request that no handler answers, in the words of WithErrorReply if it
  /// has any, and returns what there is to report.
  Event AnswerRefused(const Refused& refused, io::LinkBuffer& out);

  /// On the loop's thread, which alone counts: a plain addition.
  void CountRequest() { RequestCount().store(Requests() + 1, std::memory_order_relaxed); }
  [[nodiscard]] Exchange& TakeExchange() {
    if (exchanges_.empty()) return *new Exchange(*this);
    Exchange* exchange = exchanges_.back();
    exchanges_.pop_back();
    Unpoison(exchange, sizeof(Exchange));
    return *exchange;
  }
  /// A Request or ResponseWriter that a handler kept past its return is caught from here on.
  void GiveBack(Exchange& exchange) {
    if (exchanges_.size() == exchanges_.capacity()) return Delete(exchange);
    exchanges_.push_back(&exchange);
#ifdef HON_ASAN
    Poison(&exchange, sizeof(Exchange));
#endif
  }
  /// `conn` as its handler's own, until it ends.
  [[nodiscard]] std::unique_ptr<io::Conn> TakeOver(netpoll::Connection& connection);
  /// The context of `scope` has ended.
  void OnScopeEnd(const ConnScope& scope);
  /// A handler of `route` begins, or goes on, to run on this thread; then it ends, or waits.
  void EnterHandler(http::Route& route) {
    activity_.BeginHandler(route);
    if (watchdog_ != nullptr) watchdog_->NoteHandler();
  }
  void LeaveHandler() { activity_.EndHandler(); }
  /// Null when the system has no thread for it.
  [[nodiscard]] workers::WorkerPool* Pool();
  [[nodiscard]] WorkerCall& TakeCall();
  void GiveBack(WorkerCall& call);
  /// Numbers the calls of handlers, to pick some of them.
  [[nodiscard]] uint32_t NextCall() { return ++calls_made_; }
  /// Serves `conn` after everything else that is ready.
  void ServeSoon(HttpConn& conn);
  /// Whether another request may be served now. It is counted until Leave.
  [[nodiscard]] bool EnterRequest() { return shared_->in_flight_max == SIZE_MAX || EnterCounted(); }
  void LeaveRequest() {
    if (shared_->in_flight_max != SIZE_MAX) {
      shared_->in_flight.fetch_sub(1, std::memory_order_relaxed);
    }
  }
  /// `conn` is no longer a served connection (closed or hijacked) and nothing refers to it.
  void Forget(HttpConn& conn);
  /// A served connection has ended or was hijacked: it no longer counts.
  void Uncount();
  /// What Prepare has counted of its peer ends.
  void UncountPeer(const netpoll::Connection& connection);

 private:
  class GateHandler;

  void Run() override;      // the deferred task: serves the queue
  void OnTimer() override;  // the end of the hijacked connections' grace
  void Prepare(netpoll::Connection& c, ConnScope& scope);
  [[nodiscard]] bool HasRoomFor(const netpoll::Connection& c, size_t connections) const;
  [[nodiscard]] appcontext::Context Below(const appcontext::Context& base);
  void BeginEnd();
  void CloseIdle();
  void TellWhenEmpty();
  void RenewDate();
  void Delete(Exchange& exchange);
  [[nodiscard]] bool EnterCounted();
  static HttpConn& Of(netpoll::Connection& c) { return *static_cast<HttpConn*>(c.UserData()); }

  Engine* engine_;
  fiber::Scheduler* scheduler_;
  netpoll::Loop* loop_;
  ConnSettings settings_;
  ConnHooks hooks_;
  Shared* shared_;
  adaptor::HeadParser parser_;
  appcontext::Cancelable shutdown_;
  ConnScope base_;
  std::vector<std::unique_ptr<GateHandler>> gates_;
  fiber::ConnGroup hijacked_;
  HttpConn* first_ = nullptr;  // all of this loop, doubly linked
  size_t connections_ = 0;
  std::atomic<bool> draining_{false};
  std::atomic<bool> keep_alives_{true};
  bool queued_ = false;
  std::function<void()> on_empty_;
  std::vector<HttpConn*> ready_;
  std::vector<HttpConn*> serving_;
  std::vector<Exchange*> exchanges_;  // free ones, warmest last; as many as it has capacity for
  workers::LoopExecutor executor_;
  workers::LoopActivity activity_;
  workers::ThreadProbe probe_;
  workers::Watchdog* watchdog_ = nullptr;           // unless it is switched off
  workers::WorkerPool* pool_ = nullptr;             // once it was needed
  std::vector<std::unique_ptr<WorkerCall>> calls_;  // free ones, warmest last
  uint32_t calls_made_ = 0;
  TimePoint date_until_{};
  std::array<char, http::kTimeBytes> date_{};
};

}  // namespace hon::engine
