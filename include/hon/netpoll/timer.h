#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "hon/base/time.h"

namespace hon::netpoll {

class TimerWheel;

/// Something that happens at a time. Intrusive: arming and disarming allocate nothing and take
/// constant time. Belongs to one wheel, on its loop's thread; disarmed by its destructor.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { Disarm(); }
  [[nodiscard]] bool Armed() const { return next_ != nullptr; }
  void Disarm();

 protected:
  /// Not before the deadline, and at most one tick (1 ms) and one loop turn after it. The timer is
  /// disarmed by then and may be armed again or destroyed here.
  virtual void OnTimer() = 0;

 private:
  friend class TimerWheel;
  Timer* prev_ = nullptr;
  Timer* next_ = nullptr;
  uint64_t tick_ = 0;
};

/// A hierarchical timing wheel with ticks of 1 ms.
class TimerWheel {
 public:
  explicit TimerWheel(TimePoint start);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// Arms, or moves, `timer`. kNever disarms it.
  void Arm(Timer& timer, TimePoint deadline);
  /// Runs what is due at `now`. Timers armed meanwhile for the past run in the next call.
  void Advance(TimePoint now);
  /// A time not after the earliest deadline; kNever when no timer is armed.
  [[nodiscard]] TimePoint NextWakeup() const;
  [[nodiscard]] size_t Armed() const { return armed_; }

 private:
  size_t armed_ = 0;
};

}  // namespace hon::netpoll
