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

/// Where other threads hand work to a loop and its fibers. Lives as long as the loop serves; its
/// end waits for those that are still inside Post, so that the loop may be destroyed after it.
class LoopExecutor final : public http::Spawner::Home {
 public:
  explicit LoopExecutor(fiber::Scheduler& scheduler) : scheduler_(&scheduler) {}
  ~LoopExecutor() override;
  LoopExecutor(const LoopExecutor&) = delete;
  LoopExecutor& operator=(const LoopExecutor&) = delete;

  /// Runs `task` on the loop's thread. Any thread. Nothing of the task is touched once it has run.
  void Post(netpoll::Task& task) {
    posting_.fetch_add(1, std::memory_order_relaxed);
    scheduler_->GetLoop().Post(task);
    posting_.fetch_sub(1, std::memory_order_release);
  }
  void Do(const std::function<void()>& work) override;
  [[nodiscard]] fiber::Scheduler& GetScheduler() const { return *scheduler_; }

  /// The port of this thread, or null.
  [[nodiscard]] static LoopExecutor* Current();
  /// Makes this the port of the calling thread, which is its loop's, until its destruction.
  void Enter();

 private:
  fiber::Scheduler* scheduler_;
  std::atomic<int> posting_{0};
};

/// A piece of work that a fiber has done on another loop while it waits. Lives on the waiting
/// fiber's stack: between RunAndWait's Post and the answer the other loop owns it, and with it
/// everything that the waiting fiber owns.
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
