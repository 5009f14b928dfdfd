#include "http/range.h"

#include <gtest/gtest.h>

#include <string>

namespace hon::http::internal {
namespace {

using Verdict = RangeSet::Verdict;

RangeSet Parse(std::string_view field, int64_t size) {
  RangeSet set;
  ParseRange(field, size, set);
  return set;
}

// "bytes=" and `count` single bytes, two apart.
std::string Scattered(size_t count) {
  std::string field = "bytes=";
  for (size_t i = 0; i < count; ++i) {
    field += (i == 0 ? "" : ",") + std::to_string(2 * i) + '-' + std::to_string(2 * i);
  }
  return field;
}

TEST(ParseRange, TakesRangesUpToTheirLimit) {
  const RangeSet most = Parse(Scattered(kRangesMax), 1000);
  EXPECT_EQ(most.verdict, Verdict::kParts);
  EXPECT_EQ(most.count, kRangesMax);
  EXPECT_EQ(Parse(Scattered(kRangesMax + 1), 1000).verdict, Verdict::kWhole);
}

TEST(ParseRange, RangesPastTheEndDoNotCount) {
  const RangeSet some = Parse(Scattered(kRangesMax + 36), 11);
  EXPECT_EQ(some.verdict, Verdict::kParts);
  EXPECT_EQ(some.count, 6U);
}

TEST(ParseRange, AnErrorAfterTooManyIsAnError) {
  EXPECT_EQ(Parse(Scattered(kRangesMax + 1) + ",x", 1000).verdict, Verdict::kMalformed);
}

TEST(ParseRange, TakesOverlapsUpToTheirLimit) {
  static_assert(kRangeOverlapsMax == 2);
  // Of three ranges over the same byte, all three pairs overlap.
  EXPECT_EQ(Parse("bytes=0-0,0-0", 100).verdict, Verdict::kParts);
  EXPECT_EQ(Parse("bytes=0-0,0-0,0-0", 100).verdict, Verdict::kWhole);
  EXPECT_EQ(Parse("bytes=0-10,10-20,20-30", 100).verdict, Verdict::kParts);
  EXPECT_EQ(Parse("bytes=0-10,10-20,20-30,30-40", 100).verdict, Verdict::kWhole);
  EXPECT_EQ(Parse("bytes=0-10,11-20,21-30,31-40", 100).verdict, Verdict::kParts);
}

TEST(ParseRange, AsksForNoMoreThanTheWhole) {
  EXPECT_EQ(Parse("bytes=0-4,5-9", 10).verdict, Verdict::kParts);
  EXPECT_EQ(Parse("bytes=0-4,4-9", 10).verdict, Verdict::kWhole);
}

TEST(ParseRange, CountsInt64) {
  constexpr int64_t kMost = INT64_MAX;
  const RangeSet last = Parse("bytes=9223372036854775806-", kMost);
  ASSERT_EQ(last.count, 1U);
  EXPECT_EQ(last.ranges[0].start, kMost - 1);
  EXPECT_EQ(last.ranges[0].length, 1);
  const RangeSet all = Parse("bytes=0-9223372036854775807", kMost);
  ASSERT_EQ(all.count, 1U);
  EXPECT_EQ(all.ranges[0].length, kMost);
  // The sum of the ranges does not fit int64_t.
  EXPECT_EQ(Parse("bytes=0-,0-", kMost).verdict, Verdict::kWhole);
}

TEST(FormatContentRange, HoldsTheLargestNumbers) {
  ContentRangeText text;
  EXPECT_EQ(FormatContentRange({INT64_MAX - 2, 2}, INT64_MAX, text),
            "bytes 9223372036854775805-9223372036854775806/9223372036854775807");
  EXPECT_EQ(FormatContentRange({0, 1}, 1, text), "bytes 0-0/1");
  EXPECT_EQ(FormatUnsatisfied(INT64_MAX, text), "bytes */9223372036854775807");
}

}  // namespace
}  // namespace hon::http::internal
