// The detection of a held loop. No threads, no clock.

#include "workers/stall_detector.h"

#include <gtest/gtest.h>

namespace hon::workers {
namespace {

using namespace std::chrono_literals;
using Verdict = StallDetector::Verdict;

struct FakeProbe {
  [[nodiscard]] Duration Used() const { return used; }
  [[nodiscard]] bool Waits() const { return waits; }
  Duration used{};
  bool waits = false;
};

class StallDetectorTest : public testing::Test {
 protected:
  /// Time advances by `wall`, in which the loop's thread runs for `processor`.
  Verdict After(Duration wall, Duration processor) {
    now_ += wall;
    probe_.used += processor;
    return detector_.Look(now_, sequence_, probe_);
  }

  StallDetector detector_{10ms};
  FakeProbe probe_;
  TimePoint now_{1h};
  uint64_t sequence_ = 0;
};

TEST_F(StallDetectorTest, ALoopThatRunsNoHandlerIsQuiet) {
  probe_.waits = true;  // for events
  EXPECT_EQ(After(1h, 1h), Verdict::kQuiet);
  sequence_ = 2;  // a handler has come and gone
  EXPECT_EQ(After(5ms, 1ms), Verdict::kRunning);
  EXPECT_EQ(After(1h, 0ms), Verdict::kQuiet);
}

TEST_F(StallDetectorTest, AHandlerThatComputesStallsAfterTheStallTime) {
  sequence_ = 1;
  EXPECT_EQ(After(0ms, 0ms), Verdict::kRunning);
  EXPECT_EQ(After(10ms - 1ns, 10ms), Verdict::kRunning);
  EXPECT_EQ(After(1ns, 0ms), Verdict::kBegan);
  EXPECT_TRUE(detector_.Stalled());
  EXPECT_EQ(After(1s, 1s), Verdict::kStalled);
  sequence_ = 2;
  EXPECT_EQ(After(1ms, 0ms), Verdict::kRunning);
  EXPECT_FALSE(detector_.Stalled());
  sequence_ = 3;
  EXPECT_EQ(After(1ms, 0ms), Verdict::kRunning);
  EXPECT_EQ(After(10ms, 10ms), Verdict::kBegan) << "each burst is judged by itself";
}

TEST_F(StallDetectorTest, AHandlerThatWaitsInTheKernelStallsWithoutUsingTheProcessor) {
  sequence_ = 1;
  probe_.waits = true;
  EXPECT_EQ(After(0ms, 0ms), Verdict::kRunning);
  EXPECT_EQ(After(10ms - 1ns, 0ms), Verdict::kRunning);
  EXPECT_EQ(After(1ns, 0ms), Verdict::kBegan);
}

// Three busy neighbours leave the loop's thread a quarter of the processor.
TEST_F(StallDetectorTest, AHoldIsAnAmountOfProcessorTimeNotAShare) {
  sequence_ = 1;
  EXPECT_EQ(After(0ms, 0ms), Verdict::kRunning);
  EXPECT_EQ(After(39ms, 10ms - 1ns), Verdict::kRunning);
  EXPECT_EQ(After(1ms, 1ns), Verdict::kBegan);
}

TEST_F(StallDetectorTest, AThreadThatIsNotLetRunIsNoStall) {
  sequence_ = 1;
  EXPECT_EQ(After(0ms, 0ms), Verdict::kRunning);
  EXPECT_EQ(After(10s, 1ms), Verdict::kRunning);
}

TEST_F(StallDetectorTest, TheProcessorTimeOfEarlierBurstsDoesNotCount) {
  sequence_ = 1;
  EXPECT_EQ(After(0ms, 0ms), Verdict::kRunning);
  EXPECT_EQ(After(9ms, 9ms), Verdict::kRunning);
  sequence_ = 3;
  EXPECT_EQ(After(1ms, 1ms), Verdict::kRunning);
  EXPECT_EQ(After(15ms, 9ms), Verdict::kRunning);
  EXPECT_EQ(After(1ms, 1ms), Verdict::kBegan);
}

}  // namespace
}  // namespace hon::workers
