#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/exchange.h"
#include "engine/http_conn.h"
#include "hon/engine/engine.h"
#include "hon/fiber/fiber.h"
#include "hon/http/time.h"
#include "hon/netpoll/loop.h"

namespace hon::engine {

/// What one loop needs to serve: its connections, the pools they draw from, and the queue of those
/// that have more to do than one turn allows.
class LoopEngineImpl final : public LoopEngine, private netpoll::Task {
 public:
  LoopEngineImpl(Engine& engine, fiber::Scheduler& scheduler, const ConnSettings& settings,
                 Shared& shared);
  ~LoopEngineImpl() override;

  void OnPrepare(netpoll::Connection& c) override;
  void OnConnect(netpoll::Connection& c) override;
  void OnRequest(netpoll::Connection& c) override;
  void OnWritable(netpoll::Connection& c) override;
  void OnTimeout(netpoll::Connection& c, netpoll::DeadlineKind kind) override;
  void OnDisconnect(netpoll::Connection& c, const Error& why) override;

  void Drain(std::function<void()> on_empty) override;
  void CloseAll(const Error& cause) override;
  [[nodiscard]] size_t Connections() const override { return connections_; }

  // For the connections and exchanges of this loop.

  [[nodiscard]] Engine& GetEngine() { return *engine_; }
  [[nodiscard]] fiber::Scheduler& GetScheduler() { return *scheduler_; }
  [[nodiscard]] netpoll::Loop& GetLoop() { return *loop_; }
  [[nodiscard]] const ConnSettings& Settings() const { return settings_; }
  [[nodiscard]] bool Draining() const { return draining_; }
  [[nodiscard]] const adaptor::HeadParser& Parser() const { return parser_; }
  [[nodiscard]] const appcontext::Context& BaseContext() const { return base_context_; }
  /// IMF-fixdate of now, made once a second (RFC 9110 §5.6.7).
  [[nodiscard]] std::string_view Date();

  [[nodiscard]] Exchange& TakeExchange();
  void GiveBack(Exchange& exchange);
  /// Serves `conn` after everything else that is ready.
  void ServeSoon(HttpConn& conn);
  /// `conn` is no longer a served connection (closed or hijacked) and nothing refers to it.
  void Forget(HttpConn& conn);
  /// A served connection has ended or was hijacked: it no longer counts.
  void Uncount();

 private:
  void Run() override;  // the deferred task: serves the queue
  static HttpConn& Of(netpoll::Connection& c) { return *static_cast<HttpConn*>(c.UserData()); }

  Engine* engine_;
  fiber::Scheduler* scheduler_;
  netpoll::Loop* loop_;
  ConnSettings settings_;
  Shared* shared_;
  adaptor::HeadParser parser_;
  appcontext::Context base_context_;
  HttpConn* first_ = nullptr;  // all of this loop, doubly linked
  size_t connections_ = 0;
  bool draining_ = false;
  bool queued_ = false;
  std::function<void()> on_empty_;
  std::vector<HttpConn*> ready_;
  std::vector<HttpConn*> serving_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;  // free ones, warmest last
  TimePoint date_until_{};
  std::array<char, http::kTimeBytes> date_{};
};

}  // namespace hon::engine
