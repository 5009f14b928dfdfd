#include "hon/fiber/mutex.h"

#include <gtest/gtest.h>

#include <mutex>
#include <string>

#include "fiber/loops.h"
#include "hon/fiber/fiber.h"
#include "support/allocation_counter.h"

namespace hon::fiber {
namespace {

using namespace std::chrono_literals;
using appcontext::Background;
using appcontext::WithCancel;

class MutexTest : public OneLoopTest {};
class MutexLoopsTest : public LoopsTest {};
ON_BOTH_BACKENDS(MutexLoopsTest);

TEST_F(MutexTest, WorksWithTheStandardGuards) {
  Mutex a;
  Mutex b;
  {
    std::lock_guard guard(a);
    EXPECT_FALSE(a.try_lock());
  }
  {
    std::scoped_lock both(a, b);
    EXPECT_FALSE(b.try_lock());
  }
  std::unique_lock lock(a, std::try_to_lock);
  EXPECT_TRUE(lock.owns_lock());
  EXPECT_FALSE(b.Lock());
  std::unique_lock adopted(b, std::adopt_lock);
}

TEST_F(MutexTest, FirstComeFirstServed) {
  Mutex mutex;
  std::string trace;
  mutex.lock();
  for (const char name : {'a', 'b', 'c'}) {
    Spawn([&, name] {
      std::lock_guard guard(mutex);
      Yield();
      trace += name;
    });
  }
  Turn();
  EXPECT_EQ(trace, "");
  mutex.unlock();
  EXPECT_FALSE(mutex.try_lock());  // it was handed over
  Settle();
  EXPECT_EQ(trace, "abc");
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST_F(MutexTest, TheContextEndsTheWaitForIt) {
  Mutex mutex;
  mutex.lock();
  const appcontext::Cancelable c = WithCancel(Background());
  Error by_fiber_context;
  Error by_argument;
  bool last = false;
  Spawn([&] { by_fiber_context = mutex.Lock(); }, c.context);
  Spawn([&] { by_argument = mutex.Lock(c.context); });
  Spawn([&] {
    std::lock_guard guard(mutex);
    last = true;
  });
  Turn();
  c.cancel(Error::New("enough"));
  Turn();
  EXPECT_EQ(by_fiber_context.Message(), "enough");
  EXPECT_EQ(by_argument.Message(), "enough");
  EXPECT_FALSE(last);
  mutex.unlock();
  Settle();
  EXPECT_TRUE(last);
  EXPECT_EQ(mutex.Lock(c.context).Message(), "enough");  // though it is free
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST_F(MutexTest, APlainLockIgnoresTheContext) {
  Mutex mutex;
  mutex.lock();
  const appcontext::Cancelable c = WithCancel(Background());
  bool locked = false;
  Spawn(
      [&] {
        std::lock_guard guard(mutex);
        locked = true;
      },
      c.context);
  Turn();
  c.cancel();
  Turn();
  EXPECT_FALSE(locked);
  mutex.unlock();
  Settle();
  EXPECT_TRUE(locked);
}

TEST_F(MutexTest, AllocatesNothing) {
  Mutex mutex;
  size_t allocations = 1;
  mutex.lock();
  for (int i = 0; i < 2; ++i) {
    Spawn([&] {
      for (int round = 0; round < 10; ++round) {
        std::lock_guard guard(mutex);
        Yield();  // so that the other waits
      }
    });
  }
  Turn();
  const size_t before = test::Allocations();
  mutex.unlock();
  for (int i = 0; i < 100 && scheduler_->Live() != 0; ++i) loop_->Turn(Duration::zero());
  allocations = test::Allocations() - before;
  Settle();
  EXPECT_EQ(allocations, 0u);
}

TEST_P(MutexLoopsTest, OneHolderAtATime) {
  constexpr int kEach = 200;
  constexpr int kFibers = 12;
  constexpr int kThreads = 2;
  Mutex mutex;
  int count = 0;
  int inside = 0;
  const auto work = [&](bool fiber) {
    for (int i = 0; i < kEach; ++i) {
      std::lock_guard guard(mutex);
      EXPECT_EQ(++inside, 1);
      if (fiber && i % 8 == 0) Yield();  // held across a wait
      ++count;
      --inside;
    }
  };
  for (int i = 0; i < kFibers; ++i) OnFiber([&] { work(true); });
  for (int i = 0; i < kThreads; ++i) OnThread([&] { work(false); });
  Settle();
  EXPECT_EQ(count, kEach * (kFibers + kThreads));
}

// The wait is given up at, or close to, the moment at which the mutex is handed over: no waiter may
// be left waiting, and only one may own the mutex.
TEST_P(MutexLoopsTest, AnEndedContextRacesWithAHandover) {
  constexpr int kRounds = 300;
  Mutex mutex;
  int inside = 0;
  std::atomic<int> had{0};
  std::atomic<int> gave_up{0};
  for (int round = 0; round < kRounds; ++round) {
    const appcontext::Cancelable c = WithCancel(Background());
    mutex.lock();
    for (int i = 0; i < 3; ++i) {
      OnFiber([&, context = c.context, i] {
        if (i == 2) return c.cancel();
        if (mutex.Lock(context)) {
          ++gave_up;
          return;
        }
        EXPECT_EQ(++inside, 1);
        --inside;
        ++had;
        mutex.unlock();
      });
    }
    mutex.unlock();
    Settle();
  }
  EXPECT_EQ(had + gave_up, 2 * kRounds);
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

}  // namespace
}  // namespace hon::fiber
