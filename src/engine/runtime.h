#pragma once

#include <memory>
#include <mutex>

#include "engine/fiber_spawner.h"
#include "hon/engine/engine.h"
#include "hon/fiber/blocking.h"
#include "hon/http/handler.h"
#include "workers/watchdog.h"
#include "workers/worker_pool.h"

namespace hon::engine {

/// The threads and tables that the loops of one engine share: workers, blocking threads, watchdog.
class Runtime {
 public:
  explicit Runtime(const Engine& engine);

  /// The worker pool; made by the first call, with the fiber options of its caller. Null when the
  /// system has no thread for it.
  [[nodiscard]] workers::WorkerPool* Pool(const fiber::Options& fiber);
  /// The route of requests outside any mux.
  [[nodiscard]] http::Route& Unrouted() { return unrouted_; }
  [[nodiscard]] fiber::BlockingPool& Blocking() { return blocking_; }
  [[nodiscard]] workers::Watchdog& GetWatchdog() { return watchdog_; }
  [[nodiscard]] http::Spawner& GetSpawner() { return spawner_; }

 private:
  const Engine* engine_;
  http::Route unrouted_;
  fiber::BlockingPool blocking_;  // outlives the workers, whose fibers use it
  std::mutex pool_mutex_;         // guards pool_
  std::unique_ptr<workers::WorkerPool> pool_;
  workers::Watchdog watchdog_;
  FiberSpawner spawner_;  // last: the destructor waits for jobs of the pool
};

}  // namespace hon::engine
