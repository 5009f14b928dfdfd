#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/loop_services.h"
#include "hon/engine/engine.h"

namespace hon::engine {

/// Passes the events of a connection to its Http1Conn, which is the connection's UserData.
/// Stateless: one object serves all connections of HTTP/1 on a loop.
class Http1Events final : public netpoll::EventHandler {
 public:
  void OnConnect(netpoll::Connection& c) override;
  void OnRequest(netpoll::Connection& c) override;
  void OnWritable(netpoll::Connection& c) override;
  void OnTimeout(netpoll::Connection& c, netpoll::DeadlineKind kind) override;
  void OnDisconnect(netpoll::Connection& c, const Error& why) override;
};

/// The same for HTTP/2 and Http2Conn.
class Http2Events final : public netpoll::EventHandler {
 public:
  void OnRequest(netpoll::Connection& c) override;
  void OnWritable(netpoll::Connection& c) override;
  void OnTimeout(netpoll::Connection& c, netpoll::DeadlineKind kind) override;
  void OnDisconnect(netpoll::Connection& c, const Error& why) override;
};

/// Passes the events of an accepted connection to its Http1Conn until its protocol is known: by
/// ALPN, or by the first bytes where both protocols may come without TLS (RFC 9113 §3.3).
class ProtocolEvents final : public netpoll::EventHandler {
 public:
  ProtocolEvents(LoopServices& services, Http1Events& http1, Http2Events& http2)
      : services_(services), http1_(http1), http2_(http2) {}

  void OnConnect(netpoll::Connection& c) override;
  void OnRequest(netpoll::Connection& c) override;
  void OnWritable(netpoll::Connection& c) override;
  void OnTimeout(netpoll::Connection& c, netpoll::DeadlineKind kind) override;
  void OnDisconnect(netpoll::Connection& c, const Error& why) override;

 private:
  void BecomeHttp2(netpoll::Connection& c);

  LoopServices& services_;
  Http1Events& http1_;
  Http2Events& http2_;
};

/// The engine's part on one loop: accepts connections and ends them.
class LoopEngineImpl final : public LoopEngine, private netpoll::Timer {
 public:
  LoopEngineImpl(Engine& engine, fiber::Scheduler& scheduler, const ConnSettings& settings,
                 Shared& shared, ConnHooks hooks);
  ~LoopEngineImpl() override;

  // netpoll::EventHandler of an accepted socket; later events go to ProtocolEvents.
  void OnPrepare(netpoll::Connection& c) override;
  void OnRequest(netpoll::Connection& c) override;

  netpoll::EventHandler& Gate(appcontext::Context base) override;
  void Drain(Grace grace, std::function<void()> on_empty) override;
  void EndHijacked(const Error& cause) override;
  void CutServed(const Error& cause) override;
  void CloseAll(const Error& cause) override;
  void SetKeepAlivesEnabled(bool enabled) override;
  void RelieveMemory() override { services_.memory.Relieve(); }
  [[nodiscard]] size_t Connections() const override { return services_.served; }
  [[nodiscard]] Http2Stats GetHttp2Stats() const override { return services_.http2_counts.Get(); }

 private:
  class GateHandler;
  class IdleTimer final : public netpoll::Timer {
   public:
    explicit IdleTimer(LoopEngineImpl& owner) : owner_(owner) {}
    void OnTimer() override { owner_.CloseIdle(); }

   private:
    LoopEngineImpl& owner_;
  };

  void OnTimer() override;  // the grace of the hijacked connections has ended
  void Accept(netpoll::Connection& c, ConnScope& scope);
  [[nodiscard]] appcontext::Context Below(const appcontext::Context& base);
  void BeginEnd(const Error& cause);
  void CloseIdle();
  void UpdateKeepAlive();

  LoopServices services_;
  IdleTimer idle_timer_{*this};  // the end of the idle connections' grace
  Http1Events http1_;
  Http2Events http2_;
  ProtocolEvents protocol_{services_, http1_, http2_};
  appcontext::Cancelable shutdown_;
  bool keep_alives_enabled_ = true;
  std::vector<std::unique_ptr<GateHandler>> gates_;
};

}  // namespace hon::engine
