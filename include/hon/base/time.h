#pragma once

#include <chrono>

namespace hon {

/// All deadlines and timeouts are on the monotonic clock; wall time appears only in Date,
/// Last-Modified and cookies.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = std::chrono::nanoseconds;

/// "No deadline", as Go's zero time.Time is for SetDeadline.
inline constexpr TimePoint kNever = TimePoint::max();

/// "No timeout": an explicit wish, since every default is a finite time.
inline constexpr Duration kUnlimited = Duration::max();

/// `now + timeout` without overflow; kUnlimited gives kNever.
constexpr TimePoint DeadlineAfter(TimePoint now, Duration timeout) {
  if (timeout >= kNever - now) return kNever;
  return now + timeout;
}

}  // namespace hon
