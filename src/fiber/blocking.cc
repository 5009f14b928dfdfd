#include "hon/fiber/blocking.h"

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>

#include "fiber/sleeper.h"
#include "hon/base/assert.h"
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
  using ThreadList = std::list<std::thread>;

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
  ThreadList ended_;  // to be joined
};

BlockingPool::Impl::~Impl() {
  {
    std::lock_guard lock(guard_);
    HON_ASSERT(queue_.Empty());
    stop_ = true;
    changed_.notify_all();
  }
  // From here on nobody changes the lists.
  for (ThreadList* list : {&threads_, &ended_}) {
    for (std::thread& thread : *list) thread.join();
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
    if (job.listed && sleeper.Over()) {
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

// Fails only when there is no thread that could do the work later.
Error BlockingPool::Impl::StartThread() {
  for (std::thread& thread : ended_) thread.join();
  ended_.clear();
  // Signals belong to the threads that the program made.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto self = threads_.emplace(threads_.end());
  Error err;
  try {
    *self = std::thread([this, self] { Main(self); });
  } catch (const std::system_error& error) {
    threads_.erase(self);
    if (threads_.empty()) err = Error::System(error.code().value(), "fiber: blocking call");
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return err;
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

// False when the thread is to end.
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
