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
  /// Accepts at one address: with a socket for each regular loop, or with one socket, from which
  /// the first loop passes each connection to the least loaded loop.
  Error Accept(std::vector<netpoll::ListenSocket> sockets, const ListenerScope& scope);
  /// Has every loop close its listeners, for good, and does not wait. No loop is added from here
  /// on.
  void StopAccepting();
  /// Waits until every loop has run the tasks posted before; a held loop runs them once its handler
  /// has returned.
  void Await() const;

  // Any thread.

  /// Calls `visit` for every loop, the standby loop last.
  void ForEach(const std::function<void(LoopThread&)>& visit) const;
  /// Has every loop run `task` on its thread, and does not wait.
  void PostEach(const std::function<void(engine::LoopEngine&)>& task) const;
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
  /// A socket and scope for the standby loop to accept with, once that loop exists.
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

  std::mutex standby_mutex_;  // guards the members below; taken before mutex_
  bool stopped_ = false;
  bool standby_accepts_ = false;
  std::vector<Door> doors_;  // until the standby loop has them
  LoopThread* standby_ = nullptr;

  mutable std::mutex mutex_;  // guards the members below, which handlers may use
  bool keep_alives_ = true;
  unsigned regular_ = 0;
  std::vector<std::unique_ptr<LoopThread>> threads_;  // only ever added to
};

}  // namespace hon::server
