#include "hon/base/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "hon/base/time.h"

namespace hon {
namespace {

TEST(Arena, CopiesStayPut) {
  Arena arena;
  std::vector<std::string_view> views;
  std::vector<std::string> texts;
  for (size_t i = 0; i < 300; ++i) {
    texts.push_back(std::string(i, static_cast<char>('a' + i % 26)));
    views.push_back(arena.Copy(texts.back()));
  }
  for (size_t i = 0; i < views.size(); ++i) EXPECT_EQ(views[i], texts[i]);
}

TEST(Arena, Aligns) {
  Arena arena;
  for (const size_t align : {size_t{1}, size_t{2}, size_t{4}, size_t{8}, size_t{16}}) {
    for (size_t size = 0; size < 40; ++size) {
      void* place = arena.Allocate(size, align);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(place) % align, 0u);
      std::memset(place, 1, size);
    }
  }
}

TEST(Arena, ResetReusesItsFirstChunk) {
  Arena arena;
  const void* first = arena.Allocate(100);
  static_cast<void>(arena.Allocate(100'000));
  arena.Reset();
  EXPECT_EQ(arena.Allocate(100), first);
}

TEST(Arena, OneLargeRequest) {
  Arena arena;
  const std::string large(1'000'000, 'z');
  EXPECT_EQ(arena.Copy(large), large);
  EXPECT_EQ(arena.Copy("small"), "small");
  arena.Clear();
  EXPECT_EQ(arena.Copy("again"), "again");
}

TEST(Arena, Moves) {
  Arena arena;
  const std::string_view text = arena.Copy("kept");
  Arena other = std::move(arena);
  EXPECT_EQ(text, "kept");
  arena = std::move(other);
  EXPECT_EQ(text, "kept");
  EXPECT_EQ(arena.Copy("more"), "more");
}

TEST(Time, DeadlinesDoNotOverflow) {
  const TimePoint now = Clock::now();
  EXPECT_EQ(DeadlineAfter(now, kUnlimited), kNever);
  EXPECT_EQ(DeadlineAfter(now, Duration(5)), now + Duration(5));
  EXPECT_EQ(DeadlineAfter(now, kNever - now), kNever);
  EXPECT_EQ(DeadlineAfter(now, kNever - now - Duration(1)), kNever - Duration(1));
}

}  // namespace
}  // namespace hon
