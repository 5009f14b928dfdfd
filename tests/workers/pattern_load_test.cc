// The measurements of a pattern: when it moves to the workers, and when it returns.

#include "workers/pattern_load.h"

#include <gtest/gtest.h>

namespace hon::workers {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLimit = 500us;

PatternLoad Many(PatternLoad load, uint32_t calls, Duration held) {
  for (uint32_t i = 0; i < calls; ++i) load = load.After(held, kLimit);
  return load;
}

TEST(PatternLoad, StartsInlineAndUnknown) {
  constexpr PatternLoad load(0);
  EXPECT_FALSE(load.OnWorkers());
  EXPECT_FALSE(load.Known());
}

TEST(PatternLoad, TheFirstCallDecides) {
  EXPECT_FALSE(PatternLoad(0).After(kLimit, kLimit).OnWorkers());
  EXPECT_TRUE(PatternLoad(0).After(kLimit + 1ns, kLimit).OnWorkers());
  EXPECT_EQ(PatternLoad(0).After(10us, kLimit).Average(), 10us);
}

TEST(PatternLoad, OneSlowCallDoesNotMoveAQuickPattern) {
  const PatternLoad quick = Many(PatternLoad(0), 100, 5us);
  PatternLoad load = quick.After(10s, kLimit);
  EXPECT_FALSE(load.OnWorkers());
  // Many slow calls move the pattern.
  uint32_t calls = 1;
  while (!load.OnWorkers() && calls < 10) {
    load = load.After(10s, kLimit);
    ++calls;
  }
  EXPECT_EQ(calls, 3u);
}

TEST(PatternLoad, ComesBackAfterEnoughQuickCallsInARow) {
  PatternLoad load = PatternLoad(0).After(100ms, kLimit);
  ASSERT_TRUE(load.OnWorkers());
  load = Many(load, PatternLoad::kQuickCallsMin - 1, 10us);
  EXPECT_TRUE(load.OnWorkers());
  EXPECT_FALSE(load.After(10us, kLimit).OnWorkers());
  // A call that is not quick restarts the count.
  load = load.After(kLimit, kLimit);
  EXPECT_TRUE(Many(load, PatternLoad::kQuickCallsMin - 1, 10us).OnWorkers());
  EXPECT_FALSE(Many(load, PatternLoad::kQuickCallsMin, 10us).OnWorkers());
}

TEST(PatternLoad, CallsNearTheLimitDoNotMakeItGoToAndFro) {
  PatternLoad load = PatternLoad(0).After(kLimit + 1us, kLimit);
  ASSERT_TRUE(load.OnWorkers());
  EXPECT_TRUE(Many(load, 100'000, kLimit - 1us).OnWorkers());
  const PatternLoad inline_one = Many(PatternLoad(0), 10, kLimit - 1us);
  EXPECT_FALSE(Many(inline_one, 100'000, kLimit - 1us).OnWorkers());
}

TEST(PatternLoad, EachReturnTakesLongerUpToABound) {
  PatternLoad load(0);
  uint32_t wanted = PatternLoad::kQuickCallsMin;
  for (int returns = 0; returns < 12; ++returns) {
    load = load.Moved(kLimit);
    ASSERT_EQ(load.QuickCallsWanted(), wanted);
    load = Many(load, wanted - 1, 1us);
    ASSERT_TRUE(load.OnWorkers()) << returns;
    load = load.After(1us, kLimit);
    ASSERT_FALSE(load.OnWorkers()) << returns;
    wanted = std::min(wanted * 2, PatternLoad::kQuickCallsMin << PatternLoad::kReturnsCounted);
  }
}

TEST(PatternLoad, AStallMovesAtOnceWhateverWasKnown) {
  EXPECT_TRUE(PatternLoad(0).Moved(kLimit).OnWorkers());
  const PatternLoad quick = Many(PatternLoad(0), 10'000, 1us);
  EXPECT_TRUE(quick.Moved(kLimit).OnWorkers());
  EXPECT_TRUE(quick.Moved(kLimit).After(1us, kLimit).OnWorkers());
}

TEST(PatternLoad, SamplesOnlyPatternsThatAreFarFromTheLimit) {
  const auto sampled = [](PatternLoad load) {
    uint32_t count = 0;
    for (uint32_t call = 0; call < 800; ++call) count += load.Samples(call, kLimit) ? 1U : 0U;
    return count;
  };
  EXPECT_EQ(sampled(PatternLoad(0)), 800u);
  EXPECT_EQ(sampled(PatternLoad(0).After(kLimit / 4, kLimit)), 100u);
  EXPECT_EQ(sampled(PatternLoad(0).After(kLimit / 4 + 1ns, kLimit)), 800u);
}

TEST(PatternLoad, HoldsTheLongestLimit) {
  constexpr Duration kLongest = 10s;
  const PatternLoad load = PatternLoad(0).After(1h, kLongest);
  EXPECT_TRUE(load.OnWorkers());
  EXPECT_EQ(load.Average(), kLongest * PatternLoad::kLimitsMax);
  EXPECT_FALSE(PatternLoad(0).After(kLongest, kLongest).OnWorkers());
}

TEST(PatternLoad, RemembersThatItBlocksUntilItReturns) {
  PatternLoad load(PatternLoad(0).Moved(kLimit).Word() | PatternLoad::kBlocks);
  load = load.After(100ms, kLimit);
  EXPECT_NE(load.Word() & PatternLoad::kBlocks, 0u);
  load = Many(load, PatternLoad::kQuickCallsMin, 1us);
  EXPECT_FALSE(load.OnWorkers());
  EXPECT_EQ(load.Word() & PatternLoad::kBlocks, 0u);
}

}  // namespace
}  // namespace hon::workers
