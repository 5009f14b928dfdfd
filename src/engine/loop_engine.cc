#include "engine/loop_engine.h"

#include <algorithm>
#include <utility>

#include "engine/http1_conn.h"
#include "engine/http2_conn.h"
#include "engine/runtime.h"
#include "hon/base/assert.h"
#include "hon/http/server_context.h"

namespace hon::engine {

// --- Events.

namespace {

Http1Conn& Of(netpoll::Connection& c) { return *static_cast<Http1Conn*>(c.UserData()); }
Http2Conn& Http2Of(netpoll::Connection& c) { return *static_cast<Http2Conn*>(c.UserData()); }

// RFC 7301 §6, RFC 9113 §3.2.
constexpr std::string_view kHttp2Protocol = "h2";

}  // namespace

void Http1Events::OnConnect(netpoll::Connection& c) { Of(c).OnConnect(); }
void Http1Events::OnRequest(netpoll::Connection& c) { Of(c).OnInput(); }
void Http1Events::OnWritable(netpoll::Connection& c) { Of(c).OnWritable(); }

void Http1Events::OnTimeout(netpoll::Connection& c, netpoll::DeadlineKind kind) {
  Of(c).OnTimeout(kind);
}

void Http1Events::OnDisconnect(netpoll::Connection& c, const Error& why) {
  Of(c).OnDisconnect(why);
}

void Http2Events::OnRequest(netpoll::Connection& c) { Http2Of(c).OnInput(); }
void Http2Events::OnWritable(netpoll::Connection& c) { Http2Of(c).OnWritable(); }

void Http2Events::OnTimeout(netpoll::Connection& c, netpoll::DeadlineKind kind) {
  Http2Of(c).OnTimeout(kind);
}

void Http2Events::OnDisconnect(netpoll::Connection& c, const Error& why) {
  Http2Of(c).OnDisconnect(why);
}

void ProtocolEvents::OnConnect(netpoll::Connection& c) {
  const http::Protocols& protocols = services_.settings.protocols;
  const bool plain = c.IsPlain();
  if (Of(c).Admitted()) {
    if (!plain && c.GetRecordLayer()->ApplicationProtocol() == kHttp2Protocol) {
      return BecomeHttp2(c);
    }
    if (plain && protocols.UnencryptedHTTP2()) {
      if (!protocols.HTTP1()) return BecomeHttp2(c);
      return Of(c).OnConnect();  // the first bytes decide
    }
  }
  c.SetEventHandler(http1_);
  Of(c).OnConnect();
}

void ProtocolEvents::OnRequest(netpoll::Connection& c) {
  io::LinkBuffer& in = c.Reader();
  const size_t size = std::min(in.Len(), h2::kClientPreface.size());
  const bool matches = in.Peek(size).value_or("") == h2::kClientPreface.substr(0, size);
  if (matches && size == h2::kClientPreface.size()) return BecomeHttp2(c);
  if (matches && !c.InputEnded()) return;
  c.SetEventHandler(http1_);
  Of(c).OnInput();
}

void ProtocolEvents::OnWritable(netpoll::Connection& c) { Of(c).OnWritable(); }

void ProtocolEvents::OnTimeout(netpoll::Connection& c, netpoll::DeadlineKind kind) {
  Of(c).OnTimeout(kind);
}

void ProtocolEvents::OnDisconnect(netpoll::Connection& c, const Error& why) {
  Of(c).OnDisconnect(why);
}

void ProtocolEvents::BecomeHttp2(netpoll::Connection& c) {
  auto* conn = new Http2Conn(services_, c, Of(c).Scope());
  Of(c).HandOver();
  c.SetUserData(conn);
  c.SetEventHandler(http2_);
  conn->Open();
  if (services_.draining) conn->CloseIfIdle();  // a connection that was accepted as the drain began
}

// --- Accepting.

std::unique_ptr<LoopEngine> LoopEngine::Create(Engine& engine, fiber::Scheduler& scheduler,
                                               const ConnSettings& settings, Shared& shared,
                                               ConnHooks hooks) {
  return std::make_unique<LoopEngineImpl>(engine, scheduler, settings, shared, std::move(hooks));
}

/// Accepts the connections of one listener, under the listener's context.
class LoopEngineImpl::GateHandler final : public netpoll::EventHandler {
 public:
  GateHandler(LoopEngineImpl& owner, appcontext::Context base)
      : owner_(&owner), scope_(owner.services_, std::move(base)) {
    scope_.Watch();
  }
  void OnPrepare(netpoll::Connection& c) override { owner_->Accept(c, scope_); }
  void OnRequest(netpoll::Connection& c) override { owner_->OnRequest(c); }

