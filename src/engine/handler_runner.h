#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/worker_call.h"
#include "workers/loop_activity.h"
#include "workers/loop_executor.h"
#include "workers/thread_probe.h"
#include "workers/watchdog.h"
#include "workers/worker_pool.h"

namespace hon::engine {

class Engine;

/// Runs the handlers of one loop: shows the watchdog which handler holds the loop, and lends the
/// WorkerCalls.
class HandlerRunner {
 public:
  /// On the loop's thread, like all other calls. `on_held` is LoopEngine::Shared::on_held.
  HandlerRunner(const Engine& engine, fiber::Scheduler& scheduler,
                const std::function<bool(bool)>& on_held);
  ~HandlerRunner();
  HandlerRunner(const HandlerRunner&) = delete;
  HandlerRunner& operator=(const HandlerRunner&) = delete;

  /// A handler of `route` starts, or is resumed, on this thread.
  void BeginHandler(http::Route& route) { activity_.BeginHandler(route); }
  /// The handler has returned, or is suspended.
  void EndHandler() { activity_.EndHandler(); }
  /// Numbers the calls of handlers; a sample of them is measured.
  [[nodiscard]] uint32_t NextCall() { return ++calls_made_; }

  /// Null when no thread for the pool can be started.
  [[nodiscard]] workers::WorkerPool* Pool();
  [[nodiscard]] WorkerCall& TakeCall();
  void GiveBack(WorkerCall& call);
  [[nodiscard]] workers::LoopExecutor& Executor() { return executor_; }

 private:
  workers::LoopActivity activity_;
  workers::Watchdog* watchdog_ = nullptr;  // null: switched off
  uint32_t calls_made_ = 0;
  const Engine* engine_;
  fiber::Scheduler* scheduler_;
  workers::LoopExecutor executor_;
  workers::ThreadProbe probe_;
  workers::WorkerPool* pool_ = nullptr;                  // null: not needed so far
  std::vector<std::unique_ptr<WorkerCall>> free_calls_;  // the most recently used one last
};

}  // namespace hon::engine
