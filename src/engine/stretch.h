#pragma once

#include <algorithm>

#include "hon/base/time.h"

namespace hon::engine {

/// The longest time for which a call held its thread between two suspensions.
class Stretch {
 public:
  void Reset() { longest_ = {}; }
  void Resume() { began_ = Clock::now(); }
  void Suspend() { longest_ = std::max(longest_, Duration(Clock::now() - began_)); }
  [[nodiscard]] Duration Longest() const { return longest_; }

 private:
  TimePoint began_{};
  Duration longest_{};
};

}  // namespace hon::engine
