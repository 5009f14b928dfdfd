#pragma once

#include <atomic>
#include <cstdint>

#include "fiber/fiber_impl.h"
#include "hon/fiber/fiber.h"
#include "hon/netpoll/timer.h"

namespace hon::fiber {

/// The scheduler's inside: the fibers of one loop and the switches between them and the loop.
class Scheduler::Impl final : private netpoll::Task {
 public:
  Impl(Scheduler& self, netpoll::Loop& loop, Options options);
  ~Impl() override;

  void Start(Entry entry, void* argument);
  void Go(std::function<void()> function, GoOptions options);
  void GoFromElsewhere(std::function<void()> function, GoOptions options);
  /// Suspends the running fiber; returns when it is resumed.
  void SwitchOut();
  void Enqueue(Fiber& fiber);
  void WakeFromElsewhere(Fiber& fiber);

  [[nodiscard]] Fiber* Running() const { return running_; }
  [[nodiscard]] netpoll::Loop& GetLoop() const { return *loop_; }
  [[nodiscard]] Stats GetStats() const;

 private:
  class Launch;
  // Woken by other threads; posted to the loop.
  class RemoteWakes final : public netpoll::Task {
   public:
    explicit RemoteWakes(Impl& owner) : owner_(&owner) {}
    void Run() override { owner_->TakeRemoteWakes(); }

   private:
    Impl* owner_;
  };

  // Gives back what free stacks hold deep down, some time after their use.
  class Sweeper final : public netpoll::Timer {
   public:
    explicit Sweeper(Impl& owner) : owner_(&owner) {}
    ~Sweeper() override { Disarm(); }

   private:
    void OnTimer() override { owner_->Sweep(); }
    Impl* owner_;
  };

  // Written by the scheduler's thread alone, read by any.
  class Counter {
   public:
    void Set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
    void Add(uint64_t more) { Set(Get() + more); }
    [[nodiscard]] uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<uint64_t> value_{0};
  };

  void Run() override;  // the deferred task: resumes what is ready
  unsigned ResumeReady();
  void Sweep();
  void TakeRemoteWakes();
  Fiber& TakeFiber();
  void Recycle(Fiber& fiber);
  void Free(Fiber& fiber);
  void Resume(Fiber& fiber);
  static void Main(boost::context::detail::transfer_t from);

  Scheduler* self_;
  netpoll::Loop* loop_;
  Options options_;
  Fiber* running_ = nullptr;
  // Free fibers, last in first out: those used since the last look at their stacks, and the others.
  Fiber* free_ = nullptr;
  Fiber* free_swept_ = nullptr;
  size_t free_count_ = 0;
  Counter live_;
  Counter live_max_;
  Counter stacks_;
  Counter started_;
  Counter trimmed_;
  Sweeper sweeper_{*this};
  Fiber* ready_first_ = nullptr;
  Fiber* ready_last_ = nullptr;
  bool deferred_ = false;
  ExceptionState* thread_exceptions_ = nullptr;
  boost::context::detail::fcontext_t loop_context_ = nullptr;
  const void* loop_stack_bottom_ = nullptr;
  size_t loop_stack_size_ = 0;
  void* loop_tsan_ = nullptr;
  std::atomic<Fiber*> remote_{nullptr};
  RemoteWakes remote_wakes_{*this};
};

}  // namespace hon::fiber
