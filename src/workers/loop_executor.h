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

/// The executor of a loop: through it other threads give work to the loop and its fibers. The
/// destructor waits for calls of Post that are under way, so that the loop may be destroyed
/// afterwards.
class LoopExecutor final : public http::Spawner::Home {
 public:
  explicit LoopExecutor(fiber::Scheduler& scheduler)
      : scheduler_(&scheduler), loop_(&scheduler.GetLoop()) {}
  ~LoopExecutor() override;
  LoopExecutor(const LoopExecutor&) = delete;
  LoopExecutor& operator=(const LoopExecutor&) = delete;

  /// Runs `task` on the loop's thread. Any thread. The executor does not touch a task that has run.
  void Post(netpoll::Task& task) {
    posting_.fetch_add(1, std::memory_order_relaxed);
    loop_->Post(task);
    posting_.fetch_sub(1, std::memory_order_release);
  }
  /// Calls `work` on a fiber of the loop, while the calling fiber waits. On the loop's own thread,
  /// calls `work` directly.
  void Do(const std::function<void()>& work) override;
  [[nodiscard]] bool IsHere() const override { return Current() == this || Current() == nullptr; }
  [[nodiscard]] fiber::Scheduler& GetScheduler() const { return *scheduler_; }

  /// The executor of this thread, or null.
  [[nodiscard]] static LoopExecutor* Current();
  /// Makes this executor that of the calling thread, which is the loop's, until the destructor.
  void Enter();

  /// Marks a wait of the calling fiber that must end in time, such as that of TimeoutHandler. While
  /// a worker's fiber has one, the worker gets no further job if another worker can be had, since a
  /// job may block the thread.
  class TimedWait {
   public:
    explicit TimedWait(LoopExecutor& here) : here_(&here) { ++here_->timed_waits_; }
    ~TimedWait() { --here_->timed_waits_; }
    TimedWait(const TimedWait&) = delete;
    TimedWait& operator=(const TimedWait&) = delete;

   private:
    LoopExecutor* here_;
  };
  /// TimedWait objects that exist now. On the loop's thread.
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
  /// Called on a fiber of a thread that has an executor. Throws what the function threw, and
  /// std::bad_alloc when there is no memory for a fiber on the other loop.
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

/// Calls `work` on a fiber of the loop of `there`, while the calling fiber waits. Throws what
/// SyncCall::RunAndWait throws.
template <class F>
void RunOn(LoopExecutor& there, F&& work) {
  using Function = std::remove_reference_t<F>;
  SyncCall call(
      there, [](void* function) { (*static_cast<Function*>(function))(); }, std::addressof(work));
  call.RunAndWait();
}

}  // namespace hon::workers
