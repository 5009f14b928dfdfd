#pragma once

#include <string_view>

#include "hon/http/time.h"

namespace hon::http {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace): NULs

inline constexpr std::string_view kDigits = "0123456789";
inline constexpr std::string_view kWhole = "*";  // the body is the content
inline constexpr Time kZero;
inline constexpr Time kEpoch = Time::FromUnix(0);
inline constexpr Time kAt = Time::FromUnix(1'600'000'000, 500'000'000);

/// One call of ServeContent and its answer. Fields are parted by "|". To keep the tables short,
/// "@AT" stands for kAt in whole seconds, "@BEFORE" and "@AFTER" for the seconds around it, "~" for
/// a line end in the body, "B" for the boundary of a multipart answer, and
///   AR  Accept-Ranges: bytes    TP  Content-Type: text/plain; charset=utf-8
///   CL  Content-Length:         NS  X-Content-Type-Options: nosniff
///   CR  Content-Range: bytes    LM  Last-Modified: @AT
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
