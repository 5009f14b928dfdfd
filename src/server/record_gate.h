#pragma once

#include <memory>
#include <utility>

#include "hon/engine/engine.h"
#include "hon/netpoll/connection.h"
#include "hon/server/record_layers.h"

namespace hon::server {

/// Gives the connections that a listener accepts for one loop their record layers, reports failed
/// handshakes, and passes the other connections on to the engine.
class RecordGate final : public netpoll::EventHandler, private netpoll::RecordObserver {
 public:
  /// `prepare` is called for new connections and sets the handler for the time after the handshake,
  /// the same one for each. `engine` and `prepare` must outlive the gate.
  RecordGate(engine::Engine& engine, netpoll::EventHandler& prepare,
             std::unique_ptr<RecordLayers> layers)
      : engine_(engine), prepare_(prepare), layers_(std::move(layers)) {}

  void OnPrepare(netpoll::Connection& c) override;
  /// Prepares a connection that has a record layer over one of NewLayer already.
  void PrepareLayered(netpoll::Connection& c);
  std::unique_ptr<io::RecordLayer> NewLayer() { return layers_->NewLayer(); }
  /// Gives `c` a record layer with the time limit of the listener.
  void SetLayer(netpoll::Connection& c, std::unique_ptr<io::RecordLayer> layer) {
    c.SetRecordLayer(std::move(layer), layers_->HandshakeTimeout(), this);
  }
  void OnConnect(netpoll::Connection& c) override;
  void OnRequest(netpoll::Connection& c) override { served_->OnRequest(c); }
  void OnTimeout(netpoll::Connection& c, netpoll::DeadlineKind kind) override {
    served_->OnTimeout(c, kind);
  }
  void OnDisconnect(netpoll::Connection& c, const Error& why) override;

 private:
  void OnRecordFault(netpoll::Connection& c, const Error& why) override;
  void ReportHandshake(const netpoll::Connection& c, const Error& why) const;

  engine::Engine& engine_;
  netpoll::EventHandler& prepare_;
  netpoll::EventHandler* served_ = nullptr;  // set once there was a connection
  std::unique_ptr<RecordLayers> layers_;
};

}  // namespace hon::server
