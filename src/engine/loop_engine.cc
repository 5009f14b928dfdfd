#include "engine/loop_engine.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "base/outside_asan.h"
#include "engine/runtime.h"
#include "hon/base/assert.h"
#include "hon/base/guard.h"
#include "hon/base/sanitizer.h"
#include "hon/fiber/conn.h"
#include "hon/http/server_context.h"
#include "hon/http/time.h"

namespace hon::engine {
namespace {

// Warm exchanges kept for the next requests; more are freed after a burst.
constexpr size_t kFreeExchangesMax = 256;
// Warm calls of workers; each may hold two blocks.
constexpr size_t kFreeCallsMax = 64;
// What Go's server reads beyond MaxHeaderBytes (contract W26).
constexpr size_t kHeaderSlackBytes = 4096;

}  // namespace

std::unique_ptr<LoopEngine> LoopEngine::Create(Engine& engine, fiber::Scheduler& scheduler,
                                               const ConnSettings& settings, Shared& shared,
                                               ConnHooks hooks) {
  return std::make_unique<LoopEngineImpl>(engine, scheduler, settings, shared, std::move(hooks));
}

/// Hands the connections that it is given on, with the context that they are served under.
class LoopEngineImpl::GateHandler final : public netpoll::EventHandler {
 public:
  GateHandler(LoopEngineImpl& owner, appcontext::Context base)
      : owner_(&owner), scope_(owner, std::move(base)) {
    scope_.Watch();
  }
  void OnPrepare(netpoll::Connection& c) override {
    c.SetEventHandler(*owner_);
    owner_->Prepare(c, scope_);
  }
  void OnRequest(netpoll::Connection& c) override { owner_->OnRequest(c); }

