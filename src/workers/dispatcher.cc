#include "workers/dispatcher.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "hon/base/assert.h"
#include "workers/pattern_load.h"

namespace hon::workers {
namespace {

// A job has been queued for the time between two sweeps when it is asked whether it has ended.
constexpr uint64_t kSweepsWaited = 2;

}  // namespace

/// The queued and running jobs of one pattern.
struct Dispatcher::Pattern {
  http::Route* route = nullptr;
  Job* first = nullptr;
  Job* last = nullptr;
  size_t running = 0;  // workers that run a job of it

  void PushBack(Job& job) {
    job.next_ = nullptr;
    job.previous_ = last;
    (last != nullptr ? last->next_ : first) = &job;
    last = &job;
  }
  void Remove(Job& job) {
    (job.previous_ != nullptr ? job.previous_->next_ : first) = job.next_;
    (job.next_ != nullptr ? job.next_->previous_ : last) = job.previous_;
    job.next_ = job.previous_ = nullptr;
  }
  [[nodiscard]] bool Unused() const { return first == nullptr && running == 0; }
};

Dispatcher::Dispatcher(const Options& options) : options_(options) {
  HON_ASSERT(options.running_max > 0);
  HON_ASSERT(options.workers_max > 0);
}

Dispatcher::~Dispatcher() { HON_ASSERT(queued_ == 0); }

// --- Jobs.

// A linear search: the patterns that have jobs at one moment are few.
Dispatcher::Pattern& Dispatcher::PatternOf(http::Route& route) {
  for (size_t i = 0; i < patterns_used_; ++i) {
    if (patterns_[i]->route == &route) return *patterns_[i];
  }
  if (patterns_used_ == patterns_.size()) patterns_.push_back(std::make_unique<Pattern>());
  Pattern& pattern = *patterns_[patterns_used_++];
  HON_ASSERT(pattern.Unused());
  pattern.route = &route;
  return pattern;
}

void Dispatcher::Enqueue(Job& job) {
  Pattern& pattern = PatternOf(job.Route());
  job.number_ = ++arrivals_;
  job.sweep_ = sweeps_;
  pattern.PushBack(job);
  ++queued_;
}

// The last worker that is left may run any pattern's job; so may all with fewer than 8 workers.
bool Dispatcher::HasShareLeft(const Pattern& pattern) const {
  HON_ASSERT(running_jobs_ <= options_.workers_max);
  return pattern.running < kShareMax * (options_.workers_max - running_jobs_);
}

Dispatcher::Pattern* Dispatcher::Choose() {
  if (queued_ == 0) return nullptr;
  Pattern* best = nullptr;
  for (size_t i = 0; i < patterns_used_; ++i) {
    Pattern& pattern = *patterns_[i];
    if (pattern.first == nullptr || !HasShareLeft(pattern)) continue;
    const bool better =
        best == nullptr || pattern.running < best->running ||
        (pattern.running == best->running && pattern.first->number_ < best->first->number_);
    if (better) best = &pattern;
  }
  return best;
}

Job* Dispatcher::Pop(Pattern& pattern) {
  HON_ASSERT(pattern.first != nullptr && queued_ != 0);
  Job* const job = IsLate(pattern) ? pattern.last : pattern.first;
  pattern.Remove(*job);
  --queued_;
  return job;
}

bool Dispatcher::IsLate(const Pattern& pattern) const {
  return sweeps_ - pattern.first->sweep_ >= kSweepsLate;
}

void Dispatcher::Tidy() {
  for (size_t i = patterns_used_; i != 0; --i) {
    if (patterns_[i - 1]->Unused()) std::swap(patterns_[i - 1], patterns_[--patterns_used_]);
  }
}

void Dispatcher::RemoveJobs(bool all, std::vector<Job*>& to) {
  for (size_t i = 0; i < patterns_used_; ++i) {
    Pattern& pattern = *patterns_[i];
    for (Job* job = pattern.first; job != nullptr;) {
      Job* const next = job->next_;
      if (all || (sweeps_ - job->sweep_ >= kSweepsWaited && job->Ended())) {
        pattern.Remove(*job);
        to.push_back(job);
        --queued_;
      }
      job = next;
    }
  }
  Tidy();
}

void Dispatcher::RemoveEnded(std::vector<Job*>& to) {
  ++sweeps_;
  RemoveJobs(/*all=*/false, to);
}
void Dispatcher::RemoveAll(std::vector<Job*>& to) { RemoveJobs(/*all=*/true, to); }

// --- Workers.

void Dispatcher::StartWorker() {
  HON_ASSERT(workers_ < options_.workers_max);
  ++workers_;
  ++active_;  // as the worker will be, so that no second one is started for the same job
  ++called_;
}

void Dispatcher::WorkerStarted(Slot& slot) {
  HON_ASSERT(slot.state_ == Slot::State::kCalled && slot.jobs_ == 0);
  start_failed_ = false;
}

void Dispatcher::WorkerFailed() {
  HON_ASSERT(workers_ != 0 && active_ != 0);
  --workers_;
  --active_;
  if (called_ != 0) --called_;
  start_failed_ = true;
}

std::vector<Dispatcher::Slot*>& Dispatcher::ParkedLike(const WorkerLoad& load) {
  if (load.suspended == 0) return parked_free_;
  return load.has_deadline ? parked_timed_ : parked_suspended_;
}

void Dispatcher::Park(Slot& slot, const WorkerLoad& load, TimePoint now) {
  HON_ASSERT(!slot.Parked() && slot.pattern_ == nullptr && active_ != 0);
  --active_;
  slot.state_ = Slot::State::kParked;
  slot.load_ = load;
  slot.parked_at_ = now;
  ParkedLike(load).push_back(&slot);
}

void Dispatcher::Unpark(Slot& slot) {
  HON_ASSERT(slot.Parked());
  std::vector<Slot*>& list = ParkedLike(slot.load_);
  const auto at = std::find(list.rbegin(), list.rend(), &slot);  // most often the last
  HON_ASSERT(at != list.rend());
  list.erase(std::next(at).base());
}

void Dispatcher::SetLoad(Slot& slot, const WorkerLoad& load, TimePoint now) {
  if (!slot.Parked() || slot.load_ == load) return;
  Unpark(slot);
  slot.load_ = load;
  slot.parked_at_ = now;
  ParkedLike(load).push_back(&slot);
}

void Dispatcher::SetBlocked(Slot& slot, bool blocked) {
  if (slot.blocked_ == blocked) return;
  slot.blocked_ = blocked;
  blocked ? ++blocked_ : --blocked_;
  HON_ASSERT(blocked_ <= active_);
}

void Dispatcher::LeavePattern(Slot& slot) {
  Pattern* pattern = std::exchange(slot.pattern_, nullptr);
  if (pattern == nullptr) return;
  HON_ASSERT(pattern->running != 0 && running_jobs_ != 0);
  --pattern->running;
  --running_jobs_;
}

// Whether a worker of this load leaves the queued jobs to others: a call that blocks would keep the
// worker's suspended fibers from being resumed.
bool Dispatcher::OthersFirst(const WorkerLoad& load) const {
  if (load.suspended == 0) return false;
  if (!parked_free_.empty()) return true;
  return load.has_deadline && (!parked_suspended_.empty() || MayStart());
}

Job* Dispatcher::Next(Slot& slot, const WorkerLoad& load, TimePoint now) {
  HON_ASSERT(slot.state_ == Slot::State::kCalled || slot.state_ == Slot::State::kRunning);
  SetBlocked(slot, false);
  LeavePattern(slot);
  // Grow may have set called_ to zero while this worker was late.
  if (slot.state_ == Slot::State::kCalled && called_ != 0) --called_;
  slot.state_ = Slot::State::kRunning;
  Pattern* pattern = Choose();
  const bool too_many = active_ - blocked_ > options_.running_max;
  if (pattern == nullptr || too_many || OthersFirst(load)) {
    Tidy();
    Park(slot, load, now);
    return nullptr;
  }
  Job* job = Pop(*pattern);
  ++slot.jobs_;
  slot.pattern_ = pattern;
  ++pattern->running;
  ++running_jobs_;
  // Calls of a pattern that was seen to wait in the kernel are expected to wait again.
  const uint64_t word = pattern->route->runner_word.load(std::memory_order_relaxed);
  if ((word & PatternLoad::kBlocks) != 0) SetBlocked(slot, true);
  return job;
}

Dispatcher::Slot* Dispatcher::Call() {
  if (called_ != 0 || !MayRunOneMore() || Choose() == nullptr) return nullptr;
  for (std::vector<Slot*>* list : {&parked_free_, &parked_suspended_, &parked_timed_}) {
    if (list->empty()) continue;
    if (list == &parked_timed_ && MayStart()) return nullptr;
    Slot* slot = list->back();
    list->pop_back();
    slot->state_ = Slot::State::kCalled;
    ++called_;
    ++active_;
    return slot;
  }
  return nullptr;
}

void Dispatcher::Observe(Slot& slot, uint64_t jobs, bool waits) {
  // The worker has finished the observed job.
  if (slot.jobs_ != jobs || slot.Parked() || slot.blocked_ == waits) return;
  SetBlocked(slot, waits);
  // A called worker that asks for no job is held by a fiber that it has resumed, whose pattern is
  // not known.
  if (slot.pattern_ == nullptr) return;
  std::atomic<uint64_t>& word = slot.pattern_->route->runner_word;
  if (waits) {
    word.fetch_or(PatternLoad::kBlocks, std::memory_order_relaxed);
  } else {
    word.fetch_and(~PatternLoad::kBlocks, std::memory_order_relaxed);
  }
}

Dispatcher::Growth Dispatcher::Grow() {
  const unsigned late = std::exchange(called_, 0);
  Growth growth;
  growth.wake = Call();
  growth.start = growth.wake == nullptr && Choose() != nullptr && MayRunOneMore() && MayStart();
  called_ += late;
  return growth;
}

Dispatcher::Slot* Dispatcher::Expire(TimePoint now) {
  if (parked_free_.empty()) return nullptr;
  Slot* coldest = parked_free_.front();
  if (now - coldest->parked_at_ < options_.idle_time_max) return nullptr;
  parked_free_.erase(parked_free_.begin());
  HON_ASSERT(workers_ != 0);
  --workers_;
  coldest->state_ = Slot::State::kEnded;
  return coldest;
}

}  // namespace hon::workers
