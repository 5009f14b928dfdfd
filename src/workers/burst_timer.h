#pragma once

#include <algorithm>

#include "hon/base/assert.h"
#include "hon/base/time.h"
#include "workers/thread_probe.h"

namespace hon::workers {

/// Measures the longest burst of one call: a burst is the time for which a call holds its thread
/// between two suspensions. A precise measurement leaves out the time for which the system has let
/// other threads run.
class BurstTimer {
 public:
  /// A precise measurement makes up to four system calls for a burst.
  void Reset(bool precise) {
    longest_ = {};
    precise_ = precise;
  }
  /// The call starts, or is resumed.
  void Resume(TimePoint now = Clock::now()) {
    began_ = now;
    if (precise_) usage_ = ThreadUsage::OfThisThread();
  }
  /// The call is suspended, or ends.
  void Suspend(TimePoint now = Clock::now()) {
    HON_ASSERT(now >= began_);
    const Duration passed = now - began_;
    if (passed <= longest_) return;
    longest_ =
        precise_ ? std::max(longest_, Held(passed, usage_, ThreadUsage::OfThisThread())) : passed;
  }
  [[nodiscard]] Duration Longest() const { return longest_; }

  /// The part of `passed` for which the thread was held: all of it where the thread has slept,
  /// since a thread that sleeps serves nobody else; otherwise the processor time.
  [[nodiscard]] static Duration Held(Duration passed, const ThreadUsage& before,
                                     const ThreadUsage& after) {
    if (before.sleeps < 0 || after.sleeps != before.sleeps) return passed;
    return std::min(passed, after.processor - before.processor);
  }

 private:
  TimePoint began_{};
  ThreadUsage usage_;  // when the burst began
  Duration longest_{};
  bool precise_ = false;
};

}  // namespace hon::workers
