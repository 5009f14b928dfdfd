#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "hon/engine/engine.h"
#include "hon/netpoll/connection.h"
#include "hon/server/proxy_protocol.h"
#include "server/proxy_trust.h"
#include "server/record_gate.h"

namespace hon::server {

/// The PROXY protocol of one listener.
struct ProxyScope {
  ProxyTrust trust;
  ProxyProtocol settings;
};

/// Reads the PROXY header of connections that a listener accepts for one loop, shows the client in
/// place of the proxy, and hands them over to the engine.
class ProxyGate final : public netpoll::EventHandler {
 public:
  /// `next` takes accepted connections. Both must outlive the gate.
  ProxyGate(engine::Engine& engine, netpoll::EventHandler& next, ProxyScope scope)
      : engine_(engine), next_(next), scope_(std::move(scope)) {}
  /// Over TLS: the header stands before the ClientHello. `next` must outlive the gate.
  ProxyGate(engine::Engine& engine, RecordGate& next, ProxyScope scope)
      : engine_(engine), next_(next), records_(&next), scope_(std::move(scope)) {}

  void OnPrepare(netpoll::Connection& c) override;
  void OnRequest(netpoll::Connection& c) override;
  void OnTimeout(netpoll::Connection& c, netpoll::DeadlineKind kind) override;

 private:
  class Layer;

  /// Whether `in`, which loses the header, goes on with the client's bytes.
  bool TakeHeader(netpoll::Connection& c, io::LinkBuffer& in);
  void HandOver(netpoll::Connection& c);
  void Refuse(netpoll::Connection& c, std::string_view why);

  engine::Engine& engine_;
  netpoll::EventHandler& next_;
  RecordGate* records_ = nullptr;  // null: without TLS
  ProxyScope scope_;
};

}  // namespace hon::server
