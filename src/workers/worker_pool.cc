#include "workers/worker_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "hon/base/assert.h"
#include "hon/base/guard.h"

namespace hon::workers {
namespace {

// The monitor's intervals: while jobs wait, while workers are busy, and while none is.
constexpr Duration kLookWhileQueued = std::chrono::milliseconds(1);
constexpr Duration kLookWhileBusy = std::chrono::milliseconds(5);
// Looks in one idle time: a worker ends late by at most one part of it.
constexpr int kLooksPerIdleTime = 5;
// The monitor goes to sleep when nothing was submitted for this long.
constexpr Duration kBusyTime = std::chrono::milliseconds(200);
// A worker that used less processor time than this between two looks does not compute.
constexpr Duration kComputingMin = std::chrono::microseconds(50);
// Looks at many busy workers take longer and are made less often.
constexpr size_t kWorkersPerMillisecond = 64;
// Interval of asking queued jobs whether they have ended; also their age at the first question.
constexpr Duration kSweepInterval = std::chrono::milliseconds(50);
// After a failed start of a thread, the next start is tried after this time.
constexpr Duration kStartRetryTime = std::chrono::seconds(1);

constexpr Sentinel kNoMemoryForWorker{"no memory for a worker"};

}  // namespace

Result<std::unique_ptr<WorkerPool>> WorkerPool::Create(const Options& options) {
  std::unique_ptr<WorkerPool> self(new WorkerPool(options));
  HON_TRY(self->monitor_,
          Thread::Start({.name = "hon-pool-mon"}, [raw = self.get()] { raw->Monitor(); }));
  return self;
}

WorkerPool::WorkerPool(const Options& options) : options_(options), dispatcher_(options.dispatch) {}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    HON_ASSERT(!dispatcher_.HasJobs());
    stop_ = true;
  }
  changed_.notify_one();
  if (monitor_.Joinable()) monitor_.Join();
  // Stops all threads before destroying any: one may be about to wake another.
  for (const auto& worker : workers_) worker->Stop();
}

bool WorkerPool::Submit(Job& job) {
  Dispatcher::Slot* called = nullptr;
  {
    std::unique_lock lock(mutex_);
    HON_ASSERT(!stop_);
    if (dispatcher_.Workers() == 0 && !StartWorker(lock)) return false;
    dispatcher_.Enqueue(job);
    called = dispatcher_.Call();
    WakeMonitor();
  }
  if (called != nullptr) static_cast<Worker*>(called)->WakeUp();
  return true;
}

unsigned WorkerPool::Workers() const {
  const std::lock_guard lock(mutex_);
  return dispatcher_.Workers();
}

void WorkerPool::WakeMonitor() {
  submitted_ = true;
  if (std::exchange(monitor_awake_, true)) return;
  changed_.notify_one();
}

Job* WorkerPool::Take(Worker& worker) {
  HON_ASSERT(worker.InOwnThread());
  const WorkerLoad load = worker.CurrentLoad();
  Dispatcher::Slot* other = nullptr;
  Job* job = nullptr;
  {
    const std::lock_guard lock(mutex_);
    job = dispatcher_.Next(worker, load, worker.loop_->Now());
    other = dispatcher_.Call();
  }
  if (other != nullptr) static_cast<Worker*>(other)->WakeUp();
  return job;
}

void WorkerPool::SetLoad(Worker& worker, const WorkerLoad& load) {
  const std::lock_guard lock(mutex_);
  dispatcher_.SetLoad(worker, load, worker.loop_->Now());
}

// Starts the thread without the lock: a start takes as long as serving many requests.
bool WorkerPool::StartWorker(std::unique_lock<std::mutex>& lock) {
  workers_.reserve(workers_.size() + 1);
  dispatcher_.StartWorker();
  const unsigned number = ++started_;
  lock.unlock();
  Result<std::unique_ptr<Worker>> worker = Fail(kNoMemoryForWorker);
  static_cast<void>(CallGuarded([&] { worker = Worker::Start(*this, number); }));
  lock.lock();
  if (!worker) {
    dispatcher_.WorkerFailed();
    start_failed_at_ = Clock::now();
    if (dispatcher_.Workers() == 0) RefuseAll(lock);
    return false;
  }
  dispatcher_.WorkerStarted(**worker);
  workers_.push_back(std::move(*worker));
  workers_.back()->WakeUp();
  return true;
}

// --- The monitor.

Duration WorkerPool::IdleLook() const {
  return options_.dispatch.idle_time_max / kLooksPerIdleTime;
}

