#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "hon/fiber/fiber.h"
#include "hon/http/spawner.h"
#include "hon/netpoll/loop.h"

namespace hon::workers {

/// The executor of a loop: other threads hand it work for the loop and its fibers. The destructor
/// waits for calls of Post that are under way, so that the loop may be destroyed after it.
class LoopExecutor final : public http::Spawner::Home {
 public:
  explicit LoopExecutor(fiber::Scheduler& scheduler)
      : scheduler_(&scheduler), loop_(&scheduler.GetLoop()) {}
  ~LoopExecutor() override;
  LoopExecutor(const LoopExecutor&) = delete;
  LoopExecutor& operator=(const LoopExecutor&) = delete;

  /// Runs `task` on the loop's thread. Any thread. Nothing of the task is touched once it has run.
  void Post(netpoll::Task& task) {
    posting_.fetch_add(1, std::memory_order_relaxed);
    loop_->Post(task);
    posting_.fetch_sub(1, std::memory_order_release);
  }
  void Do(const std::function<void()>& work) override;
  [[nodiscard]] fiber::Scheduler& GetScheduler() const { return *scheduler_; }

  /// The executor of this thread, or null.
  [[nodiscard]] static LoopExecutor* Current();
  /// Makes this the executor of the calling thread, which is its loop's, until its destruction.
  void Enter();

  /// A wait of the calling fiber that must end in time, as that of a TimeoutHandler: meanwhile a
  /// worker is not given calls that may block its thread, if others can be had.
  class TimedWait {
   public:
    explicit TimedWait(LoopExecutor& here) : here_(&here) { ++here_->timed_waits_; }
    ~TimedWait() { --here_->timed_waits_; }
    TimedWait(const TimedWait&) = delete;
    TimedWait& operator=(const TimedWait&) = delete;

   private:
    LoopExecutor* here_;
  };
  /// On the loop's thread.
  [[nodiscard]] int TimedWaits() const { return timed_waits_; }

 private:
  fiber::Scheduler* scheduler_;
  netpoll::Loop* loop_;
  std::atomic<int> posting_{0};
  int timed_waits_ = 0;
};

/// A call of a function on another loop, for which the calling fiber waits. The SyncCall lives on
/// the caller's stack. Between the Post of RunAndWait and the answer the other loop owns the
/// SyncCall and everything that the calling fiber owns.
class SyncCall final : private netpoll::Task {
 public:
  SyncCall(LoopExecutor& there, void (*work)(void*), void* argument)
      : there_(&there), work_(work), argument_(argument) {}
  /// On a fiber of a thread that has a port. Throws what the work threw.
  void RunAndWait();

 private:
  void Run() override;
  void Work();

  LoopExecutor* there_;
  LoopExecutor* home_ = nullptr;
  fiber::Fiber* waiter_ = nullptr;
  void (*work_)(void*);
  void* argument_;
  std::exception_ptr failure_;
  bool arrived_ = false;
  bool done_ = false;
};

/// Calls `work` on a fiber of the loop behind `there`; the calling fiber waits for its end.
template <class F>
void RunOn(LoopExecutor& there, F&& work) {
  using Function = std::remove_reference_t<F>;
  SyncCall errand(
      there, [](void* function) { (*static_cast<Function*>(function))(); }, std::addressof(work));
  errand.RunAndWait();
}

}  // namespace hon::workers
