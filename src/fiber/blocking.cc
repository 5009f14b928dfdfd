#include "hon/fiber/blocking.h"

#include <condition_variable>
#include <list>
#include <mutex>
#include <utility>

#include "fiber/sleeper.h"
#include "hon/base/assert.h"
#include "hon/base/thread.h"
#include "hon/fiber/fiber.h"

namespace hon::fiber {

class BlockingPool::Impl {
 public:
  explicit Impl(BlockingOptions options) : options_(options) {
    HON_ASSERT(options.threads_max != 0);
  }
  ~Impl();

  Error Run(const appcontext::Context& context, void (*function)(void*), void* argument);
  unsigned Threads() const;

 private:
  struct Job : internal::WaitNode {
    void (*function)(void*) = nullptr;
    void* argument = nullptr;
  };
  using ThreadList = std::list<Thread>;

  Error StartThread();
  void Main(ThreadList::iterator self);
  bool AwaitJob(std::unique_lock<std::mutex>& lock);

  const BlockingOptions options_;
  mutable std::mutex guard_;
  std::condition_variable changed_;
  internal::WaitQueue queue_;
  size_t queued_ = 0;
  size_t idle_ = 0;
  bool stop_ = false;
  ThreadList threads_;
  ThreadList ended_;  // threads to be joined
};

BlockingPool::Impl::~Impl() {
  {
    std::lock_guard lock(guard_);
    HON_ASSERT(queue_.Empty());
    stop_ = true;
    changed_.notify_all();
  }
  // From here on no other thread changes the lists.
  for (ThreadList* list : {&threads_, &ended_}) {
    for (Thread& thread : *list) thread.Join();
  }
}

Error BlockingPool::Impl::Run(const appcontext::Context& context, void (*function)(void*),
                              void* argument) {
  if (context.Done()) return context.Cause();
  Job job;
  job.function = function;
  job.argument = argument;
  std::unique_lock lock(guard_);
  internal::Sleeper sleeper(context);
  job.sleeper = &sleeper;
  if (queued_ >= idle_ && threads_.size() < options_.threads_max) {
    HON_RETURN_IF_ERROR(StartThread());
  }
  queue_.PushBack(job);
  ++queued_;
  changed_.notify_one();
  while (!job.granted) {
    if (job.Linked() && sleeper.Over()) {
      queue_.Remove(job);
      --queued_;
      return context.Cause();
    }
    lock.unlock();
    sleeper.Park();
    lock.lock();
  }
  return {};
}

// Fails only when no running thread could do the work later.
Error BlockingPool::Impl::StartThread() {
  for (Thread& thread : ended_) thread.Join();
  ended_.clear();
  const auto self = threads_.emplace(threads_.end());
  Result<Thread> thread = Thread::Start({.name = "hon-blocking"}, [this, self] { Main(self); });
  if (thread) {
    *self = std::move(*thread);
    return {};
  }
  threads_.erase(self);
  if (!threads_.empty()) return {};
  return Error::Wrap("fiber: blocking call", std::move(thread.error()));
}

void BlockingPool::Impl::Main(ThreadList::iterator self) {
  std::unique_lock lock(guard_);
  while (AwaitJob(lock)) {
    Job& job = static_cast<Job&>(*queue_.PopFront());
    --queued_;
    lock.unlock();
    job.function(job.argument);
    lock.lock();
    internal::Grant(job);
  }
  if (!stop_) ended_.splice(ended_.end(), threads_, self);
}

// Returns false when the thread must end.
bool BlockingPool::Impl::AwaitJob(std::unique_lock<std::mutex>& lock) {
  const TimePoint until = DeadlineAfter(Clock::now(), options_.idle_time);
  ++idle_;
  const auto come = [this] { return queued_ != 0 || stop_; };
  if (until == kNever) {
    changed_.wait(lock, come);
  } else {
    changed_.wait_until(lock, until, come);
  }
  --idle_;
  return queued_ != 0;
}

unsigned BlockingPool::Impl::Threads() const {
  std::lock_guard lock(guard_);
  return static_cast<unsigned>(threads_.size());
}

BlockingPool::BlockingPool(BlockingOptions options) : impl_(std::make_unique<Impl>(options)) {}
BlockingPool::~BlockingPool() = default;
Error BlockingPool::Run(const appcontext::Context& context, void (*function)(void*),
                        void* argument) {
  return impl_->Run(context, function, argument);
}
unsigned BlockingPool::Threads() const { return impl_->Threads(); }

namespace internal {

Error RunBlocking(const appcontext::Context& context, void (*function)(void*), void* argument) {
  if (context.Done()) return context.Cause();
  if (Current() != nullptr)
    return Scheduler::Current()->Blocking().Run(context, function, argument);
  function(argument);
  return {};
}

}  // namespace internal
}  // namespace hon::fiber
