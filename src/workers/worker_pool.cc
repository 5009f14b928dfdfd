#include "workers/worker_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "hon/base/assert.h"
#include "workers/pattern_load.h"

namespace hon::workers {
namespace {

// How often the overseer looks: while jobs wait, while there are any, and while there are none.
constexpr Duration kLookWhileQueued = std::chrono::milliseconds(1);
constexpr Duration kLookWhileBusy = std::chrono::milliseconds(5);
constexpr Duration kLookWhileIdle = std::chrono::seconds(2);
// It goes to sleep when nothing was submitted for this long.
constexpr Duration kBusyTime = std::chrono::milliseconds(200);
// A worker that had nothing to do for this long ends.
constexpr Duration kIdleTimeMax = std::chrono::seconds(10);
// Less than this between two looks is no computing.
constexpr Duration kComputingMin = std::chrono::microseconds(50);
// One look at many busy workers takes longer: it is then made less often.
constexpr size_t kWorkersPerMillisecond = 64;

}  // namespace

WorkerPool::WorkerPool(const Options& options) : options_(options) {
  HON_ASSERT(options.running_max > 0);
  HON_ASSERT(options.workers_max > 0);
  overseer_ = std::thread([this] { Oversee(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    HON_ASSERT(first_ == nullptr);
    stop_ = true;
  }
  changed_.notify_one();
  overseer_.join();
  workers_.clear();
}

bool WorkerPool::Ready() {
  std::unique_lock lock(mutex_);
  return !workers_.empty() || StartWorker(lock);
}

void WorkerPool::Submit(Job& job) {
  Worker* idle = nullptr;
  {
    const std::lock_guard lock(mutex_);
    job.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &job;
    last_ = &job;
    idle = CallIdle();
    NoteWork();
  }
  if (idle != nullptr) idle->WakeUp();
}

unsigned WorkerPool::Workers() const {
  const std::lock_guard lock(mutex_);
  return static_cast<unsigned>(workers_.size());
}

// An idle worker to be woken for what is queued, unless one is on its way: that one wakes the next.
Worker* WorkerPool::CallIdle() {
  if (first_ == nullptr || called_ != 0 || !MayRunOneMore()) return nullptr;
  std::vector<Worker*>& from = idle_.empty() ? idle_suspended_ : idle_;
  if (from.empty() || (idle_.empty() && !MaySuspendedRun(*first_))) return nullptr;
  Worker* worker = from.back();
  from.pop_back();
  worker->state_ = Worker::State::kCalled;
  ++called_;
  ++active_;
  return worker;
}

// The overseer has something to look after.
void WorkerPool::NoteWork() {
  submitted_ = true;
  if (std::exchange(overseer_awake_, true)) return;
  changed_.notify_one();
}

void WorkerPool::SetBlocked(Worker& worker, bool blocked) {
  if (worker.blocked_ == blocked) return;
  worker.blocked_ = blocked;
  blocked ? ++blocked_ : --blocked_;
}

Job* WorkerPool::Take(Worker& worker) {
  Worker* other = nullptr;
  Job* job = nullptr;
  {
    const std::lock_guard lock(mutex_);
    SetBlocked(worker, false);
    if (std::exchange(worker.state_, Worker::State::kBusy) == Worker::State::kCalled) --called_;
    const size_t suspended = worker.scheduler_->Live();
    // One whose fibers wait is not given more while others are free: a call that blocks would keep
    // them from going on.
    const bool others_first =
        suspended != 0 && first_ != nullptr && (!idle_.empty() || !MaySuspendedRun(*first_));
    const bool too_many = active_ - blocked_ > options_.running_max;
    if (first_ == nullptr || too_many || others_first) {
      worker.suspended_ = suspended;
      GoIdle(worker);
    } else {
      job = first_;
      first_ = job->next_;
      if (first_ == nullptr) last_ = nullptr;
      ++worker.jobs_;
      worker.route_ = &job->Route();
      // A pattern that was seen to wait in the kernel is expected to.
      const uint64_t word = worker.route_->runner_word.load(std::memory_order_relaxed);
      if ((word & PatternLoad::kBlocks) != 0) SetBlocked(worker, true);
    }
    other = CallIdle();
  }
  if (other != nullptr) other->WakeUp();
  return job;
}

void WorkerPool::GoIdle(Worker& worker) {
  --active_;
  worker.state_ = Worker::State::kIdle;
  worker.idle_since_ = worker.loop_->Now();
  (worker.suspended_ == 0 ? idle_ : idle_suspended_).push_back(&worker);
}

// Threads are started without the lock: it takes as long as serving many requests.
bool WorkerPool::StartWorker(std::unique_lock<std::mutex>& lock) {
  const unsigned number = ++started_;
  ++active_;  // what it will be, so that nobody starts another for the same job
  ++called_;
  lock.unlock();
  Result<std::unique_ptr<Worker>> worker = Worker::Start(*this, number);
  lock.lock();
  if (!worker) {
    --active_;
    --called_;
    return false;
  }
  workers_.push_back(std::move(*worker));
  workers_.back()->WakeUp();
  return true;
}

// --- The overseer.

void WorkerPool::Oversee() {
  NameThread("hon-overseer");
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const bool spare = workers_.size() > options_.running_max;
    if (!overseer_awake_) {
      const auto called = [this] { return overseer_awake_ || stop_; };
      if (spare) {
        changed_.wait_for(lock, kLookWhileIdle, called);
      } else {
        changed_.wait(lock, called);
      }
      worked_ = Clock::now();
    }
    if (overseer_awake_) {
      Look(lock);
      Grow(lock);
      const TimePoint now = Clock::now();
      if (std::exchange(submitted_, false) || first_ != nullptr) worked_ = now;
      overseer_awake_ = now - worked_ < kBusyTime;
      Duration pause = first_ != nullptr ? kLookWhileQueued : kLookWhileBusy;
      const auto milliseconds = static_cast<int64_t>(workers_.size() / kWorkersPerMillisecond);
      pause = std::max(pause, kLookWhileQueued * milliseconds);
      changed_.wait_for(lock, pause, [this] { return stop_; });
    }
    if (workers_.size() > options_.running_max) Shrink(lock);
  }
}

// Looks at the busy workers, without the lock; none of them ends meanwhile.
void WorkerPool::Look(std::unique_lock<std::mutex>& lock) {
  sights_.clear();
  for (const auto& worker : workers_) {
    if (worker->state_ != Worker::State::kIdle) {
      sights_.push_back({worker.get(), worker->jobs_, worker->blocked_});
    }
  }
  lock.unlock();
  for (Sight& sight : sights_) {
    Worker& worker = *sight.worker;
    const Duration used = worker.probe_->Used();
    const bool computes = used - std::exchange(worker.used_seen_, used) > kComputingMin;
    const bool same_job = std::exchange(worker.jobs_seen_, sight.jobs) == sight.jobs;
    if (!same_job) continue;  // nothing is known of it yet
    // The state is asked for only when it may have changed: it is the dear part.
    sight.waits = !computes && (sight.waits || worker.probe_->Waits());
  }
  lock.lock();
  for (const Sight& sight : sights_) Judge(sight);
}

void WorkerPool::Judge(const Sight& sight) {
  Worker& worker = *sight.worker;
  // It has finished what was looked at.
  if (worker.jobs_ != sight.jobs || worker.state_ == Worker::State::kIdle) return;
  if (worker.blocked_ == sight.waits) return;
  SetBlocked(worker, sight.waits);
  // One that was called and does not come is held by a fiber that it has resumed.
  if (worker.state_ == Worker::State::kCalled) return;
  std::atomic<uint64_t>& word = worker.route_->runner_word;
  if (sight.waits) {
    word.fetch_or(PatternLoad::kBlocks, std::memory_order_relaxed);
  } else {
    word.fetch_and(~PatternLoad::kBlocks, std::memory_order_relaxed);
  }
}

// Sends workers to what is queued, new ones where none is idle.
void WorkerPool::Grow(std::unique_lock<std::mutex>& lock) {
  while (first_ != nullptr && MayRunOneMore() && !stop_) {
    // One that was called and has not come yet may be stuck: others go meanwhile.
    const unsigned late = std::exchange(called_, 0);
    Worker* idle = CallIdle();
    called_ += late;
    if (idle != nullptr) {
      idle->WakeUp();
    } else if (workers_.size() >= options_.workers_max || !StartWorker(lock)) {
      return;
    }
  }
}

void WorkerPool::Shrink(std::unique_lock<std::mutex>& lock) {
  const TimePoint now = Clock::now();
  std::vector<std::unique_ptr<Worker>> ended;
  while (workers_.size() > options_.running_max && !idle_.empty() &&
         now - idle_.front()->idle_since_ > kIdleTimeMax) {
    Worker* coldest = idle_.front();
    idle_.erase(idle_.begin());
    const auto at = std::find_if(workers_.begin(), workers_.end(),
                                 [&](const auto& worker) { return worker.get() == coldest; });
    ended.push_back(std::move(*at));
    workers_.erase(at);
  }
  if (ended.empty()) return;
  lock.unlock();
  ended.clear();
  lock.lock();
}

}  // namespace hon::workers
