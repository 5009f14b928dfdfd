#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "hon/netpoll/timer.h"

namespace hon::netpoll {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;

class HookTimer final : public Timer {
 public:
  explicit HookTimer(std::function<void()> hook) : hook_(std::move(hook)) {}
  void OnTimer() override { hook_(); }

 private:
  std::function<void()> hook_;
};

class TimerWheelTest : public testing::Test {
 protected:
  TimePoint start_ = TimePoint(hours(5)) + microseconds(137);
  TimerWheel wheel_{start_};
  int fired_ = 0;
  HookTimer timer_{[this] { ++fired_; }};
};

TEST_F(TimerWheelTest, FiresAtItsTickAndNotBefore) {
  for (const int64_t ms : {1, 2, 63, 64, 65, 4095, 4096, 4097, 262144, 262145, 20'000'000}) {
    TimerWheel wheel(start_);
    fired_ = 0;
    wheel.Arm(timer_, start_ + milliseconds(ms));
    EXPECT_EQ(wheel.Armed(), 1U);
    wheel.Advance(start_ + milliseconds(ms) - microseconds(1));
    EXPECT_EQ(fired_, 0) << ms;
    wheel.Advance(start_ + milliseconds(ms));
    EXPECT_EQ(fired_, 1) << ms;
    EXPECT_EQ(wheel.Armed(), 0U);
    EXPECT_FALSE(timer_.Armed());
  }
}

TEST_F(TimerWheelTest, ADeadlineBetweenTicksIsRoundedUp) {
  wheel_.Arm(timer_, start_ + milliseconds(7) + microseconds(1));
  wheel_.Advance(start_ + milliseconds(7) + microseconds(999));
  EXPECT_EQ(fired_, 0);
  wheel_.Advance(start_ + milliseconds(8));
  EXPECT_EQ(fired_, 1);
}

TEST_F(TimerWheelTest, APastDeadlineIsDueAtTheNextTick) {
  wheel_.Advance(start_ + milliseconds(100));
  wheel_.Arm(timer_, start_);
  wheel_.Advance(start_ + milliseconds(101));
  EXPECT_EQ(fired_, 1);
  wheel_.Arm(timer_, TimePoint::min());
  wheel_.Advance(start_ + milliseconds(102));
  EXPECT_EQ(fired_, 2);
}

TEST_F(TimerWheelTest, ADeadlineOfNeverDisarms) {
  wheel_.Arm(timer_, start_ + milliseconds(5));
  wheel_.Arm(timer_, kNever);
  EXPECT_FALSE(timer_.Armed());
  EXPECT_EQ(wheel_.NextWakeup(), kNever);
  wheel_.Advance(start_ + hours(1));
  EXPECT_EQ(fired_, 0);
}

TEST_F(TimerWheelTest, ArmingAgainMoves) {
  wheel_.Arm(timer_, start_ + milliseconds(5));
  wheel_.Arm(timer_, start_ + milliseconds(500));
  EXPECT_EQ(wheel_.Armed(), 1U);
  wheel_.Advance(start_ + milliseconds(499));
  EXPECT_EQ(fired_, 0);
  wheel_.Arm(timer_, start_ + milliseconds(600));
  wheel_.Arm(timer_, start_ + milliseconds(501));
  wheel_.Advance(start_ + milliseconds(501));
  EXPECT_EQ(fired_, 1);
}

TEST_F(TimerWheelTest, ATimerArmedForThePastByAnotherWaitsForTheNextCall) {
  HookTimer again([&] {
    ++fired_;
    wheel_.Arm(again, start_);
  });
  wheel_.Arm(again, start_ + milliseconds(1));
  wheel_.Advance(start_ + milliseconds(50));
  EXPECT_EQ(fired_, 1);
  wheel_.Advance(start_ + milliseconds(51));
  EXPECT_EQ(fired_, 2);
}

TEST_F(TimerWheelTest, ATimerMayDisarmOthersThatAreDueAndDestroyItself) {
  HookTimer victim([&] { ++fired_; });
  std::unique_ptr<HookTimer> killer;
  killer = std::make_unique<HookTimer>([&] {
    victim.Disarm();
    killer.reset();
  });
  wheel_.Arm(*killer, start_ + milliseconds(3));
  wheel_.Arm(victim, start_ + milliseconds(3));
  wheel_.Advance(start_ + milliseconds(3));
  EXPECT_EQ(fired_, 0);
  EXPECT_EQ(killer, nullptr);
  EXPECT_EQ(wheel_.Armed(), 0U);
}

TEST_F(TimerWheelTest, ATimerBeyondTheHorizonIsKept) {
  const auto horizon = milliseconds(TimerWheel::kHorizonTicks);
  for (const auto& far : {horizon - milliseconds(1), horizon, horizon + milliseconds(1),
                          horizon * 3 + milliseconds(7)}) {
    fired_ = 0;
    TimerWheel wheel(start_);
    const TimePoint due = start_ + far;
    wheel.Arm(timer_, due);
    TimePoint now = start_;
    while (fired_ == 0) {
      const TimePoint next = wheel.NextWakeup();
      ASSERT_LE(next, due);
      ASSERT_GT(next, now);
      now = next;
      wheel.Advance(now);
    }
    EXPECT_EQ(now, due);
  }
}

TEST_F(TimerWheelTest, TheWheelMayDieBeforeItsTimers) {
  {
    TimerWheel wheel(start_);
    wheel.Arm(timer_, start_ + milliseconds(3));
  }
  EXPECT_FALSE(timer_.Armed());
}

// Against a plain list: thousands of random arms, moves and disarms, advanced by random steps.
TEST_F(TimerWheelTest, AgreesWithAPlainList) {
  struct Entry {
    std::unique_ptr<HookTimer> timer;
    TimePoint due = kNever;
    bool fired = false;
  };
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    std::mt19937_64 random(seed);
    TimerWheel wheel(start_);
    std::vector<Entry> entries(300);
    for (Entry& entry : entries) {
      entry.timer = std::make_unique<HookTimer>([&entry] { entry.fired = true; });
    }
    TimePoint now = start_;
    for (int step = 0; step < 2000; ++step) {
      Entry& entry = entries[random() % entries.size()];
      const auto span = int64_t{1} << (random() % 40);
      if (random() % 8 == 0) {
        entry.timer->Disarm();
        entry.due = kNever;
      } else {
        entry.due =
            now + microseconds(static_cast<int64_t>(random() % static_cast<uint64_t>(span)));
        wheel.Arm(*entry.timer, entry.due);
      }
      entry.fired = false;
      if (random() % 3 != 0) continue;
      TimePoint earliest = kNever;
      for (const Entry& e : entries) earliest = std::min(earliest, e.due);
      // A deadline in the current tick is due at the next one.
      EXPECT_LE(wheel.NextWakeup(), earliest == kNever ? kNever : earliest + milliseconds(1));
      now += microseconds(static_cast<int64_t>(random() % (uint64_t{1} << (random() % 36))));
      wheel.Advance(now);
      for (Entry& e : entries) {
        if (e.fired) {
          ASSERT_LE(e.due, now);
          e.due = kNever;
          e.fired = false;
        }
        ASSERT_TRUE(e.due == kNever || e.due + milliseconds(1) > now) << seed << " " << step;
        ASSERT_EQ(e.due != kNever, e.timer->Armed());
      }
    }
  }
}

}  // namespace
}  // namespace hon::netpoll
