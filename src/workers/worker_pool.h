#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "hon/base/result.h"
#include "hon/base/thread.h"
#include "hon/fiber/fiber.h"
#include "workers/dispatcher.h"
#include "workers/job.h"
#include "workers/worker.h"

namespace hon::workers {

/// The threads that run handlers which may block. Dispatcher has the policy.
///
/// A monitor thread looks at the busy workers, once a millisecond while jobs wait: it sees which of
/// them wait in the kernel, starts further workers, cancels queued jobs that have ended, and ends
/// workers that have been idle for long.
class WorkerPool {
 public:
  struct Options {
    Dispatcher::Options dispatch;
    fiber::Options fiber;
  };

  /// Fails when the monitor's thread cannot be started.
  static Result<std::unique_ptr<WorkerPool>> Create(const Options& options);
  /// Every job must have ended.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Any thread.

  /// Has `job` executed as soon as a worker is free. False, without having touched the job, when
  /// there is no worker and none can be started.
  [[nodiscard]] bool Submit(Job& job);
  /// Worker threads now.
  [[nodiscard]] unsigned Workers() const;

  // For workers.

  /// The next job for `worker`, or null: it is parked then, until it is woken.
  [[nodiscard]] Job* Take(Worker& worker);
  void SetLoad(Worker& worker, const WorkerLoad& load);
  [[nodiscard]] const fiber::Options& FiberOptions() const { return options_.fiber; }

 private:
  /// The monitor's observation of one worker.
  struct Sample {
    Worker* worker;
    uint64_t jobs;
    bool waits;
  };

  explicit WorkerPool(const Options& options);

  // Called with mutex_ held; releases `lock` meanwhile.
  [[nodiscard]] Duration IdleLook() const;
  bool StartWorker(std::unique_lock<std::mutex>& lock);
  void WakeMonitor();
  void Monitor();
  void MonitorOnce(std::unique_lock<std::mutex>& lock);
  void LookAtWorkers(std::unique_lock<std::mutex>& lock);
  void CancelEnded(std::unique_lock<std::mutex>& lock);
  void RefuseAll(std::unique_lock<std::mutex>& lock);
  void Grow(std::unique_lock<std::mutex>& lock);
  void Shrink(std::unique_lock<std::mutex>& lock);

  const Options options_;
  mutable std::mutex mutex_;  // guards the members below
  Dispatcher dispatcher_;
  std::vector<std::unique_ptr<Worker>> workers_;
  unsigned started_ = 0;
  TimePoint worked_at_{};  // when the monitor last saw work
  TimePoint swept_at_{};   // when the monitor last looked for ended jobs
  TimePoint start_failed_at_{};
  TimePoint asked_at_{};  // when the monitor last asked parked workers for their load
  bool monitor_awake_ = false;
  bool submitted_ = false;  // since the monitor's last look
  bool stop_ = false;
  std::vector<Sample> samples_;  // used by the monitor
  std::vector<Job*> removed_;    // used by the monitor
  std::condition_variable changed_;
  Thread monitor_;
};

}  // namespace hon::workers
