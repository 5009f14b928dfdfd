#include "hon/io/link_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "hon/base/sanitizer.h"
#include "hon/io/memory_budget.h"

namespace hon::io {
namespace {

constexpr std::string_view kText = "The quick\nbrown fox jumps\nover the lazy dog\n";

std::string Contents(const LinkBuffer& buffer) {
  std::string all;
  buffer.ForEach([&](std::string_view part) { all += part; });
  return all;
}

class LinkBufferTest : public testing::Test {
 protected:
  ~LinkBufferTest() override { EXPECT_EQ(pool_.InUse(), 0U) << "blocks leaked"; }

  Block* Filled(std::string_view bytes) {
    Block* block = pool_.Get();
    std::memcpy(block->data, bytes.data(), bytes.size());
    block->end = static_cast<uint32_t>(bytes.size());
    return block;
  }

  /// `text` in blocks that end at `cuts` (ascending).
  LinkBuffer Cut(std::string_view text, std::vector<size_t> cuts) {
    LinkBuffer buffer(pool_);
    cuts.push_back(text.size());
    size_t from = 0;
    for (const size_t cut : cuts) {
      if (cut != from) buffer.Append(Filled(text.substr(from, cut - from)));
      from = cut;
    }
    return buffer;
  }

  /// Calls `check` with the text in up to three blocks, for every pair of cuts.
  template <class Check>
  void AtEverySplit(Check check) {
    for (size_t first = 0; first <= kText.size(); ++first) {
      for (size_t second = first; second <= kText.size(); ++second) {
        LinkBuffer buffer = Cut(kText, {first, second});
        ASSERT_EQ(buffer.Len(), kText.size());
        check(buffer);
        if (HasFailure()) {
          ADD_FAILURE() << "cut at " << first << " and " << second;
          return;
        }
      }
    }
  }

