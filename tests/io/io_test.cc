#include "hon/io/io.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace hon::io {
namespace {

inline constexpr Sentinel ErrBroken{"broken"};

/// Gives `text` in steps, then `end` (with the last bytes when `together`).
class StepReader final : public Reader {
 public:
  StepReader(std::string text, size_t step, Error end = ErrEof, bool together = false)
      : text_(std::move(text)), step_(step), end_(std::move(end)), together_(together) {}

  IoResult Read(std::span<char> into) override {
    if (into.empty()) return {};
    const size_t n = text_.copy(into.data(), std::min(step_, into.size()), at_);
    at_ += n;
    if (at_ == text_.size() && (n == 0 || together_)) return {n, end_};
    return {n, {}};
  }

 private:
  std::string text_;
  size_t step_;
  Error end_;
  bool together_;
  size_t at_ = 0;
};

class LimitedWriter final : public Writer {
 public:
  explicit LimitedWriter(size_t room, Error when_full = {}) : room_(room), full_(when_full) {}
  IoResult Write(std::string_view data) override {
    const size_t n = std::min(data.size(), room_ - text.size());
    text.append(data.substr(0, n));
    return {n, n < data.size() ? full_ : Error()};
  }
  std::string text;

 private:
  size_t room_;
  Error full_;
};

TEST(ReadAllTest, ReadsToTheEndInAnySteps) {
  const std::string text(10'000, 't');
  for (const size_t step : {1U, 7U, 4096U, 100'000U}) {
    for (const bool together : {false, true}) {
      StepReader reader(text, step, ErrEof, together);
      EXPECT_EQ(*ReadAll(reader), text);
    }
  }
}

TEST(ReadAllTest, TheLimitIsExact) {
  const std::string text(10'000, 't');
  for (const size_t limit : {text.size() - 1, text.size(), text.size() + 1}) {
    StepReader reader(text, 999);
    const auto all = ReadAll(reader, limit);
    EXPECT_EQ(static_cast<bool>(all), limit >= text.size());
    if (!all) {
      EXPECT_TRUE(all.error().Is(ErrTooLong));
    }
  }
}

TEST(ReadAllTest, AnErrorIsGivenOn) {
  StepReader reader("some", 2, ErrBroken);
  EXPECT_TRUE(ReadAll(reader).error().Is(ErrBroken));
}

TEST(ReadFullTest, TellsNoInputFromAPartFromTheWhole) {
  for (const bool together : {false, true}) {
    std::string into(4, '?');
    StepReader exact("four", 3, ErrEof, together);
    const IoResult all = ReadFull(exact, into);
    EXPECT_EQ(all.n, 4U);
    EXPECT_FALSE(all.err);
    EXPECT_EQ(into, "four");
    StepReader shorter("thr", 2, ErrEof, together);
    const IoResult some = ReadFull(shorter, into);
    EXPECT_EQ(some.n, 3U);
    EXPECT_TRUE(some.err.Is(ErrUnexpectedEof));
    StepReader empty("", 1, ErrEof, together);
    const IoResult none = ReadFull(empty, into);
    EXPECT_EQ(none.n, 0U);
    EXPECT_TRUE(none.err.Is(ErrEof));
    StepReader broken("x", 1, ErrBroken, together);
    EXPECT_TRUE(ReadFull(broken, into).err.Is(ErrBroken));
  }
  StepReader reader("x", 1);
  EXPECT_FALSE(ReadFull(reader, {}).err);
}

TEST(CopyTest, CopiesAndReportsEitherSide) {
  const std::string text(100'000, 'c');
  for (const size_t step : {1'000U, 100'000U}) {
    StepReader reader(text, step);
    LimitedWriter writer(SIZE_MAX);
    const CopyResult copied = Copy(writer, reader);
    EXPECT_EQ(copied.n, 100'000);
    EXPECT_FALSE(copied.err);
    EXPECT_EQ(writer.text, text);
  }
  StepReader for_full(text, 999);
  LimitedWriter full(5'000, ErrBroken);
  const CopyResult cut = Copy(full, for_full);
  EXPECT_EQ(cut.n, 5'000);
  EXPECT_TRUE(cut.err.Is(ErrBroken));
  StepReader for_silent(text, 999);
  LimitedWriter silent(5'000);
  const CopyResult shortened = Copy(silent, for_silent);
  EXPECT_EQ(shortened.n, 5'000);
  EXPECT_TRUE(shortened.err.Is(ErrShortWrite));
  StepReader broken(text, 999, ErrBroken);
  LimitedWriter writer(SIZE_MAX);
  const CopyResult failed = Copy(writer, broken);
  EXPECT_EQ(failed.n, 100'000);
  EXPECT_TRUE(failed.err.Is(ErrBroken));
}

TEST(LimitedReaderTest, StopsAtItsLimit) {
  for (const int64_t limit : {-1, 0, 1, 3, 4, 5}) {
    StringReader text("four");
    LimitedReader limited(text, limit);
    const std::string want =
        std::string("four").substr(0, static_cast<size_t>(std::max<int64_t>(limit, 0)));
    EXPECT_EQ(*ReadAll(limited), want);
    EXPECT_EQ(text.Len(), 4 - want.size()) << "took more than its share";
    EXPECT_FALSE(limited.Read({}).err);
  }
}

TEST(StringReaderTest, SeeksAndReads) {
  StringReader text("0123456789");
  EXPECT_EQ(*text.Seek(4, Whence::kStart), 4);
  EXPECT_EQ(*text.Seek(2, Whence::kCurrent), 6);
  EXPECT_EQ(text.Len(), 4U);
  EXPECT_EQ(*text.Seek(-3, Whence::kEnd), 7);
  EXPECT_EQ(*ReadAll(text), "789");
  EXPECT_EQ(*text.Seek(100, Whence::kStart), 100);
  EXPECT_EQ(text.Len(), 0U);
  std::string into(1, '?');
  EXPECT_TRUE(text.Read(into).err.Is(ErrEof));
  EXPECT_FALSE(text.Seek(-1, Whence::kStart));
  EXPECT_FALSE(text.Seek(std::numeric_limits<int64_t>::max(), Whence::kCurrent));
  EXPECT_FALSE(text.Seek(std::numeric_limits<int64_t>::min(), Whence::kEnd));
  EXPECT_EQ(*text.Seek(0, Whence::kCurrent), 100) << "a failed seek moves nothing";
}

}  // namespace
}  // namespace hon::io
