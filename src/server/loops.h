#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "hon/base/time.h"
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
  /// Waits until no loop accepts any more, then ends them: a loop that accepts gives connections to
  /// other loops.
  ~Loops();
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;

  // One call at a time.

  /// Starts `regular` loops; when one of them cannot be started, none is left.
  Error Start(unsigned regular);
  /// Accepts from one socket, on every regular loop.
  Error Accept(netpoll::ListenSocket socket, ListenerScope scope);
  /// Ends accepting for good. Connections in the kernel's queue are given to loops, before any task
  /// that is posted later; then peers are refused, also where a loop is held. A TCP handshake that
  /// has begun may end within `handshake_grace`, for which this call waits. Does not wait for
  /// loops. No loop is added from here on.
  void StopAccepting(Duration handshake_grace);
  /// The listening sockets, for a successor.
  [[nodiscard]] Result<std::vector<netpoll::ListenSocket>> CopySockets();
  /// Has the listening sockets, which a successor has too, listen on after StopAccepting, and
  /// leaves their files.
  void ShareSockets();
  /// Waits until every loop has run the tasks posted before; without `held_too` not for loops that
  /// a handler holds.
  void Await(bool held_too) const;

  // Any thread.

  /// Calls `visit` for every loop, the standby loop last.
  void ForEach(const std::function<void(LoopThread&)>& visit) const;
  /// Has every loop run `task` on its thread, and does not wait.
  void PostEach(const std::function<void(engine::LoopEngine&)>& task) const;
  /// Has every loop call LoopEngine::RelieveMemory, without an allocation.
  void RelieveMemory() const;
  /// engine::LoopEngine::SetKeepAlivesEnabled, also of loops that are started later.
  void SetKeepAlivesEnabled(bool enabled);
  /// engine::LoopEngine::Shared::on_held. Returns false to be called again.
  bool OnHeld(bool any_held);
  /// Regular loops; 0 before Start has succeeded.
  [[nodiscard]] unsigned Regular() const;
  /// Regular loops and the standby loop.
  [[nodiscard]] size_t Size() const;
  /// The name of the regular loops' backend; "" before Start has succeeded.
  [[nodiscard]] std::string_view Backend() const;

 private:
  /// One address. The loops accept through copies of its socket.
  struct Entrance {
    netpoll::ListenSocket socket;
    ListenerScope scope;
    std::vector<netpoll::Listener::Target> targets;  // the regular loops, then the standby loop
  };

  [[nodiscard]] LoopThread& At(size_t index) const;
  void Add(std::unique_ptr<LoopThread> thread);
  Error Listen(LoopThread& thread, const Entrance& entrance);
  void StartStandby();
  /// On copies of the socket that wake the standby loop beside one of the others, since the kernel
  /// may have woken one that is held.
  void ListenOnStandby(Entrance& entrance);
  static void Empty(Entrance& entrance, TimePoint handshakes_until);
  void ReportAccept(const Error& err, Duration retry_in) const;

  engine::Engine& engine_;
  const Options& options_;
  engine::LoopEngine::Shared& shared_;

  std::atomic<bool> stopped_{false};
  std::mutex standby_mutex_;  // guards the members below; taken before mutex_
  bool standby_accepts_ = false;
  std::vector<Entrance> entrances_;
  LoopThread* standby_ = nullptr;

  mutable std::mutex mutex_;  // guards the members below, which handlers may use
  bool keep_alives_ = true;
  unsigned regular_ = 0;
  std::vector<std::unique_ptr<LoopThread>> threads_;  // only ever added to
};

}  // namespace hon::server
