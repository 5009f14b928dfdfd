#include "hon/base/duration.h"

#include <gtest/gtest.h>

#include <string>

#include "base/duration_cases.h"

namespace hon {
namespace {

TEST(ParseDuration, ReadsWhatGoReads) {
  for (const DurationCase& c : kDurationCases) {
    const Result<Duration> duration = ParseDuration(c.text);
    if (c.error.empty()) {
      ASSERT_TRUE(duration.has_value()) << c.text << ": " << duration.error().Message();
      EXPECT_EQ(duration->count(), c.nanoseconds) << c.text;
    } else {
      ASSERT_FALSE(duration.has_value()) << c.text;
      EXPECT_EQ(duration.error().Message(), c.error);
      EXPECT_TRUE(duration.error().Is(ErrDuration));
    }
  }
}

}  // namespace
}  // namespace hon
