#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hon/base/result.h"

namespace hon::http {

/// The text is none of the three forms of a date (RFC 9110 §5.6.7).
inline constexpr Sentinel ErrInvalidTime{"http: cannot parse the time"};

/// A moment of wall time, as Go's time.Time in UTC: from the year 1 on, which nanoseconds in one
/// word cannot hold. Made from any time_point of the system clock. A value.
class Time {
 public:
  /// The absence of a time; Go's zero Time, the start of the year 1.
  constexpr Time() noexcept = default;
  template <class D>
  constexpr Time(  // NOLINT(google-explicit-constructor)
      std::chrono::time_point<std::chrono::system_clock, D> at) noexcept
      : seconds_(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count()),
        nanoseconds_(static_cast<int32_t>(
            std::chrono::nanoseconds(at - std::chrono::floor<std::chrono::seconds>(at)).count())) {}
  /// `seconds` after 1970, and 0 to 999,999,999 `nanoseconds`.
  static constexpr Time FromUnix(int64_t seconds, int32_t nanoseconds = 0) noexcept {
    Time time;
    time.seconds_ = seconds;
    time.nanoseconds_ = nanoseconds;
    return time;
  }

  [[nodiscard]] constexpr bool IsZero() const noexcept { return *this == Time(); }
  /// Whole seconds since 1970.
  [[nodiscard]] constexpr int64_t Unix() const noexcept { return seconds_; }
  /// The nanoseconds within the second.
  [[nodiscard]] constexpr int32_t Nanosecond() const noexcept { return nanoseconds_; }
  /// The year, month (1 to 12) and day of the Gregorian calendar.
  struct Date {
    int64_t year;
    int month;
    int day;
  };
  [[nodiscard]] Date CalendarDate() const noexcept;

  friend constexpr auto operator<=>(const Time&, const Time&) noexcept = default;

 private:
  static constexpr int64_t kYearOne = -62'135'596'800;

  int64_t seconds_ = kYearOne;
  int32_t nanoseconds_ = 0;
};

/// Length of an IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
inline constexpr size_t kTimeBytes = 29;

/// Writes `time` as an IMF-fixdate, whatever the locale is. Years outside 0..9999 are shown as the
/// nearest of these.
void FormatTime(Time time, std::span<char, kTimeBytes> into) noexcept;
[[nodiscard]] std::string FormatTime(Time time);

/// Reads the three forms of a date (RFC 9110 §5.6.7): IMF-fixdate, RFC 850, asctime; with Go's
/// leniency about case, repeated blanks and fractions of a second. ErrInvalidTime otherwise.
[[nodiscard]] Result<Time> ParseTime(std::string_view text);

}  // namespace hon::http
