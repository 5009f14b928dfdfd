#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "hon/base/time.h"

namespace hon::netpoll {

class TimerWheel;

/// The links of a timer in the ring of a slot of the wheel.
struct TimerLink {
  TimerLink* ring_prev = nullptr;
  TimerLink* ring_next = nullptr;
};

/// A callback at a given time. Intrusive: arming and disarming allocate nothing and take constant
/// time. Belongs to one wheel, on its loop's thread; disarmed by its destructor.
class Timer : private TimerLink {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { Disarm(); }
  [[nodiscard]] bool Armed() const { return ring_next != nullptr; }
  void Disarm();

 protected:
  /// Not before the deadline, and at most one tick (1 ms) and one loop turn after it. The timer is
  /// disarmed by then and may be armed again or destroyed here.
  virtual void OnTimer() = 0;

 private:
  friend class TimerWheel;
  uint64_t tick_ = 0;
  TimerWheel* wheel_ = nullptr;
};

/// A hierarchical timing wheel with ticks of 1 ms: six levels of 64 slots, each level 64 times as
/// coarse as the one below it. A timer moves down at most once per level before it is due.
class TimerWheel {
 public:
  static constexpr Duration kTick = std::chrono::milliseconds(1);
  static constexpr unsigned kLevelBits = 6;
  static constexpr unsigned kLevels = 6;
  static constexpr unsigned kSlots = 1U << kLevelBits;
  /// About two years. A later deadline is checked again when the horizon is reached.
  static constexpr uint64_t kHorizonTicks = uint64_t{kSlots - 2} << (kLevelBits * (kLevels - 1));

  explicit TimerWheel(TimePoint start);
  ~TimerWheel();  // disarms timers that are still armed
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// Arms `timer`, or moves its deadline. kNever disarms it.
  void Arm(Timer& timer, TimePoint deadline);
  /// Runs the timers that are due at `now`. Timers armed meanwhile for the past run in the next
  /// call.
  void Advance(TimePoint now);
  /// A time not after the earliest deadline; kNever when no timer is armed.
  [[nodiscard]] TimePoint NextWakeup() const;
  [[nodiscard]] size_t Armed() const { return armed_; }

 private:
  friend class Timer;

  /// The slot that is due next, and its time.
  struct Expiry {
    unsigned level = kLevels;  // kLevels: every slot is empty
    unsigned slot = 0;
    uint64_t tick = 0;
  };

  void Insert(Timer& timer);
  void Collect(const Expiry& due);
  [[nodiscard]] Expiry Next() const;
  [[nodiscard]] Expiry FindNext() const;

  TimePoint start_;
  uint64_t elapsed_ = 0;  // the tick up to which everything has been collected
  size_t armed_ = 0;
  TimerLink due_;  // collected, and run one by one
  // A bit is set while its slot may hold timers; disarming leaves it for Next to clear.
  mutable std::array<uint64_t, kLevels> occupied_{};
  // The last result of FindNext, until a timer changes it: most turns of a busy loop move no timer.
  mutable Expiry next_;
  std::array<std::array<TimerLink, kSlots>, kLevels> slots_;
};

}  // namespace hon::netpoll
