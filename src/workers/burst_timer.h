#pragma once

#include <algorithm>

#include "hon/base/assert.h"
#include "hon/base/time.h"

namespace hon::workers {

/// Measures the longest burst of one call: a burst is the time for which a call holds its thread
/// between two suspensions.
class BurstTimer {
 public:
  void Reset() { longest_ = {}; }
  /// The call starts, or is resumed.
  void Resume(TimePoint now = Clock::now()) { began_ = now; }
  /// The call is suspended, or ends.
  void Suspend(TimePoint now = Clock::now()) {
    HON_ASSERT(now >= began_);
    longest_ = std::max(longest_, Duration(now - began_));
  }
  [[nodiscard]] Duration Longest() const { return longest_; }

 private:
  TimePoint began_{};
  Duration longest_{};
};

}  // namespace hon::workers
