// The measure of a call is its longest burst, not the time for which it waits.

#include "workers/burst_timer.h"

#include <gtest/gtest.h>

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
  timer.Reset();
  EXPECT_EQ(timer.Longest(), 0ms);
  burst(1ms, 1h);
  EXPECT_EQ(timer.Longest(), 1ms);
}

}  // namespace
}  // namespace hon::workers
