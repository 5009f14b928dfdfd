#pragma once

#include <string_view>

#include "hon/http/time.h"
#include "http/show_fields.h"

namespace hon::http {

inline constexpr std::string_view kDigits = "0123456789";
inline constexpr std::string_view kWhole = "*";  // the body is the content
inline constexpr Time kZero;
inline constexpr Time kEpoch = Time::FromUnix(0);
inline constexpr Time kAt = Time::FromUnix(1'600'000'000, 500'000'000);

/// One call of ServeContent and its answer, shortened as show_fields.h says.
struct ContentCase {
  std::string_view preset;   // fields set on the writer before; "nil" suppresses
  std::string_view request;  // fields of the request
  int status;
  std::string_view fields;  // sorted
  std::string_view body;
  std::string_view method = "GET";
  std::string_view name = "a.txt";
  Time modtime = kAt;
  std::string_view content = kDigits;
};

}  // namespace hon::http
