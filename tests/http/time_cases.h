#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// The results of Go 1.26's http.ParseTime and TimeFormat, in seconds since 1970.
namespace hon::http {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace): NULs

struct ParseTimeCase {
  std::string_view text;
  std::optional<int64_t> unix_seconds;
};

inline constexpr ParseTimeCase kParseTimeCases[] = {
    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
    {"Sun Nov  6 08:49:37 1994", 784111777},
    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
    {"Mon, 01 Jan 0001 00:00:00 GMT", -62135596800},
    {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
    {"Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
    {"Thu, 29 Feb 2024 12:00:00 GMT", 1709208000},
    {"Wed, 29 Feb 2023 00:00:00 GMT", std::nullopt},
    {"Mon, 29 Feb 1900 00:00:00 GMT", std::nullopt},
    {"Mon, 31 Apr 2024 00:00:00 GMT", std::nullopt},
    {"Mon, 00 Jan 2024 00:00:00 GMT", std::nullopt},
    {"Mon, 32 Jan 2024 00:00:00 GMT", std::nullopt},
    {"Mon, 06 Nov 1994 08:49:37 GMT", 784111777},
    {"sun, 06 nov 1994 08:49:37 GMT", 784111777},
    {"SUN, 06 NOV 1994 08:49:37 GMT", 784111777},
    {"Sun, 06 Nov 1994 08:49:37 gmt", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:37 UTC", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:37 +0000", std::nullopt},
    {"Sun, 6 Nov 1994 08:49:37 GMT", std::nullopt},
    {"Sun, 06 Nov 1994 8:49:37 GMT", 784111777},
    {"Sun, 06 Nov 1994 08:9:37 GMT", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:7 GMT", std::nullopt},
    {"Sun,  06  Nov 1994 08:49:37 GMT", 784111777},
    {"Sun,06 Nov 1994 08:49:37 GMT", std::nullopt},
    {"Sun, 06Nov 1994 08:49:37 GMT", std::nullopt},
    {"Sun, 06 Nov 1994 24:00:00 GMT", std::nullopt},
    {"Sun, 06 Nov 1994 23:60:00 GMT", std::nullopt},
    {"Sun, 06 Nov 1994 23:59:60 GMT", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:37.5 GMT", 784111777},
    {"Sun, 06 Nov 1994 08:49:37,123456 GMT", 784111777},
    {"Sun, 06 Nov 1994 08:49:37. GMT", std::nullopt},
    {"Sun, 06 Nov 94 08:49:37 GMT", std::nullopt},
    {"Sun, 06 Nov 19940 08:49:37 GMT", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:37 GMT ", std::nullopt},
    {" Sun, 06 Nov 1994 08:49:37 GMT", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:37", std::nullopt},
    {"", std::nullopt},
    {"x", std::nullopt},
    {"0", std::nullopt},
    {"Sun", std::nullopt},
    {"Sunday, 06 Nov 1994 08:49:37 GMT", std::nullopt},
    {"Sunday, 06-Nov-68 08:49:37 GMT", 3119417377},
    {"Sunday, 06-Nov-69 08:49:37 GMT", -4806623},
    {"Sunday, 06-Nov-00 08:49:37 GMT", 973500577},
    {"Sunday, 06-Nov-99 08:49:37 GMT", 941878177},
    {"Sunday, 06-Nov-1994 08:49:37 GMT", std::nullopt},
    {"Sun, 06-Nov-94 08:49:37 GMT", std::nullopt},
    {"Sunday, 6-Nov-94 08:49:37 GMT", std::nullopt},
    {"Sunday, 06-Nov-94 08:49:37 PST", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 EST", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 XYZ", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 UTC", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 GMT+2", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 GMT-11", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 GMT+24", std::nullopt},
    {"Sunday, 06-Nov-94 08:49:37 GMT+", std::nullopt},
    {"Sunday, 06-Nov-94 08:49:37 +02", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 +0200", std::nullopt},
    {"Sunday, 06-Nov-94 08:49:37 WITA", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 CEST", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 CESX", std::nullopt},
    {"Sunday, 06-Nov-94 08:49:37 ChST", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 MeST", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 AMSST", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 ABCDE", std::nullopt},
    {"Sunday, 06-Nov-94 08:49:37 ABCDEF", std::nullopt},
    {"Sunday, 06-Nov-94 08:49:37 AB", std::nullopt},
    {"Sunday, 06-Nov-94 08:49:37 gmt", std::nullopt},
    {"Sunday, 06-Nov-94 08:49:37 ", std::nullopt},
    {"Sun Nov 06 08:49:37 1994", 784111777},
    {"Sun Nov 6 08:49:37 1994", 784111777},
    {"Sun Nov 16 08:49:37 1994", 784975777},
    {"sun nov  6 8:49:37 1994", 784111777},
    {"Sun Nov   6 08:49:37 1994", 784111777},
    {"Sun Nov  6 08:49:37 94", std::nullopt},
    {"Sun Nov  6 08:49:37 1994 GMT", std::nullopt},
    {"Sun Nov  0 08:49:37 1994", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:37 GMT\000"sv, std::nullopt},
    {"Sun, 06 Nov 1994 08-49-37 GMT", std::nullopt},
    {"Xxx, 06 Nov 1994 08:49:37 GMT", std::nullopt},
    {"Sun, 06 Xxx 1994 08:49:37 GMT", std::nullopt},
    {"Sun, -6 Nov 1994 08:49:37 GMT", std::nullopt},
    {"Sun, 06 Nov -994 08:49:37 GMT", std::nullopt},
    {"Sun, 06 Nov +994 08:49:37 GMT", std::nullopt},
    {"Sun, 06 Nov 1994 -8:49:37 GMT", std::nullopt},
};

struct FormatTimeCase {
  int64_t unix_seconds;
  std::string_view text;
};

inline constexpr FormatTimeCase kFormatTimeCases[] = {
    {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
    {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
    {-62135596800, "Mon, 01 Jan 0001 00:00:00 GMT"},
    {-62167219200, "Sat, 01 Jan 0000 00:00:00 GMT"},
    {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
    {1, "Thu, 01 Jan 1970 00:00:01 GMT"},
    {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
    {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
    {951868799, "Tue, 29 Feb 2000 23:59:59 GMT"},
    {951868800, "Wed, 01 Mar 2000 00:00:00 GMT"},
    {4107542399, "Sun, 28 Feb 2100 23:59:59 GMT"},
    {1709208000, "Thu, 29 Feb 2024 12:00:00 GMT"},
    {1735689599, "Tue, 31 Dec 2024 23:59:59 GMT"},
    {-2208988800, "Mon, 01 Jan 1900 00:00:00 GMT"},
    {1785542399, "Fri, 31 Jul 2026 23:59:59 GMT"},
    {1234567890, "Fri, 13 Feb 2009 23:31:30 GMT"},
    {2147483648, "Tue, 19 Jan 2038 03:14:08 GMT"},
    {-11644473600, "Mon, 01 Jan 1601 00:00:00 GMT"},
};

}  // namespace hon::http
