#include "hon/base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <utility>

#include "hon/base/result.h"

namespace hon {
namespace {

constexpr Sentinel kFirst{"first"};
constexpr Sentinel kSecond{"second"};

TEST(Error, NoneIsFalse) {
  const Error none;
  EXPECT_FALSE(none);
  EXPECT_EQ(none.Message(), "");
  EXPECT_FALSE(none.Is(kFirst));
  EXPECT_EQ(none.SystemCode(), 0);
}

TEST(Error, ASentinelIsItself) {
  const Error error = kFirst;
  EXPECT_TRUE(error);
  EXPECT_TRUE(error.Is(kFirst));
  EXPECT_FALSE(error.Is(kSecond));
  EXPECT_EQ(error.Message(), "first");
}

TEST(Error, OfHasItsOwnText) {
  const Error error = Error::Of(kFirst, "the first of many");
  EXPECT_TRUE(error.Is(kFirst));
  EXPECT_EQ(error.Message(), "the first of many");
}

TEST(Error, WrapLooksThrough) {
  const Error error = Error::Wrap("outer", Error::Wrap("inner", kSecond));
  EXPECT_TRUE(error.Is(kSecond));
  EXPECT_FALSE(error.Is(kFirst));
  EXPECT_EQ(error.Message(), "outer: inner: second");
  EXPECT_FALSE(Error::Wrap("context", Error()));
}

TEST(Error, SystemKeepsItsCode) {
  const Error error = Error::Wrap("bind 127.0.0.1:80", Error::System(EACCES, "bind"));
  EXPECT_EQ(error.SystemCode(), EACCES);
  EXPECT_EQ(error.Message(), "bind 127.0.0.1:80: bind: Permission denied");
}

TEST(Error, CopiesAndMoves) {
  Error first = Error::New("text");
  Error copy = first;
  Error moved = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): moved from is none
  EXPECT_EQ(copy.Message(), "text");
  EXPECT_EQ(moved.Message(), "text");
  Error& same = moved;
  moved = same;
  EXPECT_EQ(moved.Message(), "text");
  copy = kSecond;
  EXPECT_TRUE(copy.Is(kSecond));
}

Result<int> Halve(int n) {
  if (n % 2 != 0) return Fail(kFirst);
  return n / 2;
}

Result<int> Quarter(int n) {
  HON_TRY(const int half, Halve(n));
  return Halve(half);
}

Error Check(int n) {
  HON_RETURN_IF_ERROR(n < 0 ? Error(kSecond) : Error());
  return {};
}

TEST(Result, TryPassesErrorsOn) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_TRUE(Quarter(6).error().Is(kFirst));
  EXPECT_TRUE(Quarter(3).error().Is(kFirst));
  EXPECT_FALSE(Check(1));
  EXPECT_TRUE(Check(-1).Is(kSecond));
}

}  // namespace
}  // namespace hon
