#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/outside_asan.h"
#include "fiber/fiber_impl.h"
#include "fiber/fiber_pool.h"
#include "hon/fiber/blocking.h"
#include "hon/fiber/fiber.h"

namespace hon::fiber {

/// The implementation of Scheduler: the fibers of one loop and the switches between them and the
/// loop.
class Scheduler::Impl final : private netpoll::Task {
 public:
  Impl(Scheduler& self, netpoll::Loop& loop, Options options);
  ~Impl() override;

  void Start(Entry entry, void* argument, const Attributes& attributes);
  void Go(std::function<void()> function, GoOptions options);
  void GoFromElsewhere(std::function<void()> function, GoOptions options);
  /// Park, Yield and WakeLocal, for the running fiber or a fiber of this scheduler.
  void Park();
  void Yield();
  void WakeLocal(Fiber& fiber);
  void WakeFromElsewhere(Fiber& fiber);

  /// The scheduler of the fibers on this thread, from the first resumption on; or null.
  static constinit thread_local Impl* of_thread;

  [[nodiscard]] Scheduler& Self() const { return *self_; }
  [[nodiscard]] Fiber* Running() const { return running_; }
  [[nodiscard]] netpoll::Loop& GetLoop() const { return *loop_; }
  [[nodiscard]] const Options& GetOptions() const { return options_; }
  [[nodiscard]] Stats GetStats() const;
  [[nodiscard]] BlockingPool& Blocking();
  void Trim() { pool_.Trim(); }

 private:
  class Launch;
  // Fibers woken by other threads; posted to the loop.
  class RemoteWakes final : public netpoll::Task {
   public:
    explicit RemoteWakes(Impl& owner) : owner_(&owner) {}
    void Run() override { owner_->TakeRemoteWakes(); }

   private:
    Impl* owner_;
  };

  void Run() override;  // the deferred task: resumes the ready fibers
  Fiber* TakeReady();
  bool SliceOver();
  void TakeRemoteWakes();
  Fiber& TakeFiber();
  void Recycle(Fiber& fiber);
  void Enqueue(Fiber& fiber);
  void Resume(Fiber& fiber);
  void SwitchOut();
  void Leave(Fiber& fiber);
  void BindToThread();
  void Switch(ExecutionStack& from, ExecutionStack& to);
  void Arrive(ExecutionStack& here, boost::context::detail::transfer_t from);
  static void Main(boost::context::detail::transfer_t from);
  static boost::context::detail::transfer_t JumpTold(boost::context::detail::fcontext_t context,
                                                     void* from);

  Scheduler* self_;
  netpoll::Loop* loop_;
  Options options_;
  Fiber* running_ = nullptr;
  Fiber* ended_ = nullptr;  // just left for good; the next fiber to run takes it back
  FiberPool pool_{*this, *loop_, options_, &Main};
  Counter live_;
  Counter live_max_;
  Counter started_;
  // Fibers woken since the round began, in the order in which they will run.
  Fiber* ready_first_ = nullptr;
  Fiber* ready_last_ = nullptr;
  bool deferred_ = false;
  // During Run: the fibers of this round that have not run, and the state of its slice.
  bool in_run_ = false;
  Fiber* round_ = nullptr;
  unsigned switches_ = 0;
  unsigned next_look_ = 0;
  TimePoint slice_end_ = kNever;
  ExecutionStack loop_stack_;
  decltype(&JumpTold) jump_ =
      CheckedFromOutside() ? &JumpTold : &boost::context::detail::jump_fcontext;
  ExceptionState* thread_exceptions_ = nullptr;
  std::unique_ptr<BlockingPool> blocking_;
  std::atomic<Fiber*> remote_{nullptr};
  RemoteWakes remote_wakes_{*this};
};

}  // namespace hon::fiber
