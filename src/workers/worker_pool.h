#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "hon/fiber/fiber.h"
#include "workers/job.h"
#include "workers/worker.h"

namespace hon::workers {

/// The threads that run handlers which may block.
///
/// There is one queue, and no job belongs to a worker before it starts: whoever is free takes the
/// next one. As many workers run at once as there are processors; one that is seen to wait in the
/// kernel does not count, and another goes to work in its place, up to `workers_max`. That is seen
/// by the overseer, a thread that looks at busy workers once a millisecond while jobs wait. Workers
/// that have long had nothing to do end.
class WorkerPool {
 public:
  struct Options {
    unsigned running_max = 1;  // at once, without those that wait in the kernel
    unsigned workers_max = 1;
    fiber::Options fiber;
  };

  explicit WorkerPool(const Options& options);
  /// Every job must have ended.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Any thread.

  /// Whether there is a worker; starts the first one. False when that fails.
  [[nodiscard]] bool Ready();
  /// After Ready: has `job` executed as soon as a worker is free.
  void Submit(Job& job);
  /// Threads now.
  [[nodiscard]] unsigned Workers() const;

  // For workers.

  /// The next job for `worker`, or null: it is idle then, until it is woken.
  [[nodiscard]] Job* Take(Worker& worker);
  [[nodiscard]] const fiber::Options& FiberOptions() const { return options_.fiber; }

 private:
  /// What the overseer has seen of one worker.
  struct Sight {
    Worker* worker;
    uint64_t jobs;
    bool waits;
  };

  // Under mutex_.
  [[nodiscard]] bool MaySuspendedRun(const Job& job) const {
    return !job.for_fresh_worker_ || workers_.size() >= options_.workers_max;
  }
  [[nodiscard]] bool MayRunOneMore() const { return active_ - blocked_ < options_.running_max; }
  Worker* CallIdle();
  void GoIdle(Worker& worker);
  void NoteWork();
  void SetBlocked(Worker& worker, bool blocked);

  bool StartWorker(std::unique_lock<std::mutex>& lock);
  void Oversee();
  void Look(std::unique_lock<std::mutex>& lock);
  void Judge(const Sight& sight);
  void Grow(std::unique_lock<std::mutex>& lock);
  void Shrink(std::unique_lock<std::mutex>& lock);

  const Options options_;
  mutable std::mutex mutex_;  // what follows
  Job* first_ = nullptr;
  Job* last_ = nullptr;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker*> idle_;            // warmest last
  std::vector<Worker*> idle_suspended_;  // those with fibers of their own, called last
  unsigned active_ = 0;                  // not idle
  unsigned called_ = 0;                  // of those, woken and not yet looking
  unsigned blocked_ = 0;                 // of those, waiting in the kernel
  unsigned started_ = 0;
  TimePoint worked_{};  // when the overseer last saw work
  bool overseer_awake_ = false;
  bool submitted_ = false;  // since the overseer's last look
  bool stop_ = false;
  std::vector<Sight> sights_;  // the overseer's
  std::condition_variable changed_;
  std::thread overseer_;
};

}  // namespace hon::workers