void WorkerPool::Monitor() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    // Without memory for a step, the next one tries again.
    if (!CallGuarded([&] { MonitorOnce(lock); })) continue;
    if (!lock.owns_lock()) lock.lock();
    changed_.wait_for(lock, kLookWhileBusy, [this] { return stop_; });
  }
}

void WorkerPool::MonitorOnce(std::unique_lock<std::mutex>& lock) {
  if (!monitor_awake_) {
    const auto called = [this] { return monitor_awake_ || stop_; };
    if (workers_.empty()) {
      changed_.wait(lock, called);
    } else {
      changed_.wait_for(lock, IdleLook(), called);
    }
    worked_at_ = Clock::now();
  }
  if (monitor_awake_) {
    LookAtWorkers(lock);
    CancelEnded(lock);
    Grow(lock);
    const TimePoint now = Clock::now();
    if (std::exchange(submitted_, false) || dispatcher_.HasJobs()) worked_at_ = now;
    monitor_awake_ = now - worked_at_ < kBusyTime;
    Duration pause = dispatcher_.HasJobs() ? kLookWhileQueued : kLookWhileBusy;
    const auto milliseconds = static_cast<int64_t>(workers_.size() / kWorkersPerMillisecond);
    pause = std::max(pause, kLookWhileQueued * milliseconds);
    changed_.wait_for(lock, pause, [this] { return stop_; });
  }
  Shrink(lock);
}

// Looks at the busy workers, without the lock; none of them ends meanwhile.
void WorkerPool::LookAtWorkers(std::unique_lock<std::mutex>& lock) {
  samples_.clear();
  for (const auto& worker : workers_) {
    if (!worker->Parked()) samples_.push_back({worker.get(), worker->Jobs(), worker->Blocked()});
  }
  lock.unlock();
  for (Sample& sample : samples_) {
    Worker& worker = *sample.worker;
    const Duration used = worker.probe_->Used();
    const bool computes = used - std::exchange(worker.used_seen_, used) > kComputingMin;
    const bool same_job = std::exchange(worker.jobs_seen_, sample.jobs) == sample.jobs;
    if (!same_job) continue;  // the worker has taken this job since the last look
    // Asking for the state is a system call, made only when the state may have changed.
    sample.waits = !computes && (sample.waits || worker.probe_->Waits());
  }
  lock.lock();
  for (const Sample& sample : samples_) {
    dispatcher_.Observe(*sample.worker, sample.jobs, sample.waits);
  }
}

void WorkerPool::CancelEnded(std::unique_lock<std::mutex>& lock) {
  const TimePoint now = Clock::now();
  if (!dispatcher_.HasJobs() || now - swept_at_ < kSweepInterval) return;
  swept_at_ = now;
  removed_.clear();
  dispatcher_.RemoveEnded(removed_);
  if (removed_.empty()) return;
  lock.unlock();
  for (Job* job : removed_) job->Cancel();
  lock.lock();
}

// Refuses the queued jobs: no worker is left to run them.
void WorkerPool::RefuseAll(std::unique_lock<std::mutex>& lock) {
  std::vector<Job*> refused;
  dispatcher_.RemoveAll(refused);
  if (refused.empty()) return;
  lock.unlock();
  for (Job* job : refused) job->Refuse();
  lock.lock();
}

// Calls or starts workers for the queued jobs.
void WorkerPool::Grow(std::unique_lock<std::mutex>& lock) {
  if (Clock::now() - start_failed_at_ > kStartRetryTime) dispatcher_.RetryStarts();
  while (!stop_) {
    const Dispatcher::Growth growth = dispatcher_.Grow();
    if (growth.wake != nullptr) {
      static_cast<Worker*>(growth.wake)->WakeUp();
    } else if (!growth.start || !StartWorker(lock)) {
      return;
    }
  }
}

void WorkerPool::Shrink(std::unique_lock<std::mutex>& lock) {
  const TimePoint now = Clock::now();
  std::vector<std::unique_ptr<Worker>> ended;
  while (Dispatcher::Slot* expired = dispatcher_.Expire(now)) {
    const auto at = std::find_if(workers_.begin(), workers_.end(),
                                 [&](const auto& worker) { return worker.get() == expired; });
    HON_ASSERT(at != workers_.end());
    ended.push_back(std::move(*at));
    workers_.erase(at);
  }
  if (now - asked_at_ >= IdleLook()) {
    asked_at_ = now;
    // Fibers started by handlers may have ended without the end of a job, which would report them.
    for (const auto& worker : workers_) {
      if (worker->Parked() && worker->Load().suspended != 0) worker->AskForLoad();
    }
  }
  if (ended.empty()) return;
  lock.unlock();
  for (const auto& worker : ended) worker->Stop();
  ended.clear();
  lock.lock();
}

}  // namespace hon::workers
