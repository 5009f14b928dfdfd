// Waits that end by time or by a context alone.

#include "fiber/sleeper.h"
#include "hon/fiber/fiber.h"

namespace hon::fiber {
namespace {

Error WaitUntil(const appcontext::Context& context, TimePoint deadline) {
  internal::Sleeper sleeper(context, deadline);
  while (!sleeper.Over()) sleeper.Park();
  return context.Cause();
}

}  // namespace

Error Sleep(Duration time) { return Sleep(CurrentContext(), time); }

Error Sleep(const appcontext::Context& context, Duration time) {
  return WaitUntil(context, DeadlineAfter(Clock::now(), time));
}

Error Wait(const appcontext::Context& context) { return WaitUntil(context, kNever); }

}  // namespace hon::fiber
