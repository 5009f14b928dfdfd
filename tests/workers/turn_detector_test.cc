// The detection of a turn that holds its loop. No threads, no clock.

#include "workers/turn_detector.h"

#include <gtest/gtest.h>

namespace hon::workers {
namespace {

using namespace std::chrono_literals;
using TurnVerdict = TurnDetector::Verdict;

struct FakeThread {
  [[nodiscard]] Duration Used() const { return used; }
  [[nodiscard]] bool Waits() const { return waits; }
  Duration used{};
  bool waits = false;
};

class TurnDetectorTest : public testing::Test {
 protected:
  /// Time advances by `wall`, in which the loop's thread runs for `processor`.
  TurnVerdict After(Duration wall, Duration processor) {
    now_ += wall;
    thread_.used += processor;
    return detector_.Look(now_, turn_, sequence_, thread_);
  }
  void BeginTurn() { turn_ = now_; }
  void EndTurn() { turn_ = {}; }

  TurnDetector detector_{10ms};
  FakeThread thread_;
  TimePoint now_{1h};
  TimePoint turn_{};
  uint64_t sequence_ = 0;
};

TEST_F(TurnDetectorTest, ALoopThatWaitsForEventsIsQuiet) {
  thread_.waits = true;
  EXPECT_EQ(After(1h, 0ms), TurnVerdict::kQuiet);
  BeginTurn();
  EXPECT_EQ(After(1ms, 1ms), TurnVerdict::kRunning);
  EndTurn();
  EXPECT_EQ(After(1ms, 1ms), TurnVerdict::kRunning);
  EXPECT_EQ(After(1h, 0ms), TurnVerdict::kQuiet);
}

TEST_F(TurnDetectorTest, AWaitInTheKernelStallsAfterTheStallTime) {
  BeginTurn();
  EXPECT_EQ(After(0ms, 0ms), TurnVerdict::kRunning);
  thread_.waits = true;
  EXPECT_EQ(After(10ms - 1ns, 0ms), TurnVerdict::kRunning);
  EXPECT_EQ(After(1ns, 0ms), TurnVerdict::kBegan);
  EXPECT_TRUE(detector_.Stalled());
  EXPECT_EQ(After(1s, 0ms), TurnVerdict::kStalled);
  BeginTurn();
  EXPECT_EQ(After(1ms, 0ms), TurnVerdict::kRunning);
  EXPECT_FALSE(detector_.Stalled());
}

TEST_F(TurnDetectorTest, ComputingStallsAfterTenStallTimesOfTheProcessor) {
  BeginTurn();
  EXPECT_EQ(After(0ms, 0ms), TurnVerdict::kRunning);
  EXPECT_EQ(After(10s, 100ms - 1ns), TurnVerdict::kRunning) << "a thread that is not let run";
  EXPECT_EQ(After(1ns, 1ns), TurnVerdict::kBegan);
}

// Many quick handlers in one turn hold the loop as one slow one does.
TEST_F(TurnDetectorTest, TheComputingOfAllHandlersOfATurnCounts) {
  BeginTurn();
  EXPECT_EQ(After(0ms, 0ms), TurnVerdict::kRunning);
  for (int i = 0; i < 9; ++i) {
    sequence_ += 2;
    EXPECT_EQ(After(10ms, 10ms), TurnVerdict::kRunning);
  }
  sequence_ += 2;
  EXPECT_EQ(After(10ms, 10ms), TurnVerdict::kBegan);
}

TEST_F(TurnDetectorTest, AHandlerIsLeftToTheOtherDetector) {
  BeginTurn();
  sequence_ = 1;
  thread_.waits = true;
  EXPECT_EQ(After(0ms, 0ms), TurnVerdict::kRunning);
  EXPECT_EQ(After(10s, 10s), TurnVerdict::kRunning);
  detector_.Excuse(now_, thread_);  // what it has used is not the turn's
  sequence_ = 2;
  EXPECT_EQ(After(9ms, 9ms), TurnVerdict::kRunning);
  EXPECT_EQ(After(10ms - 1ns, 0ms), TurnVerdict::kRunning)
      << "no handler has run since the last look";
  EXPECT_EQ(After(1ns, 0ms), TurnVerdict::kBegan);
}

TEST_F(TurnDetectorTest, AStallThatEndedMeanwhileIsWithdrawn) {
  BeginTurn();
  thread_.waits = true;
  EXPECT_EQ(After(0ms, 0ms), TurnVerdict::kRunning);
  EXPECT_EQ(After(10ms, 0ms), TurnVerdict::kBegan);
  detector_.Withdraw();
  EXPECT_FALSE(detector_.Stalled());
}

}  // namespace
}  // namespace hon::workers
