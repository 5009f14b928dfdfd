#pragma once

#include <atomic>

#include "fiber/fiber_impl.h"
#include "hon/fiber/fiber.h"

namespace hon::fiber {

/// The scheduler's inside: the fibers of one loop and the switches between them and the loop.
class Scheduler::Impl final : private netpoll::Task {
 public:
  Impl(Scheduler& self, netpoll::Loop& loop, Options options);
  ~Impl() override;

  void Start(Entry entry, void* argument);
  void Go(std::function<void()> function);
  /// Suspends the running fiber; returns when it is resumed.
  void SwitchOut();
  void Enqueue(Fiber& fiber);
  void WakeFromElsewhere(Fiber& fiber);

  [[nodiscard]] Fiber* Running() const { return running_; }
  [[nodiscard]] netpoll::Loop& GetLoop() const { return *loop_; }
  [[nodiscard]] size_t Live() const { return live_; }
  [[nodiscard]] size_t Stacks() const { return stacks_; }

 private:
  // Woken by other threads; posted to the loop.
  class RemoteWakes final : public netpoll::Task {
   public:
    explicit RemoteWakes(Impl& owner) : owner_(&owner) {}
    void Run() override { owner_->TakeRemoteWakes(); }

   private:
    Impl* owner_;
  };

  void Run() override;  // the deferred task: resumes what is ready
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
  Fiber* free_ = nullptr;
  size_t free_count_ = 0;
  size_t live_ = 0;
  size_t stacks_ = 0;
  size_t recycled_ = 0;
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
