#pragma once

#include "hon/appcontext/context.h"
#include "hon/fiber/fiber.h"

namespace hon::engine {

/// Wakes a fiber when a context ends. Lives on that fiber's stack.
class ContextEnd final : public appcontext::Waiter {
 public:
  explicit ContextEnd(fiber::Fiber& fiber) : fiber_(fiber) {}
  ~ContextEnd() override { Unregister(); }

 private:
  void OnDone() override { fiber::Wake(fiber_); }

  fiber::Fiber& fiber_;
};

/// Suspends the running fiber until it is woken. A fiber beside the handler's also ends its wait
/// with its own context, whose cause is returned then; the exchange ends the handler's waits.
inline Error ParkForInput() {
  if (fiber::CurrentSwitchHooks().before_suspend != nullptr) [[likely]] {
    fiber::Park();
    return {};
  }
  const appcontext::Context& context = fiber::CurrentContext();
  ContextEnd end(*fiber::Current());
  if (!end.Register(context)) return context.Cause();
  fiber::Park();
  end.Unregister();
  return context.Done() ? context.Cause() : Error();
}

}  // namespace hon::engine