  BlockPool pool_;
};

TEST_F(LinkBufferTest, EmptyHasNothing) {
  LinkBuffer buffer(pool_);
  EXPECT_TRUE(buffer.Empty());
  EXPECT_EQ(buffer.Front(), "");
  EXPECT_EQ(*buffer.Peek(0), "");
  EXPECT_EQ(*buffer.Next(0), "");
  EXPECT_TRUE(buffer.Peek(1).error().Is(ErrNotEnough));
  EXPECT_TRUE(buffer.Next(1).error().Is(ErrNotEnough));
  EXPECT_TRUE(buffer.Skip(1).Is(ErrNotEnough));
  EXPECT_FALSE(buffer.Skip(0));
  EXPECT_TRUE(buffer.Until('x').error().Is(ErrNotEnough));
  EXPECT_TRUE(buffer.ReadString(1).error().Is(ErrNotEnough));
  EXPECT_TRUE(buffer.ReadByte().error().Is(ErrNotEnough));
  EXPECT_TRUE(buffer.Slice(1).error().Is(ErrNotEnough));
  EXPECT_EQ(buffer.Find('x'), LinkBuffer::kNpos);
  EXPECT_EQ(buffer.TailRoom().size(), 0U);
  EXPECT_EQ(buffer.Hold().Get(), nullptr);
  EXPECT_EQ(pool_.InUse(), 0U);
}

TEST_F(LinkBufferTest, PeekGivesEveryPrefixAndConsumesNothing) {
  AtEverySplit([](LinkBuffer& buffer) {
    for (size_t n = 0; n <= kText.size(); ++n) {
      const auto view = buffer.Peek(n);
      ASSERT_TRUE(view);
      ASSERT_EQ(*view, kText.substr(0, n));
      ASSERT_EQ(buffer.Len(), kText.size());
    }
    ASSERT_FALSE(buffer.Peek(kText.size() + 1));
    ASSERT_EQ(Contents(buffer), kText);
  });
}

TEST_F(LinkBufferTest, NextGivesTheTextInPieces) {
  for (const size_t step : {1U, 2U, 5U, 13U, 100U}) {
    AtEverySplit([step](LinkBuffer& buffer) {
      std::vector<std::string_view> views;
      std::string got;
      while (!buffer.Empty()) {
        views.push_back(*buffer.Next(std::min(step, buffer.Len())));
        got += views.back();
      }
      ASSERT_EQ(got, kText);
      // Blocks stay until Release, so every view can still be read.
      std::string again;
      for (const std::string_view view : views) again += view;
      ASSERT_EQ(again, kText);
      buffer.Release();
    });
  }
}

TEST_F(LinkBufferTest, SkipAndReadStringAndReadIntoAndReadByteAgree) {
  AtEverySplit([](LinkBuffer& buffer) {
    ASSERT_FALSE(buffer.Skip(4));
    ASSERT_EQ(*buffer.ReadString(5), "quick");
    ASSERT_EQ(*buffer.ReadByte(), '\n');
    std::string rest(100, '?');
    ASSERT_EQ(buffer.ReadInto(std::span(rest).first(5)), 5U);
    ASSERT_EQ(rest.substr(0, 5), "brown");
    ASSERT_FALSE(buffer.ReadString(100));
    ASSERT_EQ(buffer.ReadInto(rest), kText.size() - 15);
    ASSERT_EQ(rest.substr(0, kText.size() - 15), kText.substr(15));
    ASSERT_TRUE(buffer.Empty());
    ASSERT_EQ(buffer.ReadInto(rest), 0U);
  });
  EXPECT_EQ(pool_.InUse(), 0U) << "an emptied buffer keeps no block";
}

TEST_F(LinkBufferTest, UntilGivesLines) {
  AtEverySplit([](LinkBuffer& buffer) {
    ASSERT_EQ(*buffer.Until('\n'), "The quick\n");
    ASSERT_EQ(*buffer.Until('\n'), "brown fox jumps\n");
    ASSERT_FALSE(buffer.Until('#'));
    ASSERT_EQ(*buffer.Until('\n'), "over the lazy dog\n");
    ASSERT_FALSE(buffer.Until('\n'));
    buffer.Release();
  });
}

TEST_F(LinkBufferTest, FindLooksAcrossBlocks) {
  AtEverySplit([](LinkBuffer& buffer) {
    for (const char needle : {'T', '\n', 'z', '#'}) {
      for (size_t from = 0; from <= kText.size() + 1; ++from) {
        const size_t want = kText.find(needle, from);
        ASSERT_EQ(buffer.Find(needle, from),
                  want == std::string_view::npos ? LinkBuffer::kNpos : want);
      }
    }
    // Also behind a part that is consumed.
    ASSERT_FALSE(buffer.Skip(10));
    ASSERT_EQ(buffer.Find('\n'), kText.substr(10).find('\n'));
  });
}

TEST_F(LinkBufferTest, SliceMovesAPartWithoutCopying) {
  for (size_t n = 0; n <= kText.size(); n += 3) {
    AtEverySplit([n](LinkBuffer& buffer) {
      const char* const start = buffer.Front().data();
      auto slice = buffer.Slice(n);
      ASSERT_TRUE(slice);
      if (n != 0) {
        ASSERT_EQ(slice->Front().data(), start);
      }
      ASSERT_EQ(Contents(*slice), kText.substr(0, n));
      ASSERT_EQ(Contents(buffer), kText.substr(n));
      buffer.Write("more");
      ASSERT_EQ(Contents(*slice), kText.substr(0, n)) << "the origin's writer touched the slice";
      slice->Write("end");
      ASSERT_EQ(Contents(*slice), std::string(kText.substr(0, n)) + "end");
      ASSERT_EQ(Contents(buffer), std::string(kText.substr(n)) + "more");
      buffer.Clear();
      ASSERT_EQ(Contents(*slice), std::string(kText.substr(0, n)) + "end");
      // A slice of a slice still shows the original memory.
      auto inner = slice->Slice(slice->Len() / 2);
      slice->Clear();
      ASSERT_EQ(Contents(*inner),
                (std::string(kText.substr(0, n)) + "end").substr(0, inner->Len()));
    });
  }
}

TEST_F(LinkBufferTest, MoveToCopiesShortStretchesAlone) {
  for (const size_t n : {kMovedBytesMin - 1, kMovedBytesMin}) {
    const std::string text = std::string(n, 'a') + std::string(kMovedBytesMin, 'b') + "c";
    LinkBuffer from = Cut(text, {n, n + kMovedBytesMin});
    LinkBuffer to(pool_);
    const char* const start = from.Front().data();
    EXPECT_EQ(from.MoveTo(to, n), n);
    EXPECT_EQ(to.Front().data() == start, n == kMovedBytesMin);
    EXPECT_EQ(Contents(from), text.substr(n));
    EXPECT_EQ(from.MoveTo(to, 100), 100U);  // a part of a block
    EXPECT_EQ(from.MoveTo(to, SIZE_MAX), kMovedBytesMin - 100 + 1);
    EXPECT_TRUE(from.Empty());
    EXPECT_EQ(from.MoveTo(to, 1), 0U);
    from.Write("more");
    to.Write("end");
    EXPECT_EQ(Contents(to), text + "end");
    EXPECT_EQ(to.Len(), text.size() + 3);
    EXPECT_EQ(Contents(from), "more");
  }
}

TEST_F(LinkBufferTest, MoveToLeavesTheRestOfABlock) {
  const std::string text(2 * kMovedBytesMin + 10, 'x');
  LinkBuffer from = Cut(text, {});
  LinkBuffer to(pool_);
  const char* const start = from.Front().data();
  EXPECT_EQ(from.MoveTo(to, kMovedBytesMin), kMovedBytesMin);
  EXPECT_EQ(to.Front().data(), start);
  EXPECT_EQ(from.Front().data(), start + kMovedBytesMin);
  from.Clear();
  EXPECT_EQ(Contents(to), text.substr(0, kMovedBytesMin));
}

TEST_F(LinkBufferTest, HoldKeepsViewsAlive) {
  AtEverySplit([](LinkBuffer& buffer) {
    const std::string_view head = *buffer.Peek(10);
    const BlockRef hold = buffer.Hold();
    ASSERT_FALSE(buffer.Skip(buffer.Len()));
    buffer.Write("something else that would reuse the memory");
    ASSERT_EQ(head, kText.substr(0, 10));
  });
}

TEST_F(LinkBufferTest, MovingAndAppendingBuffers) {
  AtEverySplit([this](LinkBuffer& buffer) {
    LinkBuffer other = Cut("[head]", {3});
    other.Append(std::move(buffer));
    ASSERT_TRUE(buffer.Empty());
    ASSERT_EQ(Contents(other), "[head]" + std::string(kText));
    buffer.Write("usable again");
    ASSERT_EQ(Contents(buffer), "usable again");
    LinkBuffer moved(std::move(other));
    ASSERT_TRUE(other.Empty());
    buffer = std::move(moved);
    ASSERT_EQ(Contents(buffer), "[head]" + std::string(kText));
    LinkBuffer& same = buffer;
    buffer = std::move(same);
    ASSERT_EQ(buffer.Len(), kText.size() + 6);
    LinkBuffer empty(pool_);
    buffer.Append(std::move(empty));
    empty.Append(std::move(buffer));
    ASSERT_EQ(empty.Len(), kText.size() + 6);
  });
}

TEST_F(LinkBufferTest, WriteSpreadsOverBlocks) {
  const std::string big(3 * kBlockBytes + 5, 'b');
  LinkBuffer buffer(pool_);
  buffer.Write("a");
  buffer.Write(big);
  EXPECT_EQ(buffer.Len(), big.size() + 1);
  EXPECT_EQ(pool_.InUse(), 4U);
  EXPECT_EQ(Contents(buffer), "a" + big);
  EXPECT_EQ(*buffer.Peek(buffer.Len()), "a" + big);
}

TEST_F(LinkBufferTest, MallocAroundTheEndOfABlock) {
  for (const size_t filled : {size_t{0}, kBlockBytes - 10, kBlockBytes - 9, kBlockBytes}) {
    LinkBuffer buffer(pool_);
    const std::string first(filled, 'f');
    buffer.Write(first);
    char* room = buffer.Malloc(10);
    std::memcpy(room, "0123456789", 10);
    EXPECT_EQ(buffer.Len(), filled) << "not counted before MallocAck";
    buffer.MallocAck(7);
    EXPECT_EQ(Contents(buffer), first + "0123456");
    buffer.WriteByte('!');
    EXPECT_EQ(Contents(buffer), first + "0123456!");
  }
}

TEST_F(LinkBufferTest, MallocOfMoreThanABlock) {
  LinkBuffer buffer(pool_);
  for (const size_t size : {kBlockBytes, kBlockBytes + 1, 5 * kBlockBytes}) {
    std::memset(buffer.Malloc(size), 'm', size);
    buffer.MallocAck(size);
  }
  EXPECT_EQ(buffer.Len(), 7 * kBlockBytes + 1);
  buffer.Write("x");
  EXPECT_FALSE(buffer.Skip(7 * kBlockBytes + 1));
  EXPECT_EQ(buffer.Front(), "x");
}

TEST_F(LinkBufferTest, AnUnusedReservationShowsNothing) {
  LinkBuffer buffer(pool_);
  static_cast<void>(buffer.Malloc(10));
  buffer.MallocAck(0);
  EXPECT_TRUE(buffer.Empty());
  EXPECT_EQ(Contents(buffer), "");
  buffer.Append(Filled("filled"));
  EXPECT_EQ(buffer.Front(), "filled");
  static_cast<void>(buffer.Malloc(kBlockBytes));  // does not fit behind it
  EXPECT_FALSE(buffer.Skip(6));
  EXPECT_TRUE(buffer.Empty());
  EXPECT_EQ(buffer.Front(), "");
  buffer.Append(Filled("next"));
  EXPECT_EQ(buffer.Front(), "next");
}

TEST_F(LinkBufferTest, RoomAndTailRoom) {
  LinkBuffer buffer(pool_);
  EXPECT_EQ(buffer.Room().size(), kBlockBytes);
  buffer.Write("abc");
  EXPECT_EQ(buffer.TailRoom().size(), kBlockBytes - 3);
  EXPECT_EQ(buffer.TailRoom().data(), buffer.Room().data());
  std::memcpy(buffer.TailRoom().data(), "def", 3);
  buffer.MallocAck(3);
  EXPECT_EQ(Contents(buffer), "abcdef");
  buffer.Write(std::string(kBlockBytes - 6, 'x'));
  EXPECT_EQ(buffer.TailRoom().size(), 0U);
  EXPECT_EQ(buffer.Room().size(), kBlockBytes);
  LinkBuffer slice = std::move(*buffer.Slice(3));
  EXPECT_EQ(slice.TailRoom().size(), 0U) << "the room behind a slice is not its own";
}

TEST_F(LinkBufferTest, ReleaseGivesBackWhatNextKept) {
  LinkBuffer buffer = Cut("onetwo", {3});
  EXPECT_EQ(*buffer.Next(3), "one");
  EXPECT_EQ(*buffer.Next(3), "two");
  EXPECT_EQ(pool_.InUse(), 2U);
  buffer.Release();
  EXPECT_EQ(pool_.InUse(), 0U);
}

TEST_F(LinkBufferTest, ThePoolKeepsItsLimitAndReusesTheLastFirst) {
  BlockPool pool(2);
  std::vector<Block*> blocks;
  for (int i = 0; i < 5; ++i) blocks.push_back(pool.Get());
  EXPECT_EQ(pool.InUse(), 5U);
  for (Block* block : blocks) BlockPool::Unref(block);
  EXPECT_EQ(pool.InUse(), 0U);
  Block* const again = pool.Get();
  EXPECT_EQ(again, blocks[1]) << "the first two were kept, the second of them last";
  EXPECT_EQ(again->refs, 1U);
  EXPECT_EQ(again->Len(), 0U);
  BlockPool::Unref(again);
  Block* const large = pool.GetLarge(3 * kBlockBytes);
  EXPECT_GE(large->capacity, 3 * kBlockBytes);
  BlockPool::Unref(large);
  EXPECT_EQ(pool.InUse(), 0U);
}

TEST_F(LinkBufferTest, ThePoolKeepsLargeBlocksToo) {
  BlockPool pool(2);
  Block* const first = pool.GetLarge(100'000);
  std::fill_n(first->data, 100'000, 'x');
  first->end = 100'000;
  BlockPool::Unref(first);
  Block* const again = pool.GetLarge(90'000);
  EXPECT_EQ(again, first);
  EXPECT_EQ(again->Len(), 0U);
  EXPECT_EQ(again->refs, 1U);
  BlockPool::Unref(again);
  // Not reused for a much smaller or a larger block.
  for (const size_t other : {kBlockBytes + 1, size_t{200'000}}) {
    Block* const block = pool.GetLarge(other);
    EXPECT_NE(block, first);
    EXPECT_GE(block->capacity, other);
    BlockPool::Unref(block);
  }
  // Memory past the limit goes back to the system.
  Block* const huge = pool.GetLarge(kLargeCachedBytesMax + 1);
  huge->data[kLargeCachedBytesMax] = 'x';
  BlockPool::Unref(huge);
  EXPECT_EQ(pool.InUse(), 0U);
}

#ifdef HON_ASAN
TEST_F(LinkBufferTest, AViewPastItsBlockIsCaught) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  LinkBuffer buffer(pool_);
  buffer.Write("gone");
  const std::string_view view = buffer.Front();
  EXPECT_FALSE(buffer.Skip(4));
  EXPECT_DEATH(static_cast<void>(*const_cast<const volatile char*>(view.data())), "AddressSan");
}
#endif

// Against a std::string: long random sequences of every operation.
TEST_F(LinkBufferTest, AgreesWithAString) {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    const auto roll = [&](size_t n) { return random() % static_cast<uint32_t>(n); };
    LinkBuffer buffer(pool_);
    std::string model;
    for (int step = 0; step < 500; ++step) {
      const size_t size = roll(4) == 0 ? roll(2 * kBlockBytes) : roll(40);
      const std::string bytes(size, static_cast<char>('a' + roll(26)));
      const size_t some = roll(model.size() + 1);
      switch (roll(10)) {
        case 0:
          buffer.Write(bytes);
          model += bytes;
          break;
        case 1:
          if (size != 0 && size <= kBlockBytes) buffer.Append(Filled(bytes));
          if (size != 0 && size <= kBlockBytes) model += bytes;
          break;
        case 2: {
          const size_t used = roll(size + 1);
          std::memcpy(buffer.Malloc(size), bytes.data(), size);
          buffer.MallocAck(used);
          model += bytes.substr(0, used);
          break;
        }
        case 3:
          ASSERT_EQ(*buffer.Peek(some), model.substr(0, some));
          break;
        case 4:
          ASSERT_EQ(*buffer.Next(some), model.substr(0, some));
          model.erase(0, some);
          break;
        case 5:
          ASSERT_FALSE(buffer.Skip(some));
          model.erase(0, some);
          break;
        case 6: {
          LinkBuffer slice = std::move(*buffer.Slice(some));
          ASSERT_EQ(Contents(slice), model.substr(0, some));
          if (roll(2) == 0) {
            buffer.Append(std::move(slice));
            model += model.substr(0, some);
          }
          model.erase(0, some);
          break;
        }
        case 7: {
          LinkBuffer other(pool_);
          other.Write(bytes);
          buffer.Append(std::move(other));
          model += bytes;
          break;
        }
        case 8:
          buffer.Release();
          break;
        default:
          ASSERT_EQ(*buffer.ReadString(some), model.substr(0, some));
          model.erase(0, some);
          break;
      }
      ASSERT_EQ(buffer.Len(), model.size()) << seed << " " << step;
      ASSERT_EQ(buffer.Empty(), buffer.Front().empty());
      if (step % 20 == 0) {
        ASSERT_EQ(Contents(buffer), model);
      }
    }
  }
}

TEST(BlockPool, TrimFreesAllFreeBlocks) {
  BlockPool pool;
  LinkBuffer kept(pool);
  kept.Write("kept");
  {
    LinkBuffer many(pool);
    many.Write(std::string(10 * kBlockBytes, 'x'));
    ASSERT_TRUE(many.Peek(5 * kBlockBytes));  // one large block
    ASSERT_TRUE(many.Slice(100));
  }
  EXPECT_GT(pool.Bytes(), 10 * kBlockBytes);
  pool.Trim();
  EXPECT_LE(pool.Bytes(), 2 * kBlockBytes);
  EXPECT_EQ(pool.InUse(), 1U);
  EXPECT_EQ(kept.Front(), "kept");
  pool.Trim();
  kept.Clear();
}

TEST(MemoryBudget, TellsOnceThatMoreIsUsed) {
  int told = 0;
  MemoryBudget budget(4 * kBlockBytes, [&] { ++told; });
  {
    BlockPool pool(0);
    LinkBuffer before(pool);
    before.Write("counted from the beginning");
    pool.SetBudget(&budget);
    EXPECT_EQ(budget.Used(), pool.Bytes());
    LinkBuffer buffer(pool);
    buffer.Write(std::string(2 * kBlockBytes, 'x'));
    EXPECT_FALSE(budget.Scarce());
    buffer.Write(std::string(3 * kBlockBytes, 'x'));
    EXPECT_TRUE(budget.Scarce());
    EXPECT_TRUE(budget.Exceeded());
    EXPECT_EQ(told, 1);
    buffer.Write(std::string(kBlockBytes, 'x'));
    EXPECT_EQ(told, 1);
    budget.Rearm();
    buffer.Write(std::string(kBlockBytes, 'x'));
    EXPECT_EQ(told, 2);
    buffer.Clear();
    EXPECT_EQ(budget.Used(), pool.Bytes());
    EXPECT_FALSE(budget.Scarce());
  }
  EXPECT_EQ(budget.Used(), 0U);
}

TEST(MemoryBudget, AHookThatThrowsIsCalledAgain) {
  int told = 0;
  MemoryBudget budget(1, [&] {
    ++told;
    throw 1;
  });
  BlockPool pool(0);
  pool.SetBudget(&budget);
  LinkBuffer buffer(pool);
  buffer.Write(std::string(2 * kBlockBytes, 'x'));
  EXPECT_GE(told, 2);
}

}  // namespace
}  // namespace hon::io
