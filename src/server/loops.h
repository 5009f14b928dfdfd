#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "hon/engine/engine.h"
#include "hon/netpoll/listener.h"
#include "hon/server/server.h"
#include "server/loop_thread.h"

namespace hon::server {

/// The loops of one server. The regular ones are started together; the standby loop joins them when
/// a handler has held a loop for the first time, and accepts new connections while any loop is
/// held. The connections that it has accepted stay with it.
class Loops {
 public:
  Loops(engine::Engine& engine, const Options& options, engine::LoopEngine::Shared& shared)
      : engine_(engine), options_(options), shared_(shared) {}

  // One call at a time.

  /// Starts `regular` loops; when one of them cannot be started, none is left.
  Error Start(unsigned regular);
  /// Accepts at one address: with a socket for each regular loop, or one socket whose connections
  /// the first loop hands to the least loaded.
  Error Accept(std::vector<netpoll::ListenSocket> sockets, const ListenerScope& scope);
  /// Has every loop close its listeners, for good, and does not wait. From here on no loop is
  /// added.
  void StopAccepting();
  /// Waits until every loop has done what it was told before; a loop that is held does that when
  /// its handler has returned.
  void Await() const;

  // Any thread.

  /// Calls `visit` for every loop that there is, the standby loop last.
  void ForEach(const std::function<void(LoopThread&)>& visit) const;
  /// Has `task` run by every loop, on its thread, and does not wait.
  void PostEach(const std::function<void(engine::LoopEngine&)>& task) const;
  /// engine::LoopEngine::SetKeepAlivesEnabled, also of loops that are started later.
  void SetKeepAlivesEnabled(bool enabled);
  /// engine::LoopEngine::Shared::on_held: false when it is to be told again.
  bool OnHeld(bool any_held);
  /// Regular loops; 0 before Start has succeeded.
  [[nodiscard]] unsigned Regular() const;
  /// All of them.
  [[nodiscard]] size_t Size() const;
  /// The name of what the regular loops run on; "" before Start has succeeded.
  [[nodiscard]] std::string_view Backend() const;

 private:
  /// Where the standby loop accepts once there is one.
  struct Door {
    netpoll::ListenSocket socket;
    ListenerScope scope;
  };

  [[nodiscard]] LoopThread& At(size_t index) const;
  void Add(std::unique_ptr<LoopThread> thread);
  Error Listen(LoopThread& thread, netpoll::ListenSocket socket,
               std::vector<netpoll::Listener::Target> targets);
  Error AddDoor(const netpoll::ListenSocket& socket, ListenerScope scope);
  void StartStandby();
  void ListenOnStandby(Door door);
  static void ReportAccept(engine::Engine& engine, const Error& err, Duration retry_in);

  engine::Engine& engine_;
  const Options& options_;
  engine::LoopEngine::Shared& shared_;

  std::mutex standby_mutex_;  // what follows; taken before mutex_
  bool stopped_ = false;
  bool standby_accepts_ = false;
  std::vector<Door> doors_;  // until the standby loop has them
  LoopThread* standby_ = nullptr;

  mutable std::mutex mutex_;  // what follows, which handlers may ask for
  bool keep_alives_ = true;
  unsigned regular_ = 0;
  std::vector<std::unique_ptr<LoopThread>> threads_;  // only ever added to
};

}  // namespace hon::server
