#pragma once

// The clock of a simulation: while a SimulatedClock lives, hon::Clock::now() on its thread is the
// time of a FakeBackend. A test program that links simulated_clock.cc needs the linker's --wrap
// (hon_simulates_clock of cmake/hon_component.cmake).

#include "support/fake_backend.h"

namespace hon::test {

class SimulatedClock {
 public:
  /// `kernel` must outlive this object. One object at a time on a thread.
  explicit SimulatedClock(const netpoll::FakeBackend& kernel);
  ~SimulatedClock();
  SimulatedClock(const SimulatedClock&) = delete;
  SimulatedClock& operator=(const SimulatedClock&) = delete;
};

}  // namespace hon::test
