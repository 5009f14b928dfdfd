#pragma once

// When a handler holds its loop: decided from successive looks at the loop's thread. Pure: no
// threads, no clock.

#include <cstdint>

#include "hon/base/assert.h"
#include "hon/base/time.h"

namespace hon::workers {

/// Looks at one loop. A burst (a run of a handler between two suspensions) stalls its loop when it
/// has lasted for the stall time and its thread has meanwhile used that much processor time, or
/// waits in the kernel. A thread that the system has not let run is thus not taken for a stall, and
/// a handler that computes on a contended processor is.
class StallDetector {
 public:
  enum class Verdict : uint8_t {
    kQuiet,    // no handler has run since the last look
    kRunning,  // a handler runs or has run
    kBegan,    // the burst that runs is now found to be a stall
    kStalled,  // the same burst still runs
  };

  explicit StallDetector(Duration stall_time) : stall_time_(stall_time) {
    HON_ASSERT(stall_time > Duration::zero());
  }

  /// `sequence` is that of LoopActivity; `probe` is the loop's ThreadProbe, asked only if needed.
  template <class Probe>
  Verdict Look(TimePoint now, uint64_t sequence, const Probe& probe) {
    if (sequence != sequence_) {
      sequence_ = sequence;
      since_ = now;
      used_ = probe.Used();
      stalled_ = false;
      return Verdict::kRunning;
    }
    if (sequence % 2 == 0) return Verdict::kQuiet;
    HON_ASSERT(now >= since_);
    if (stalled_) return Verdict::kStalled;
    if (now - since_ < stall_time_) return Verdict::kRunning;
    if (probe.Used() - used_ < stall_time_ && !probe.Waits()) return Verdict::kRunning;
    stalled_ = true;
    return Verdict::kBegan;
  }

  [[nodiscard]] bool Stalled() const { return stalled_; }
  /// The sequence number at the last look.
  [[nodiscard]] uint64_t Sequence() const { return sequence_; }
  /// When that sequence number was first seen.
  [[nodiscard]] TimePoint Since() const { return since_; }

 private:
  Duration stall_time_;
  uint64_t sequence_ = 0;
  TimePoint since_{};
  Duration used_{};  // processor time of the thread at since_
  bool stalled_ = false;
};

}  // namespace hon::workers
