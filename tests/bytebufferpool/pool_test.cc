#include "hon/bytebufferpool/pool.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace hon::bytebufferpool {
namespace {

TEST(ByteBuffer, EveryMethod) {
  ByteBuffer buffer;
  EXPECT_EQ(buffer.Len(), 0u);
  EXPECT_EQ(buffer.Write("ab").n, 2u);
  buffer.WriteByte('c');
  EXPECT_EQ(buffer.WriteString("de").n, 2u);
  EXPECT_EQ(buffer.Bytes(), "abcde");
  EXPECT_EQ(buffer.String(), "abcde");
  buffer.SetString("x");
  EXPECT_EQ(buffer.Bytes(), "x");
  buffer.Set(std::vector<char>{'y', '\0', 'z'});
  EXPECT_EQ(buffer.Bytes(), std::string_view("y\0z", 3));
  ByteBuffer copy;
  const io::CopyResult written = buffer.WriteTo(copy);
  EXPECT_EQ(written.n, 3);
  EXPECT_FALSE(written.err);
  EXPECT_EQ(copy.Bytes(), buffer.Bytes());
  const size_t capacity = buffer.Cap();
  buffer.Reset();
  EXPECT_EQ(buffer.Len(), 0u);
  EXPECT_EQ(buffer.Cap(), capacity);
}

TEST(ByteBuffer, ReadFromAppendsToTheEnd) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{65}, size_t{10'000}}) {
    const std::string text(size, 'r');
    io::StringReader reader(text);
    ByteBuffer buffer;
    buffer.SetString("head ");
    const io::CopyResult got = buffer.ReadFrom(reader);
    EXPECT_EQ(got.n, static_cast<int64_t>(size));
    EXPECT_FALSE(got.err);
    EXPECT_EQ(buffer.Bytes(), "head " + text);
  }
}

TEST(ByteBuffer, ReadFromKeepsTheBytesBeforeAnError) {
  class Failing final : public io::Reader {
   public:
    io::IoResult Read(std::span<char> into) override {
      if (called_) return {0, Error::New("broken")};
      called_ = true;
      into[0] = 'a';
      return {1, {}};
    }

   private:
    bool called_ = false;
  } reader;
  ByteBuffer buffer;
  const io::CopyResult got = buffer.ReadFrom(reader);
  EXPECT_EQ(got.n, 1);
  EXPECT_EQ(got.err.Message(), "broken");
  EXPECT_EQ(buffer.Bytes(), "a");
}

TEST(Pool, ReturnedBuffersAreReused) {
  Pool pool;
  const ByteBuffer* first = nullptr;
  {
    Pool::Handle handle = pool.Get();
    handle->WriteString("left over");
    first = &*handle;
  }
  Pool::Handle again = pool.Get();
  EXPECT_EQ(&*again, first);
  EXPECT_EQ(again->Len(), 0u);
}

void Return(Pool& pool, size_t length) {
  auto buffer = std::make_unique<ByteBuffer>();
  buffer->SetString(std::string(length, 'x'));
  pool.Put(std::move(buffer));
}

TEST(Pool, HoldsItsLimit) {
  constexpr size_t kBytesMax = 4096;
  for (const size_t bytes : {kBytesMax, kBytesMax + 1}) {
    Pool pool(1, kBytesMax);
    {
      const Pool::Handle first = pool.Get();
      first->Reserve(bytes);
      ASSERT_EQ(first->Cap(), bytes);
      const Pool::Handle second = pool.Get();
      second->Reserve(bytes);
    }
    EXPECT_EQ(pool.Get()->Cap() >= kBytesMax, bytes == kBytesMax);
    // The pool has kept one of the two buffers.
    const Pool::Handle one = pool.Get();
    EXPECT_LT(pool.Get()->Cap(), kBytesMax);
  }
}

TEST(Pool, LearnsAtTheThresholdAndNotBefore) {
  Pool pool(1);
  for (uint64_t i = 0; i < kCalibrateCallsThreshold; ++i) Return(pool, 500);
  EXPECT_EQ(pool.DefaultSize(), 0u);
  EXPECT_EQ(pool.MaxSize(), 0u);
  Return(pool, 500);
  EXPECT_EQ(pool.DefaultSize(), 512u);
  EXPECT_EQ(pool.MaxSize(), 512u);
}

TEST(Pool, KeepsBuffersOfTheUsualSize) {
  Pool pool(1);
  // 90 % of 64 bytes, 8 % of 1,024, 2 % of 65,536: the last are rare enough to be dropped.
  for (int i = 0; i < 400; ++i) Return(pool, 65'536);
  for (int i = 0; i < 3'700; ++i) Return(pool, 1'000);
  for (uint64_t i = 0; i <= kCalibrateCallsThreshold; ++i) Return(pool, 10);
  EXPECT_EQ(pool.DefaultSize(), 64u);
  EXPECT_EQ(pool.MaxSize(), 1'024u);
  {
    Pool::Handle drop_what_is_there = pool.Get();
    drop_what_is_there->SetString(std::string(5'000, 'b'));
  }  // larger than the largest: not kept
  EXPECT_LT(pool.Get()->Cap(), 5'000u);
  EXPECT_GE(pool.Get()->Cap(), 64u);
}

TEST(Pool, SizeClassesAtTheirEdges) {
  for (const auto& [length, expected] :
       {std::pair<size_t, size_t>{0, 64}, {64, 64}, {65, 128}, {128, 128}, {129, 256}}) {
    Pool pool(0);
    for (uint64_t i = 0; i <= kCalibrateCallsThreshold; ++i) Return(pool, length);
    EXPECT_EQ(pool.DefaultSize(), expected) << length;
  }
}

TEST(Pool, ManyThreads) {
  Pool pool;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&pool, t] {
      for (int i = 0; i < 15'000; ++i) {
        Pool::Handle handle = pool.Get();
        ASSERT_EQ(handle->Len(), 0u);
        handle->WriteString(std::string(static_cast<size_t>(t) * 100, 'x'));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace hon::bytebufferpool
