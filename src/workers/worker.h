#pragma once

#include <future>
#include <memory>
#include <optional>

#include "hon/base/result.h"
#include "hon/base/thread.h"
#include "hon/base/time.h"
#include "hon/fiber/fiber.h"
#include "hon/netpoll/loop.h"
#include "workers/dispatcher.h"
#include "workers/loop_executor.h"
#include "workers/thread_probe.h"

namespace hon::workers {

class WorkerPool;

/// A thread that runs jobs, each on a fiber of its own: a job that waits is suspended, and the
/// worker takes the next one. The thread turns a loop, for the timers and connections of its jobs.
class Worker final : public Dispatcher::Slot, private netpoll::Task {
 public:
  /// Starts the thread. Fails where the system has no thread, descriptor or memory for it.
  static Result<std::unique_ptr<Worker>> Start(WorkerPool& pool, unsigned number);
  /// After Stop.
  ~Worker() override = default;
  /// Ends the thread; waits until its fibers have ended. Calls of WakeUp have no effect from then
  /// on.
  void Stop();

  /// Makes the worker ask the pool for jobs. Any thread; at most once before each WorkerPool::Take.
  void WakeUp() { executor_->Post(*this); }
  /// Makes a parked worker tell the pool its load. Any thread; has no effect while one is pending.
  void AskForLoad();

 private:
  friend class WorkerPool;

  /// Tells the pool the load, on the worker's thread.
  class LoadReport final : public netpoll::Task {
   public:
    explicit LoadReport(Worker& worker) : worker_(&worker) {}
    void Run() override { worker_->ReportLoad(); }

   private:
    Worker* worker_;
  };

  explicit Worker(WorkerPool& pool) : pool_(&pool) {}
  void Main(std::promise<void>& started);
  void Run() override;
  void OnJobEnd();
  void ReportLoad();
  [[nodiscard]] WorkerLoad CurrentLoad() const;
  [[nodiscard]] bool InOwnThread() const { return LoopExecutor::Current() == executor_.get(); }

  WorkerPool* pool_;
  std::unique_ptr<netpoll::Loop> loop_;
  std::unique_ptr<fiber::Scheduler> scheduler_;
  std::unique_ptr<LoopExecutor> executor_;
  std::optional<ThreadProbe> probe_;  // of the worker's thread
  Job* starting_ = nullptr;           // handed to the fiber that is being started
  bool parked_ = false;               // the worker's own note: Take has given nothing
  LoadReport own_report_{*this};      // deferred by the worker's thread
  bool own_report_pending_ = false;
  LoadReport asked_report_{*this};  // posted by the pool's monitor
  std::atomic<bool> asked_{false};
  Thread thread_;

  // Used by the pool's monitor.
  uint64_t jobs_seen_ = 0;
  Duration used_seen_{};
};

}  // namespace hon::workers
