// Waits that end by time or by a context, on fibers and on plain threads.

#include <condition_variable>
#include <mutex>

#include "hon/fiber/fiber.h"
#include "hon/netpoll/timer.h"

namespace hon::fiber {
namespace {

class FiberTimer final : public netpoll::Timer {
 public:
  explicit FiberTimer(Fiber& fiber) : fiber_(&fiber) {}
  ~FiberTimer() override { Disarm(); }
  [[nodiscard]] bool Fired() const { return fired_; }

 private:
  void OnTimer() override {
    fired_ = true;
    Wake(*fiber_);
  }

  Fiber* fiber_;
  bool fired_ = false;
};

class FiberWaiter final : public appcontext::Waiter {
 public:
  explicit FiberWaiter(Fiber& fiber) : fiber_(&fiber) {}
  ~FiberWaiter() override { Unregister(); }

 private:
  void OnDone() override { Wake(*fiber_); }

  Fiber* fiber_;
};

class ThreadWaiter final : public appcontext::Waiter {
 public:
  ~ThreadWaiter() override { Unregister(); }
  void WaitUntil(const appcontext::Context& context, TimePoint deadline) {
    std::unique_lock lock(mutex_);
    if (deadline == kNever) {
      changed_.wait(lock, [&] { return context.Done(); });
    } else {
      changed_.wait_until(lock, deadline, [&] { return context.Done(); });
    }
  }

 private:
  void OnDone() override {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
};

Error WaitUntil(const appcontext::Context& context, TimePoint deadline) {
  if (context.Done()) return context.Cause();
  Fiber* fiber = Current();
  if (fiber == nullptr) {
    ThreadWaiter waiter;
    if (waiter.Register(context)) waiter.WaitUntil(context, deadline);
    return context.Cause();
  }
  FiberTimer timer(*fiber);
  FiberWaiter waiter(*fiber);
  Scheduler::Current()->GetLoop().Timers().Arm(timer, deadline);
  if (waiter.Register(context)) {
    while (!timer.Fired() && !context.Done()) Park();
  }
  return context.Cause();
}

}  // namespace

Error Sleep(Duration time) { return Sleep(CurrentContext(), time); }

Error Sleep(const appcontext::Context& context, Duration time) {
  return WaitUntil(context, DeadlineAfter(Clock::now(), time));
}

Error Wait(const appcontext::Context& context) { return WaitUntil(context, kNever); }

}  // namespace hon::fiber
