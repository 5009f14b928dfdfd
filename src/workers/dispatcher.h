#pragma once

// The choice of the worker for each job, and of the workers to start and to end. Pure: no
// threads, no locks, no clock; WorkerPool has those.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "hon/base/time.h"
#include "workers/job.h"

namespace hon::workers {

/// The state that keeps a worker's thread from being ended, and from getting a call that may block.
struct WorkerLoad {
  size_t suspended = 0;       // fibers that wait, and connections of the worker's own loop
  bool has_deadline = false;  // a fiber of these must be resumed in time (LoopExecutor::TimedWait)

  bool operator==(const WorkerLoad&) const = default;
};

/// The policy of a worker pool.
///
/// - Jobs of one pattern run in order of arrival while the oldest one waits briefly. Past
///   kSweepsLate sweeps the newest one is next: in an overload the clients of the oldest jobs are
///   those that give up, and new jobs would become as old before they ran. Among patterns the one
///   with the fewest running jobs is next, so that no pattern waits behind the backlog of another.
/// - A pattern takes a further worker only while it runs on fewer than kShareMax times as many as
///   are left: with 8 workers or more, one in eight is kept for other patterns.
/// - As many workers run at once as there are processors; workers that wait in the kernel are not
///   counted.
/// - A job goes to a parked worker without suspended fibers, or else to one that has some, or else
///   to a new worker. A worker with a fiber that must be resumed in time is given a job only when
///   there may be no further worker.
/// - The worker that parked last is called first, so that those that are not needed stay parked
///   and end.
class Dispatcher {
  struct Pattern;

 public:
  struct Options {
    unsigned running_max = 1;  // at once, without the workers that wait in the kernel
    unsigned workers_max = 1;
    Duration idle_time_max = std::chrono::seconds(10);  // a worker parked for longer ends
  };

  static constexpr size_t kShareMax = 7;
  static constexpr uint64_t kSweepsLate = 3;

  /// One worker, as the dispatcher knows it. The address is fixed from AddWorker on.
  class Slot {
   public:
    /// Jobs that the worker has taken so far.
    [[nodiscard]] uint64_t Jobs() const { return jobs_; }
    [[nodiscard]] bool Blocked() const { return blocked_; }
    [[nodiscard]] bool Parked() const { return state_ == State::kParked; }
    [[nodiscard]] const WorkerLoad& Load() const { return load_; }

   private:
    friend class Dispatcher;
    enum class State : uint8_t {
      kParked,  // in one of the lists
      kCalled,  // woken, and has not asked for a job yet
      kRunning,
      kEnded,
    };
    State state_ = State::kCalled;
    bool blocked_ = false;  // running or called, and seen to wait in the kernel
    WorkerLoad load_;       // when last parked
    uint64_t jobs_ = 0;
    Pattern* pattern_ = nullptr;  // of the job that runs
    TimePoint parked_at_{};
  };

  explicit Dispatcher(const Options& options);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Jobs.

  void Enqueue(Job& job);
  [[nodiscard]] bool HasJobs() const { return queued_ != 0; }
  /// Takes the jobs that have ended out of the queue, and appends them to `to`. Jobs that came
  /// after the last but one call stay: a client that only has closed its sending direction ends its
  /// request's context too, and is answered unless its call has to wait.
  void RemoveEnded(std::vector<Job*>& to);
  /// Takes all jobs out of the queue, and appends them to `to`.
  void RemoveAll(std::vector<Job*>& to);

  // Workers.

  /// A worker is about to be started; WorkerStarted or WorkerFailed follows.
  void StartWorker();
  /// The new worker counts as called: it asks for a job.
  void WorkerStarted(Slot& slot);
  /// No thread could be started. Until RetryStarts no further start is asked for.
  void WorkerFailed();
  void RetryStarts() { start_failed_ = false; }
  [[nodiscard]] unsigned Workers() const { return workers_; }

  /// The next job of a worker, or null: the worker is parked then, until it is called.
  [[nodiscard]] Job* Next(Slot& slot, const WorkerLoad& load, TimePoint now);
  /// The load of a parked worker has changed. Does nothing for one that is not parked.
  void SetLoad(Slot& slot, const WorkerLoad& load, TimePoint now);
  /// A parked worker to be woken for queued jobs. Null when no worker is to be woken, or when a
  /// called worker is about to ask: that one calls the next.
  [[nodiscard]] Slot* Call();

  /// Reports an observation of a worker that is not parked: whether it waits in the kernel, when it
  /// had taken `jobs` jobs. Notes for the pattern whether its calls block.
  void Observe(Slot& slot, uint64_t jobs, bool waits);

  /// The action that lets queued jobs begin, not counting on workers that were called and have not
  /// asked: start a worker, wake `wake`, or nothing.
  struct Growth {
    bool start = false;
    Slot* wake = nullptr;
  };
  [[nodiscard]] Growth Grow();

  /// A worker that has been parked for longer than the idle time. The dispatcher removes its slot.
  [[nodiscard]] Slot* Expire(TimePoint now);

 private:
  [[nodiscard]] bool MayRunOneMore() const { return active_ - blocked_ < options_.running_max; }
  [[nodiscard]] bool MayStart() const { return workers_ < options_.workers_max && !start_failed_; }
  [[nodiscard]] bool HasShareLeft(const Pattern& pattern) const;
  [[nodiscard]] bool OthersFirst(const WorkerLoad& load) const;
  [[nodiscard]] std::vector<Slot*>& ParkedLike(const WorkerLoad& load);
  Pattern& PatternOf(http::Route& route);
  [[nodiscard]] Pattern* Choose();
  Job* Pop(Pattern& pattern);
  [[nodiscard]] bool IsLate(const Pattern& pattern) const;
  void SetBlocked(Slot& slot, bool blocked);
  void LeavePattern(Slot& slot);
  void Park(Slot& slot, const WorkerLoad& load, TimePoint now);
  void Unpark(Slot& slot);
  void Tidy();
  void RemoveJobs(bool all, std::vector<Job*>& to);

  const Options options_;
  std::vector<std::unique_ptr<Pattern>> patterns_;  // with jobs; then as many free ones
  size_t patterns_used_ = 0;
  uint64_t arrivals_ = 0;  // jobs that were ever enqueued
  uint64_t sweeps_ = 0;    // calls of RemoveEnded
  size_t queued_ = 0;
  std::vector<Slot*> parked_free_;       // without suspended fibers; warmest last, as the others
  std::vector<Slot*> parked_suspended_;  // with some
  std::vector<Slot*> parked_timed_;      // with some that must be resumed in time
  unsigned workers_ = 0;                 // those that are being started included
  unsigned active_ = 0;                  // not parked
  unsigned called_ = 0;                  // of those, woken and not yet asking
  unsigned blocked_ = 0;                 // of those that are active, waiting in the kernel
  unsigned running_jobs_ = 0;            // workers that have a pattern
  bool start_failed_ = false;
};

}  // namespace hon::workers
