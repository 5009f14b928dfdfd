// The measure of a call is its longest burst, not the time for which it waits.

#include "workers/burst_timer.h"

#include <gtest/gtest.h>

#include <thread>

namespace hon::workers {
namespace {

using namespace std::chrono_literals;

TEST(BurstTimer, TheLongestBurstCounts) {
  BurstTimer timer;
  TimePoint now(1h);
  const auto burst = [&](Duration held, Duration then_waits) {
    timer.Resume(now);
    now += held;
    timer.Suspend(now);
    now += then_waits;
  };
  EXPECT_EQ(timer.Longest(), 0ms);
  burst(3ms, 10s);
  burst(7ms, 10s);
  burst(5ms, 10s);
  EXPECT_EQ(timer.Longest(), 7ms);
  timer.Reset(false);
  EXPECT_EQ(timer.Longest(), 0ms);
  burst(1ms, 1h);
  EXPECT_EQ(timer.Longest(), 1ms);
}

// On a loaded machine the system lets other threads run in the middle of a call.
TEST(BurstTimer, TimeOfOtherThreadsDoesNotCountUnlessTheThreadSleeps) {
  const ThreadUsage before{.processor = 10ms, .sleeps = 4};
  EXPECT_EQ(BurstTimer::Held(7ms, before, {.processor = 11ms, .sleeps = 4}), 1ms);
  EXPECT_EQ(BurstTimer::Held(7ms, before, {.processor = 11ms, .sleeps = 5}), 7ms);
  EXPECT_EQ(BurstTimer::Held(7ms, before, {.processor = 18ms, .sleeps = 4}), 7ms);
  EXPECT_EQ(BurstTimer::Held(7ms, {}, {}), 7ms);  // the system does not say
}

TEST(BurstTimer, APreciseMeasurementSeesSleepAndWork) {
  BurstTimer timer;
  timer.Reset(true);
  timer.Resume();
  std::this_thread::sleep_for(5ms);
  timer.Suspend();
  EXPECT_GE(timer.Longest(), 5ms);
  timer.Reset(true);
  timer.Resume();
  const ThreadUsage begun = ThreadUsage::OfThisThread();
  if (begun.sleeps < 0) GTEST_SKIP() << "HON_TEST_SKIPPED: the system does not say";
  while (ThreadUsage::OfThisThread().processor - begun.processor < 5ms) {
  }
  timer.Suspend();
  EXPECT_GE(timer.Longest(), 5ms);
}

}  // namespace
}  // namespace hon::workers
