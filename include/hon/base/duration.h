#pragma once

#include <string_view>

#include "hon/base/error.h"
#include "hon/base/result.h"
#include "hon/base/time.h"

namespace hon {

/// The text is no duration, or one that does not fit 64 bits of nanoseconds.
inline constexpr Sentinel ErrDuration{"time: invalid duration"};

/// Reads a duration as Go's time.ParseDuration: an optional sign, then numbers with an optional
/// fraction and a unit each, as "300ms", "-1.5h" or "2h45m"; "0" needs no unit. Units are "ns",
/// "us" (or "µs"), "ms", "s", "m" and "h". Fractions of a nanosecond are cut. Fails with
/// ErrDuration. Pure; any thread.
[[nodiscard]] Result<Duration> ParseDuration(std::string_view text);

}  // namespace hon
