#include "hon/http/time.h"

#include <gtest/gtest.h>

#include <clocale>

#include "http/time_cases.h"

namespace hon::http {
namespace {

TEST(ParseTime, ReadsWhatGoReads) {
  for (const ParseTimeCase& c : kParseTimeCases) {
    const Result<Time> time = ParseTime(c.text);
    ASSERT_EQ(time.has_value(), c.unix_seconds.has_value()) << c.text;
    if (time) {
      EXPECT_EQ(time->Unix(), *c.unix_seconds) << c.text;
      EXPECT_EQ(time->Nanosecond(), 0) << c.text;
    } else {
      EXPECT_TRUE(time.error().Is(ErrInvalidTime)) << c.text;
    }
  }
}

TEST(FormatTime, WritesWhatGoWrites) {
  for (const FormatTimeCase& c : kFormatTimeCases) {
    EXPECT_EQ(FormatTime(Time::FromUnix(c.unix_seconds, 999'999'999)), c.text);
  }
}

TEST(FormatTime, StaysInFourDigitYears) {
  EXPECT_EQ(FormatTime(Time::FromUnix(253'402'300'800)), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(FormatTime(Time::FromUnix(INT64_MAX)), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(FormatTime(Time::FromUnix(INT64_MIN)), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(FormatTime, KnowsNoLocale) {
  const char* const before = std::setlocale(LC_ALL, nullptr);
  const std::string kept = before == nullptr ? "C" : before;
  std::setlocale(LC_ALL, "");
  EXPECT_EQ(FormatTime(Time::FromUnix(784'111'777)), "Sun, 06 Nov 1994 08:49:37 GMT");
  std::setlocale(LC_ALL, kept.c_str());
}

// The calendar repeats after four hundred years.
TEST(FormatTime, AndParseTimeAgreeOnEveryDay) {
  constexpr int64_t kDay = 86'400;
  for (int64_t day = -146'097 / 2; day < 146'097; ++day) {
    const Time time = Time::FromUnix(day * kDay + (day & 0xFFFF));
    const Result<Time> back = ParseTime(FormatTime(time));
    ASSERT_TRUE(back.has_value()) << day;
    ASSERT_EQ(back->Unix(), time.Unix()) << day;
  }
}

TEST(Time, IsMadeFromAnyTimePointOfTheSystemClock) {
  using std::chrono::system_clock;
  const auto at = system_clock::from_time_t(1'700'000'000) + std::chrono::milliseconds(250);
  const Time time = at;
  EXPECT_EQ(time.Unix(), 1'700'000'000);
  EXPECT_EQ(time.Nanosecond(), 250'000'000);

  const Time before_1970 = system_clock::from_time_t(0) - std::chrono::milliseconds(1);
  EXPECT_EQ(before_1970.Unix(), -1);
  EXPECT_EQ(before_1970.Nanosecond(), 999'000'000);
  EXPECT_LT(before_1970, Time::FromUnix(0));
}

TEST(Time, ZeroIsTheStartOfTheYearOne) {
  EXPECT_TRUE(Time().IsZero());
  EXPECT_FALSE(Time::FromUnix(0).IsZero());
  EXPECT_EQ(FormatTime(Time()), "Mon, 01 Jan 0001 00:00:00 GMT");
  EXPECT_EQ(Time().CalendarDate().year, 1);
  const Time::Date leap = Time::FromUnix(951'782'400).CalendarDate();
  EXPECT_EQ(leap.year, 2000);
  EXPECT_EQ(leap.month, 2);
  EXPECT_EQ(leap.day, 29);
}

}  // namespace
}  // namespace hon::http
