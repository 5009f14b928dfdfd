#include "hon/fiber/cond_var.h"

#include <gtest/gtest.h>

#include <deque>
#include <mutex>
#include <string>

#include "fiber/loops.h"
#include "hon/fiber/fiber.h"

namespace hon::fiber {
namespace {

using appcontext::Background;
using appcontext::WithCancel;

class CondVarTest : public OneLoopTest {};
class CondVarLoopsTest : public LoopsTest {};
ON_BOTH_BACKENDS(CondVarLoopsTest);

TEST_F(CondVarTest, SignalsInOrder) {
  Mutex mutex;
  CondVar changed;
  std::string trace;
  for (const char name : {'a', 'b', 'c'}) {
    Spawn([&, name] {
      std::unique_lock lock(mutex);
      EXPECT_FALSE(changed.Wait(lock));
      EXPECT_TRUE(lock.owns_lock());
      EXPECT_FALSE(mutex.try_lock());
      trace += name;
    });
  }
  Turn();
  changed.Signal();
  Turn();
  EXPECT_EQ(trace, "a");
  changed.Broadcast();
  Settle();
  EXPECT_EQ(trace, "abc");
  changed.Signal();  // without a waiter a signal is not remembered
}

// Each waiter is resumed once, when it has the mutex, and never only to find the mutex taken.
TEST_F(CondVarTest, ABroadcastIsNoStampede) {
  constexpr int kFibers = 100;
  Mutex mutex;
  CondVar changed;
  int served = 0;
  int suspensions = 0;
  for (int i = 0; i < kFibers; ++i) {
    Spawn([&] {
      std::unique_lock lock(mutex);
      SetSwitchHooks({.before_suspend = [](void* count) { ++*static_cast<int*>(count); },
                      .argument = &suspensions});
      EXPECT_FALSE(changed.Wait(lock));
      SetSwitchHooks({});
      Yield();
      ++served;
    });
  }
  Turn();
  EXPECT_EQ(suspensions, kFibers);
  {
    std::lock_guard guard(mutex);
    changed.Broadcast();
    Turn();
    EXPECT_EQ(served, 0);
  }
  Settle();
  EXPECT_EQ(served, kFibers);
  EXPECT_EQ(suspensions, kFibers);
}

TEST_F(CondVarTest, WaitsForACondition) {
  Mutex mutex;
  CondVar changed;
  int value = 0;
  bool seen = false;
  Spawn([&] {
    std::unique_lock lock(mutex);
    EXPECT_FALSE(changed.Wait(lock, [&] { return value == 3; }));
    seen = true;
  });
  for (int i = 1; i <= 3; ++i) {
    Turn();
    EXPECT_FALSE(seen);
    std::lock_guard guard(mutex);
    value = i;
    changed.Broadcast();
  }
  Settle();
  EXPECT_TRUE(seen);
}

TEST_F(CondVarTest, TheContextEndsTheWaitAndTheMutexIsHeld) {
  Mutex mutex;
  CondVar changed;
  const appcontext::Cancelable c = WithCancel(Background());
  int ended = 0;
  const auto body = [&](bool by_argument) {
    std::unique_lock lock(mutex);
    const Error err = by_argument ? changed.Wait(c.context, lock) : changed.Wait(lock);
    EXPECT_EQ(err.Message(), "enough");
    EXPECT_TRUE(lock.owns_lock());
    EXPECT_FALSE(mutex.try_lock());
    EXPECT_EQ(changed.Wait(c.context, lock).Message(), "enough");
    ++ended;
  };
  Spawn([&] { body(false); }, c.context);
  Spawn([&] { body(true); });
  Turn();
  EXPECT_EQ(ended, 0);
  c.cancel(Error::New("enough"));
  Settle();
  EXPECT_EQ(ended, 2);
}

// A bounded queue between fibers of three loops and plain threads: no value is lost or doubled.
TEST_P(CondVarLoopsTest, AQueueBetweenThem) {
  constexpr int kEach = 300;
  constexpr int kProducers = 4;
  constexpr size_t kRoom = 4;
  Mutex mutex;
  CondVar not_empty;
  CondVar not_full;
  std::deque<int> queue;
  int64_t sum = 0;
  int producing = kProducers;
  const auto produce = [&] {
    for (int i = 1; i <= kEach; ++i) {
      std::unique_lock lock(mutex);
      EXPECT_FALSE(not_full.Wait(lock, [&] { return queue.size() < kRoom; }));
      queue.push_back(i);
      not_empty.Signal();
    }
    std::lock_guard guard(mutex);
    if (--producing == 0) not_empty.Broadcast();
  };
  const auto consume = [&] {
    for (;;) {
      std::unique_lock lock(mutex);
      EXPECT_FALSE(not_empty.Wait(lock, [&] { return !queue.empty() || producing == 0; }));
      if (queue.empty()) return;
      sum += queue.front();
      queue.pop_front();
      not_full.Signal();
    }
  };
  for (int i = 0; i < kProducers - 1; ++i) OnFiber(produce);
  OnThread(produce);
  for (int i = 0; i < 5; ++i) OnFiber(consume);
  OnThread(consume);
  Settle();
  EXPECT_EQ(sum, int64_t{kProducers} * kEach * (kEach + 1) / 2);
}

// A signal goes to a waiter that still waits: one that gives up at that moment either has the
// signal or leaves it to the next.
TEST_P(CondVarLoopsTest, AnEndedContextLosesNoSignal) {
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    Mutex mutex;
    CondVar changed;
    const appcontext::Cancelable c = WithCancel(Background());
    bool first_waits = false;
    bool second_waits = false;
    bool first_signalled = false;
    bool released = false;
    OnFiber([&] {
      std::unique_lock lock(mutex);
      first_waits = true;
      first_signalled = !changed.Wait(c.context, lock);
      if (first_signalled) changed.Signal();  // the other's turn
    });
    while (true) {
      std::lock_guard guard(mutex);
      if (first_waits) break;
    }
    OnFiber([&] {
      std::unique_lock lock(mutex);
      second_waits = true;
      EXPECT_FALSE(changed.Wait(Background(), lock));
      released = true;
    });
    while (true) {
      std::lock_guard guard(mutex);
      if (second_waits) break;
    }
    OnFiber([&] { c.cancel(); });
    OnFiber([&] { changed.Signal(); });
    Settle();
    EXPECT_TRUE(released);
  }
}

}  // namespace
}  // namespace hon::fiber
