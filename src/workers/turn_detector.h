#pragma once

// When a turn of a loop holds it while no handler does: decided from successive looks at the loop's
// thread. Pure: no threads, no clock.

#include <cstdint>

#include "hon/base/assert.h"
#include "hon/base/time.h"

namespace hon::workers {

/// Looks at the turns of one loop. A turn stalls its loop when
/// - the thread sleeps in the kernel, and for the stall time no handler has run, or
/// - the turn has used kComputingStalls stall times of the processor: a turn may serve many
///   connections, each of them briefly.
/// While a handler runs, StallDetector decides alone.
class TurnDetector {
 public:
  /// A turn that computes may last for this many stall times.
  static constexpr int kComputingStalls = 10;

  enum class Verdict : uint8_t {
    kQuiet,    // the loop waits for events, as at the last look
    kRunning,  // a turn is or was under way
    kBegan,    // the turn that is under way is now found to be a stall
    kStalled,  // the same turn is still under way
  };

  explicit TurnDetector(Duration stall_time) : stall_time_(stall_time) {
    HON_ASSERT(stall_time > Duration::zero());
  }

  /// `turn` is netpoll::Loop::TurnBegan, `sequence` is that of LoopActivity; `probe` is the loop's
  /// ThreadProbe, asked only if needed.
  template <class Probe>
  Verdict Look(TimePoint now, TimePoint turn, uint64_t sequence, const Probe& probe) {
    if (turn != turn_) {
      turn_ = turn;
      stalled_ = false;
      since_ = now;
      used_ = turn == TimePoint{} ? Duration::zero() : probe.Used();
      BeginStretch(now, sequence);
      return Verdict::kRunning;
    }
    if (turn == TimePoint{}) return Verdict::kQuiet;
    if (stalled_) return Verdict::kStalled;
    if (sequence != sequence_) BeginStretch(now, sequence);
    if (sequence % 2 == 1) return Verdict::kRunning;
    const bool computes = now - since_ >= stall_time_ * kComputingStalls &&
                          probe.Used() - used_ >= stall_time_ * kComputingStalls;
    const bool waits = now - stretch_since_ >= stall_time_ && probe.Waits();
    if (!computes && !waits) return Verdict::kRunning;
    stalled_ = true;
    return Verdict::kBegan;
  }
  /// The time of the turn so far is a handler's that has been found to stall the loop.
  template <class Probe>
  void Excuse(TimePoint now, const Probe& probe) {
    since_ = now;
    used_ = probe.Used();
  }

  [[nodiscard]] bool Stalled() const { return stalled_; }
  /// The turn has ended while it was judged: no stall.
  void Withdraw() { stalled_ = false; }
  /// The turn of the last look; TimePoint{}: the loop waited for events.
  [[nodiscard]] TimePoint Turn() const { return turn_; }
  /// When that turn was first seen.
  [[nodiscard]] TimePoint Since() const { return since_; }

 private:
  void BeginStretch(TimePoint now, uint64_t sequence) {
    sequence_ = sequence;
    stretch_since_ = now;
  }

  Duration stall_time_;
  TimePoint turn_{};
  TimePoint since_{};          // when turn_ was first seen
  Duration used_{};            // processor time of the thread at since_
  uint64_t sequence_ = 0;      // of LoopActivity
  TimePoint stretch_since_{};  // when sequence_ was first seen
  bool stalled_ = false;
};

}  // namespace hon::workers