 private:
  LoopEngineImpl* owner_;
  ConnScope scope_;
};

LoopEngineImpl::LoopEngineImpl(Engine& engine, fiber::Scheduler& scheduler,
                               const ConnSettings& settings, Shared& shared, ConnHooks hooks)
    : services_(engine, scheduler, settings, shared, std::move(hooks), RequestCount()),
      shutdown_(appcontext::WithCancel(appcontext::Background())) {
  services_.base_scope.SetContext(Below(services_.hooks.base));
}

LoopEngineImpl::~LoopEngineImpl() { HON_ASSERT(services_.conns.Empty()); }

netpoll::EventHandler& LoopEngineImpl::Gate(appcontext::Context base) {
  gates_.push_back(std::make_unique<GateHandler>(*this, Below(base)));
  return *gates_.back();
}

// Derives this loop's own context, so that requests share nothing between loops.
appcontext::Context LoopEngineImpl::Below(const appcontext::Context& base) {
  const Engine& engine = services_.engine;
  http::Spawner::Home* const home = &services_.runner.Executor();
  const appcontext::Context placed = appcontext::WithValue(base, &http::LoopHomeKey, home);
  return engine.ReportingHere(appcontext::WithValue(
      appcontext::WithValue(placed, &http::ShutdownContextKey, shutdown_.context),
      &http::SpawnerKey, &engine.GetRuntime().GetSpawner()));
}

void LoopEngineImpl::OnPrepare(netpoll::Connection& c) { Accept(c, services_.base_scope); }

void LoopEngineImpl::Accept(netpoll::Connection& c, ConnScope& scope) {
  auto* conn = new Http1Conn(services_, c, scope);
  c.SetUserData(conn);
  c.SetEventHandler(protocol_);
  conn->OnPrepare(services_.EnterConnection(c));
}

// The events of an accepted connection go to the handler of its protocol.
void LoopEngineImpl::OnRequest(netpoll::Connection&) { HON_ASSERT(false); }

// --- The end.

void LoopEngineImpl::Drain(Grace grace, std::function<void()> on_empty) {
  services_.on_empty = std::move(on_empty);
  BeginEnd(grace.cause);
  services_.loop.Timers().Arm(*this, DeadlineAfter(services_.loop.Now(), grace.hijacked));
  if (grace.idle > Duration::zero()) {
    services_.loop.Timers().Arm(idle_timer_, DeadlineAfter(services_.loop.Now(), grace.idle));
  }
  // Not before the next turn: a request that has reached this machine by now is still answered.
  services_.loop.Post([this, close = grace.idle <= Duration::zero()] {
    if (close) CloseIdle();
    services_.TellWhenEmpty();
  });
}

void LoopEngineImpl::BeginEnd(const Error& cause) {
  if (std::exchange(services_.draining, true)) return;
  UpdateKeepAlive();
  shutdown_.cancel(cause);
  services_.hijacked.TellShutdown();
  services_.lent.TellShutdown();
}

void LoopEngineImpl::UpdateKeepAlive() {
  services_.keep_alive.store(keep_alives_enabled_ && !services_.draining,
                             std::memory_order_relaxed);
}

void LoopEngineImpl::CloseIdle() {
  services_.conns.ForEach([](ConnEntry& conn) { conn.CloseIfIdle(); });
}

void LoopEngineImpl::OnTimer() { EndHijacked(http::ErrServerClosed); }

void LoopEngineImpl::EndHijacked(const Error& cause) {
  services_.hijacked.CutAll(cause);
  services_.conns.ForEach([&](ConnEntry& conn) { conn.EndTakenOver(cause); });
}

void LoopEngineImpl::CutServed(const Error& cause) {
  services_.conns.ForEach([&](ConnEntry& conn) {
    if (conn.GetKind() == ConnEntry::Kind::kServed) conn.Cut(cause);
  });
}

void LoopEngineImpl::CloseAll(const Error& cause) {
  BeginEnd(cause);
  services_.hijacked.CutAll(cause);
  services_.conns.ForEach([&](ConnEntry& conn) { conn.Cut(cause); });
}

void LoopEngineImpl::SetKeepAlivesEnabled(bool enabled) {
  keep_alives_enabled_ = enabled;
  UpdateKeepAlive();
  if (!enabled) CloseIdle();
}

}  // namespace hon::engine
