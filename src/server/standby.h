#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "hon/engine/engine.h"
#include "hon/netpoll/listener.h"
#include "hon/server/server.h"
#include "server/loop_thread.h"

namespace hon::server {

/// A loop beside the regular ones that takes new connections while a handler holds one of them. Its
/// thread is started when that happens for the first time. The connections that it has accepted
/// stay with it.
class Standby {
 public:
  Standby(engine::Engine& engine, const Options& options, engine::LoopEngine::Shared& shared)
      : engine_(engine), options_(options), shared_(shared) {}
  ~Standby();

  /// What the regular loops run on. Before the first socket.
  void SetBackend(netpoll::BackendKind regular);
  /// Accepts from `socket`, too, when a loop is held. `base`: as LoopThread::TargetUnder.
  Error AddSocket(const netpoll::ListenSocket& socket, std::optional<appcontext::Context> base);
  /// engine::LoopEngine::SetKeepAlivesEnabled.
  void SetKeepAlivesEnabled(bool enabled);
  /// engine::LoopEngine::Shared::on_held: false while it is being stopped.
  bool OnHeld(bool any_held);
  /// For good. Waits for the loop, if there is one.
  void StopAccepting();
  /// After StopAccepting: its loop, or null.
  [[nodiscard]] LoopThread* Thread() const { return thread_.get(); }

 private:
  /// Where it will accept once there is a loop.
  struct Door {
    netpoll::ListenSocket socket;
    std::optional<appcontext::Context> base;
  };

  void Listen(Door door);
  void TellKeepAlives();

  engine::Engine& engine_;
  const Options& options_;
  engine::LoopEngine::Shared& shared_;
  std::mutex mutex_;  // what follows
  bool stopped_ = false;
  bool accepting_ = false;
  bool keep_alives_ = true;
  netpoll::BackendKind backend_ = netpoll::BackendKind::kAuto;
  std::vector<Door> doors_;
  std::unique_ptr<LoopThread> thread_;
};

}  // namespace hon::server
