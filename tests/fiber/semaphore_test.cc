#include "hon/fiber/semaphore.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>

#include "fiber/loops.h"
#include "hon/fiber/fiber.h"
#include "support/allocation_counter.h"

namespace hon::fiber {
namespace {

using appcontext::Background;
using appcontext::WithCancel;

class SemaphoreTest : public OneLoopTest {};
class SemaphoreLoopsTest : public LoopsTest {};
ON_BOTH_BACKENDS(SemaphoreLoopsTest);

TEST_F(SemaphoreTest, GrantsWithoutWaitingWhileEnoughIsFree) {
  Semaphore semaphore(3);
  const size_t before = test::Allocations();
  EXPECT_TRUE(semaphore.TryAcquire(2));
  EXPECT_FALSE(semaphore.TryAcquire(2));
  EXPECT_FALSE(semaphore.Acquire(1));
  EXPECT_FALSE(semaphore.TryAcquire());
  EXPECT_TRUE(semaphore.TryAcquire(0));
  semaphore.Release(3);
  EXPECT_EQ(test::Allocations(), before);
  EXPECT_THROW(semaphore.Release(), std::logic_error);
}

TEST_F(SemaphoreTest, ALargeAcquireIsNotOvertakenBySmallOnes) {
  Semaphore semaphore(4);
  std::string trace;
  EXPECT_TRUE(semaphore.TryAcquire(3));
  const auto take = [&](char name, int64_t n) {
    Spawn([&, name, n] {
      EXPECT_FALSE(semaphore.Acquire(n));
      trace += name;
    });
  };
  take('A', 4);
  take('b', 1);
  take('c', 1);
  Turn();
  EXPECT_EQ(trace, "");
  EXPECT_FALSE(semaphore.TryAcquire(1));
  semaphore.Release(2);
  Turn();
  EXPECT_EQ(trace, "");
  semaphore.Release(1);
  Turn();
  EXPECT_EQ(trace, "A");
  semaphore.Release(4);
  Settle();
  EXPECT_EQ(trace, "Abc");
}

TEST_F(SemaphoreTest, AnAcquireThatGivesUpWakesThoseBehindIt) {
  Semaphore semaphore(4);
  const appcontext::Cancelable c = WithCancel(Background());
  Error outcome;
  bool small = false;
  EXPECT_TRUE(semaphore.TryAcquire(2));
  Spawn([&] { outcome = semaphore.Acquire(4); }, c.context);
  Spawn([&] {
    EXPECT_FALSE(semaphore.Acquire(2));
    small = true;
  });
  Turn();
  EXPECT_FALSE(small);
  c.cancel(Error::New("enough"));
  Settle();
  EXPECT_EQ(outcome.Message(), "enough");
  EXPECT_TRUE(small);
  semaphore.Release(4);
  EXPECT_EQ(semaphore.Acquire(c.context).Message(), "enough");  // though there is enough
}

TEST_F(SemaphoreTest, AnAcquireOfMoreThanTheSizeWaitsForTheContext) {
  Semaphore semaphore(2);
  const appcontext::Cancelable c = WithCancel(Background());
  Error outcome;
  Spawn([&] { outcome = semaphore.Acquire(c.context, 3); });
  Turn();
  EXPECT_FALSE(outcome);
  EXPECT_TRUE(semaphore.TryAcquire(2));
  c.cancel(Error::New("enough"));
  Settle();
  EXPECT_EQ(outcome.Message(), "enough");
}

TEST_P(SemaphoreLoopsTest, NeverGrantsMoreThanItsSize) {
  constexpr int64_t kSize = 3;
  constexpr int kEach = 100;
  Semaphore semaphore(kSize);
  std::atomic<int64_t> held{0};
  const auto work = [&](int64_t n, bool fiber) {
    for (int i = 0; i < kEach; ++i) {
      ASSERT_FALSE(semaphore.Acquire(n));
      EXPECT_LE(held += n, kSize);
      if (fiber) Yield();
      held -= n;
      semaphore.Release(n);
    }
  };
  for (int i = 0; i < 9; ++i) OnFiber([&, i] { work(1 + i % 3, true); });
  for (int i = 0; i < 2; ++i) OnThread([&, i] { work(1 + i, false); });
  Settle();
  EXPECT_TRUE(semaphore.TryAcquire(kSize));
}

}  // namespace
}  // namespace hon::fiber
