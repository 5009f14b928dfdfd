#pragma once

#include "hon/appcontext/context.h"
#include "hon/base/assert.h"
#include "hon/base/time.h"
#include "hon/fiber/fiber.h"
#include "hon/netpoll/loop.h"
#include "hon/netpoll/timer.h"

namespace hon::client {

/// Suspends the calling fiber until a wake, a deadline or the end of a context. Lives on the
/// fiber's stack.
class Parker final : private appcontext::Waiter, private netpoll::Timer {
 public:
  Parker() : fiber_(fiber::Current()) { HON_ASSERT(fiber_ != nullptr); }
  ~Parker() override { Unregister(); }

  /// Suspends the fiber. May return without a cause: the caller checks its condition again.
  void Park(const appcontext::Context& context, TimePoint deadline) {
    if (!Register(context)) return;
    if (deadline != kNever) fiber::Scheduler::Current()->GetLoop().Timers().Arm(*this, deadline);
    fiber::Park();
    Disarm();
    Unregister();
  }
  /// Any thread, during the lifetime of the Parker.
  void Wake() { fiber::Wake(*fiber_); }

 private:
  void OnDone() override { Wake(); }
  void OnTimer() override { Wake(); }

  fiber::Fiber* fiber_;
};

}  // namespace hon::client
