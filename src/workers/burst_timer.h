#pragma once

#include <algorithm>

#include "hon/base/time.h"

namespace hon::workers {

/// Measures the longest burst of one call: a burst is the time for which a call holds its thread
/// between two suspensions.
class BurstTimer {
 public:
  void Reset() { longest_ = {}; }
  void Resume() { began_ = Clock::now(); }
  void Suspend() { longest_ = std::max(longest_, Duration(Clock::now() - began_)); }
  [[nodiscard]] Duration Longest() const { return longest_; }

 private:
  TimePoint began_{};
  Duration longest_{};
};

}  // namespace hon::workers
