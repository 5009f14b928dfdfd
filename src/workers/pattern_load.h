#pragma once

// The measured load of one pattern, which decides where its calls run. Pure: no clock, no threads.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "hon/base/time.h"

namespace hon::workers {

/// A moving average of how long calls held their thread without suspending, packed into the word
/// http::Route::runner_word. Zero is a pattern without measurements.
class PatternLoad {
 public:
  /// One call counts for this part of the average.
  static constexpr int64_t kWeight = 8;
  /// A call counts as this many limits at most, so that a single one, which the system may have
  /// delayed, does not move a pattern that was quick.
  static constexpr int64_t kLimitsMax = 4;
  /// A pattern returns to the loops when its average is below half the limit and this many calls in
  /// a row were quick; twice as many after each return that was too early.
  static constexpr uint32_t kQuickCallsMin = 128;
  static constexpr uint32_t kReturnsCounted = 7;
  /// Far from the limit, one call in this many is measured.
  static constexpr uint32_t kSampling = 8;

  static constexpr uint64_t kOnWorkers = uint64_t{1} << 63;
  static constexpr uint64_t kBlocks = uint64_t{1} << 62;  // was seen blocked in the kernel

  explicit constexpr PatternLoad(uint64_t word) : word_(word) {}

  [[nodiscard]] constexpr uint64_t Word() const { return word_; }
  [[nodiscard]] constexpr bool OnWorkers() const { return (word_ & kOnWorkers) != 0; }
  [[nodiscard]] constexpr bool Known() const { return (word_ & kKnown) != 0; }
  [[nodiscard]] constexpr Duration Average() const {
    return std::chrono::nanoseconds(static_cast<int64_t>(word_ & kAverageMask));
  }
  /// Whether the call with this number is to be measured.
  [[nodiscard]] constexpr bool Samples(uint32_t call, Duration limit) const {
    return call % kSampling == 0 || IsNear(limit);
  }
  /// Whether few calls may move the pattern.
  [[nodiscard]] constexpr bool IsNear(Duration limit) const {
    return !Known() || 4 * Average() > limit;
  }

  /// The load after one more call, which held its thread for `held`.
  [[nodiscard]] constexpr PatternLoad After(Duration held, Duration limit) const {
    held = std::min(held, limit * kLimitsMax);
    Duration average = Average();
    average = Known() ? average + (held - average) / kWeight : held;
    uint32_t quick = held <= limit / 2 ? std::min(QuickCalls() + 1, kCountMax) : 0;
    uint64_t flags = word_ & (kOnWorkers | kBlocks);
    uint32_t returns = Returns();
    if (!OnWorkers() && average > limit) {
      flags |= kOnWorkers;
      quick = 0;
    } else if (OnWorkers() && average <= limit / 2 && quick >= QuickCallsWanted()) {
      flags = 0;
      quick = 0;
      returns = std::min(returns + 1, kReturnsCounted);
    }
    return Packed(average, quick, returns, flags);
  }

  /// The load after a call that was seen to stall its loop.
  [[nodiscard]] constexpr PatternLoad Moved(Duration limit) const {
    return Packed(limit * kLimitsMax, 0, Returns(), (word_ & kBlocks) | kOnWorkers);
  }

  /// Quick calls in a row that return the pattern to the loops.
  [[nodiscard]] constexpr uint32_t QuickCallsWanted() const { return kQuickCallsMin << Returns(); }

 private:
  static constexpr uint64_t kKnown = uint64_t{1} << 61;
  static constexpr unsigned kCountShift = 40;
  static constexpr uint32_t kCountMax = 0xffff;
  static constexpr unsigned kReturnsShift = 56;
  static constexpr uint64_t kAverageMask = (uint64_t{1} << kCountShift) - 1;
  static_assert((kQuickCallsMin << kReturnsCounted) <= kCountMax);

  static constexpr PatternLoad Packed(Duration average, uint32_t quick, uint32_t returns,
                                      uint64_t flags) {
    const auto ns = static_cast<uint64_t>(std::chrono::nanoseconds(average).count());
    return PatternLoad(std::min(ns, kAverageMask) | uint64_t{quick} << kCountShift |
                       uint64_t{returns} << kReturnsShift | kKnown | flags);
  }
  [[nodiscard]] constexpr uint32_t QuickCalls() const {
    return static_cast<uint32_t>(word_ >> kCountShift) & kCountMax;
  }
  [[nodiscard]] constexpr uint32_t Returns() const {
    return static_cast<uint32_t>(word_ >> kReturnsShift) & kReturnsCounted;
  }

  uint64_t word_;
};

/// Takes one measured call, which held its thread for `held`, into account. Any thread.
inline void RecordCall(std::atomic<uint64_t>& word, Duration held, Duration limit) {
  uint64_t before = word.load(std::memory_order_relaxed);
  const PatternLoad after = PatternLoad(before).After(held, limit);
  // A sample may be lost to one of another thread; a move by the watchdog must not be.
  word.compare_exchange_strong(before, after.Word(), std::memory_order_relaxed);
}

}  // namespace hon::workers
