#include "hon/fiber/wait_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>

#include "fiber/loops.h"
#include "hon/fiber/fiber.h"

namespace hon::fiber {
namespace {

using namespace std::chrono_literals;
using appcontext::Background;
using appcontext::WithCancel;

class WaitGroupTest : public OneLoopTest {};
class WaitGroupLoopsTest : public LoopsTest {};
ON_BOTH_BACKENDS(WaitGroupLoopsTest);

TEST_F(WaitGroupTest, WaitsForAll) {
  int ended = 0;
  bool waited = false;
  Spawn([&] {
    WaitGroup group;
    group.Wait();  // for nothing
    for (int i = 0; i < 3; ++i) {
      group.Go([&] {
        EXPECT_FALSE(Sleep(2ms));
        ++ended;
      });
    }
    group.Wait();
    EXPECT_EQ(ended, 3);
    waited = true;
  });
  Settle();
  EXPECT_TRUE(waited);
}

TEST_F(WaitGroupTest, AFunctionsCapturesAreDestroyedBeforeWaitReturns) {
  bool checked = false;
  Spawn([&] {
    WaitGroup group;
    auto held = std::make_shared<int>(1);
    group.Go([held] { Yield(); });
    group.Wait();
    EXPECT_EQ(held.use_count(), 1);
    checked = true;
  });
  Settle();
  EXPECT_TRUE(checked);
}

TEST_F(WaitGroupTest, ItsFibersSeeTheContextOfTheirMaker) {
  const appcontext::Cancelable c = WithCancel(Background());
  Error inner;
  Error outer;
  Spawn(
      [&] {
        WaitGroup group;
        group.Go([&] {
          inner = Sleep(1h);
          for (int i = 0; i < 3; ++i) Yield();  // the wait is given up before this function ends
        });
        outer = group.Wait(CurrentContext());
        group.Wait();  // not cut short: inner lives on this stack
      },
      c.context);
  Turn();
  EXPECT_FALSE(outer);
  c.cancel(Error::New("enough"));
  Settle();
  EXPECT_EQ(inner.Message(), "enough");
  EXPECT_EQ(outer.Message(), "enough");
}

TEST_F(WaitGroupTest, BelowZeroThrows) {
  WaitGroup group;
  group.Add(1);
  group.Done();
  EXPECT_THROW(group.Done(), std::logic_error);
  group.Wait();
}

// Destroyed as soon as Wait returns, while the last Done may still be returning.
TEST_P(WaitGroupLoopsTest, MayBeDestroyedRightAfterWait) {
  constexpr int kRounds = 300;
  std::atomic<int> ended{0};
  for (int round = 0; round < kRounds; ++round) {
    auto group = std::make_unique<WaitGroup>();
    group->Add(2);
    for (int i = 0; i < 2; ++i) {
      OnFiber([&ended, raw = group.get()] {
        ++ended;
        raw->Done();
      });
    }
    group->Wait();
    group.reset();
  }
  Settle();
  EXPECT_EQ(ended, 2 * kRounds);
}

}  // namespace
}  // namespace hon::fiber
