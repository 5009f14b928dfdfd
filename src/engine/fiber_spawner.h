#pragma once

#include <condition_variable>
#include <mutex>

#include "hon/engine/placement.h"
#include "hon/http/spawner.h"

namespace hon::engine {

class Runtime;

/// Runs what handlers have beside themselves: on a worker, or, where nothing may hold its thread,
/// on another fiber of the same loop. One for all loops of an engine, since what it has run may
/// outlive the server.
class FiberSpawner final : public http::Spawner {
 public:
  /// `placement`: of the engine.
  FiberSpawner(Runtime& runtime, Placement placement) : runtime_(&runtime), placement_(placement) {}
  /// Waits for what runs on workers.
  ~FiberSpawner() override;
  FiberSpawner(const FiberSpawner&) = delete;
  FiberSpawner& operator=(const FiberSpawner&) = delete;

  void Go(appcontext::Context context, std::function<void()> work) override;
  void Wait(const appcontext::Context& context) override;
  void Yield() override;
  [[nodiscard]] Home& Here() override;
  void Serve(const http::Target& target, http::ResponseWriter& w, http::Request& r) override;

 private:
  class Job;

  bool GoToWorker(const appcontext::Context& context, std::function<void()>& work,
                  http::Route& route);
  void JobEnded();

  Runtime* runtime_;
  const Placement placement_;
  std::mutex mutex_;  // what follows
  std::condition_variable ended_;
  size_t jobs_ = 0;  // submitted and not ended
};

}  // namespace hon::engine
