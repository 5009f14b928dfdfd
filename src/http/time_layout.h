#pragma once

#include <string_view>

#include "hon/http/time.h"

namespace hon::http::internal {

/// Reads `text` by `layout`, as Go's time.Parse would. In a layout, a letter stands for
///   a/A  a weekday's short/long name   d/e  a day of two / one or two digits   b  a month's short
///   name   Y/y  a year of four/two digits   H M S  the time   Z  a zone's abbreviation
/// a blank for any number of blanks, and anything else after "'" or by itself for itself.
[[nodiscard]] Result<Time> ParseTimeLayout(std::string_view layout, std::string_view text);

}  // namespace hon::http::internal
