#include "support/simulated_clock.h"

#include "hon/base/assert.h"
#include "hon/base/time.h"

namespace hon::test {
namespace {

thread_local const netpoll::FakeBackend* simulated_kernel = nullptr;

}  // namespace

// The linker redirects all references to std::chrono::steady_clock::now() to WrappedNow, and gives
// the original the name of RealNow (--wrap).
TimePoint RealNow() noexcept __asm__("__real__ZNSt6chrono3_V212steady_clock3nowEv");
TimePoint WrappedNow() noexcept __asm__("__wrap__ZNSt6chrono3_V212steady_clock3nowEv");

TimePoint WrappedNow() noexcept {
  return simulated_kernel != nullptr ? simulated_kernel->Now() : RealNow();
}

SimulatedClock::SimulatedClock(const netpoll::FakeBackend& kernel) {
  HON_ASSERT(simulated_kernel == nullptr);
  simulated_kernel = &kernel;
  HON_ASSERT(Clock::now() == kernel.Now());
}

SimulatedClock::~SimulatedClock() { simulated_kernel = nullptr; }

}  // namespace hon::test