 private:
  LoopEngineImpl* owner_;
  ConnScope scope_;
};

LoopEngineImpl::LoopEngineImpl(Engine& engine, fiber::Scheduler& scheduler,
                               const ConnSettings& settings, Shared& shared, ConnHooks hooks)
    : engine_(&engine),
      scheduler_(&scheduler),
      loop_(&scheduler.GetLoop()),
      settings_(settings),
      hooks_(std::move(hooks)),
      shared_(&shared),
      parser_({.head_bytes_max = settings.header_bytes_max + kHeaderSlackBytes,
               .fields_max = settings.header_fields_max}),
      shutdown_(appcontext::WithCancel(appcontext::Background())),
      base_(*this, Below(hooks_.base)),
      // Later, since the last one is still inside the call that ends it.
      hijacked_([this] {
        if (on_empty_) loop_->Post([this] { TellWhenEmpty(); });
      }),
      executor_(scheduler) {
  executor_.Enter();
  if (!CheckedFromOutside()) exchanges_.reserve(kFreeExchangesMax);
  if (engine.GetOptions().stall_time == kUnlimited) return;
  watchdog_ = &engine.GetRuntime().GetWatchdog();
  watchdog_->Watch({&activity_, &probe_, &shared.on_held});
}

LoopEngineImpl::~LoopEngineImpl() {
  HON_ASSERT(first_ == nullptr);
  if (watchdog_ != nullptr) watchdog_->Unwatch(activity_);
  for (Exchange* exchange : exchanges_) {
    Unpoison(exchange, sizeof(Exchange));
    delete exchange;
  }
}

netpoll::EventHandler& LoopEngineImpl::Gate(appcontext::Context base) {
  gates_.push_back(std::make_unique<GateHandler>(*this, Below(base)));
  return *gates_.back();
}

// What this loop adds: a context of its own, so that requests share nothing between loops.
appcontext::Context LoopEngineImpl::Below(const appcontext::Context& base) {
  return engine_->ReportingHere(appcontext::WithValue(
      appcontext::WithValue(base, &http::ShutdownContextKey, shutdown_.context), &http::SpawnerKey,
      &engine_->GetRuntime().GetSpawner()));
}

void LoopEngineImpl::OnPrepare(netpoll::Connection& c) { Prepare(c, base_); }

void LoopEngineImpl::Prepare(netpoll::Connection& c, ConnScope& scope) {
  auto* conn = new HttpConn(*this, c, scope);
  conn->Link(first_);
  first_ = conn;
  c.SetUserData(conn);
  ++connections_;
  const size_t before = shared_->connections.fetch_add(1, std::memory_order_relaxed);
  if (!HasRoomFor(c, before)) conn->RefuseWhenConnected();
  conn->OnPrepare();
}

bool LoopEngineImpl::HasRoomFor(const netpoll::Connection& c, size_t connections) const {
  const size_t hijacked = shared_->hijacked.load(std::memory_order_relaxed);
  if (Draining() || connections + hijacked >= shared_->connections_max) return false;
  if (shared_->per_peer_max == SIZE_MAX) return true;
  char peer[netpoll::kAddressTextMax];
  return shared_->peers.Enter(c.FormatRemoteAddr(peer), shared_->per_peer_max);
}

void LoopEngineImpl::UncountPeer(const netpoll::Connection& connection) {
  if (shared_->per_peer_max == SIZE_MAX) return;
  char peer[netpoll::kAddressTextMax];
  shared_->peers.Leave(connection.FormatRemoteAddr(peer));
}

bool LoopEngineImpl::EnterCounted() {
  if (shared_->in_flight.fetch_add(1, std::memory_order_relaxed) < shared_->in_flight_max) {
    return true;
  }
  LeaveRequest();
  return false;
}

void LoopEngineImpl::OnConnect(netpoll::Connection& c) { Of(c).OnConnect(); }
void LoopEngineImpl::OnRequest(netpoll::Connection& c) { Of(c).OnInput(); }
void LoopEngineImpl::OnWritable(netpoll::Connection& c) { Of(c).OnWritable(); }

void LoopEngineImpl::OnTimeout(netpoll::Connection& c, netpoll::DeadlineKind kind) {
  Of(c).OnTimeout(kind);
}

void LoopEngineImpl::OnDisconnect(netpoll::Connection& c, const Error& why) {
  Of(c).OnDisconnect(why);
}

void LoopEngineImpl::Drain(Duration hijacked_grace, std::function<void()> on_empty) {
  on_empty_ = std::move(on_empty);
  BeginEnd();
  loop_->Timers().Arm(*this, DeadlineAfter(loop_->Now(), hijacked_grace));
  // Not before the next turn: a request that has reached this machine by now is still answered.
  loop_->Post([this] {
    CloseIdle();
    TellWhenEmpty();
  });
}

void LoopEngineImpl::BeginEnd() {
  if (draining_.exchange(true, std::memory_order_relaxed)) return;
  shutdown_.cancel(http::ErrServerClosed);
  hijacked_.TellShutdown();
}

void LoopEngineImpl::CloseIdle() {
  for (HttpConn* conn = first_; conn != nullptr; conn = conn->Next()) conn->CloseIfIdle();
}

void LoopEngineImpl::OnTimer() { EndHijacked(http::ErrServerClosed); }

void LoopEngineImpl::EndHijacked(const Error& cause) {
  hijacked_.CutAll(cause);
  for (HttpConn* conn = first_; conn != nullptr; conn = conn->Next()) conn->CutHijacked(cause);
}

void LoopEngineImpl::CutServed(const Error& cause) {
  for (HttpConn* conn = first_; conn != nullptr; conn = conn->Next()) {
    if (!conn->Hijacked()) conn->Cut(cause);
  }
}

void LoopEngineImpl::CloseAll(const Error& cause) {
  BeginEnd();
  hijacked_.CutAll(cause);
  for (HttpConn* conn = first_; conn != nullptr; conn = conn->Next()) conn->Cut(cause);
}

void LoopEngineImpl::SetKeepAlivesEnabled(bool enabled) {
  keep_alives_.store(enabled, std::memory_order_relaxed);
  if (!enabled) CloseIdle();
}

std::unique_ptr<io::Conn> LoopEngineImpl::TakeOver(netpoll::Connection& connection) {
  shared_->hijacked.fetch_add(1, std::memory_order_relaxed);
  connection.Retain();
  const std::shared_ptr<void> slot(&connection, [this](netpoll::Connection* taken) {
    shared_->hijacked.fetch_sub(1, std::memory_order_relaxed);
    UncountPeer(*taken);
    taken->Release();
  });
  return fiber::NewConn(connection, &hijacked_, slot);
}

void LoopEngineImpl::OnScopeEnd(const ConnScope& scope) {
  for (HttpConn* conn = first_; conn != nullptr; conn = conn->Next()) {
    if (&conn->Scope() == &scope) conn->OnScopeEnd();
  }
}

void LoopEngineImpl::RenewDate() {
  timespec wall = {};
  clock_gettime(CLOCK_REALTIME, &wall);
  http::FormatTime(http::Time::FromUnix(wall.tv_sec), date_);
  date_until_ = loop_->Now() + std::chrono::nanoseconds(1'000'000'000 - wall.tv_nsec);
}

Event LoopEngineImpl::AnswerRefused(const Refused& refused, io::LinkBuffer& out) {
  const adaptor::RefusalText& text = adaptor::DescribeRefusal(refused.refusal);
  const Event event{.kind = refused.refusal == adaptor::Refusal::kInternalError
                                ? Event::Kind::kPanic
                                : Event::Kind::kBadRequest,
                    .status = text.status,
                    .peer = refused.peer,
                    .pattern = refused.pattern,
                    .detail = text.reason};
  const auto body = refused.head ? adaptor::RefusalBody::kLeftOut : adaptor::RefusalBody::kSent;
  std::optional<ErrorReply> own;
  if (const ErrorReplyHook& hook = engine_->GetOptions().error_reply) {
    const Error thrown = CallGuarded([&] { own = hook(event); });
    if (thrown) engine_->ReportThrown("WithErrorReply's hook", thrown);
  }
  if (own) {
    adaptor::WriteRefusal(refused.refusal, {own->content_type, own->body}, out, body,
                          refused.set_before);
  } else {
    adaptor::WriteRefusal(refused.refusal, Date(), out, body, refused.set_before);
  }
  return event;
}

void LoopEngineImpl::Delete(Exchange& exchange) { delete &exchange; }

workers::WorkerPool* LoopEngineImpl::Pool() {
  if (pool_ == nullptr) pool_ = engine_->GetRuntime().Pool(scheduler_->GetOptions());
  return pool_;
}

WorkerCall& LoopEngineImpl::TakeCall() {
  if (calls_.empty()) return *new WorkerCall(executor_, engine_->GetOptions().placement_limit);
  WorkerCall* call = calls_.back().release();
  calls_.pop_back();
  return *call;
}

void LoopEngineImpl::GiveBack(WorkerCall& call) {
  if (calls_.size() == kFreeCallsMax) {
    delete &call;
    return;
  }
  calls_.emplace_back(&call);
}

void LoopEngineImpl::ServeSoon(HttpConn& conn) {
  if (conn.Queued()) return;
  conn.SetQueued(true);
  ready_.push_back(&conn);
  if (!std::exchange(queued_, true)) loop_->Defer(*this);
}

void LoopEngineImpl::Run() {
  queued_ = false;
  serving_.swap(ready_);  // what is queued meanwhile waits for the next turn
  for (HttpConn*& queued : serving_) {
    HttpConn* conn = std::exchange(queued, nullptr);
    if (conn == nullptr) continue;  // closed meanwhile
    conn->SetQueued(false);
    conn->OnTurn();
  }
  serving_.clear();
}

void LoopEngineImpl::Forget(HttpConn& conn) {
  if (conn.Queued()) {
    std::replace(ready_.begin(), ready_.end(), &conn, static_cast<HttpConn*>(nullptr));
    std::replace(serving_.begin(), serving_.end(), &conn, static_cast<HttpConn*>(nullptr));
  }
  if (first_ == &conn) first_ = conn.Next();
  conn.Unlink();
  delete &conn;
}

void LoopEngineImpl::Uncount() {
  shared_->connections.fetch_sub(1, std::memory_order_relaxed);
  --connections_;
  TellWhenEmpty();
}

void LoopEngineImpl::TellWhenEmpty() {
  if (connections_ != 0 || !hijacked_.Empty() || !on_empty_) return;
  std::exchange(on_empty_, nullptr)();
}

}  // namespace hon::engine
