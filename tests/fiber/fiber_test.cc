#include "hon/fiber/fiber.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "hon/base/sanitizer.h"

namespace hon::fiber {
namespace {

using namespace std::chrono_literals;

// A loop with a scheduler, turned by the test itself.
class FiberTest : public testing::Test {
 protected:
  FiberTest()
      : loop_(std::move(*netpoll::Loop::Create({.backend = netpoll::BackendKind::kEpoll}))),
        scheduler_(std::make_unique<Scheduler>(*loop_)) {
    Go([] {});  // ties the scheduler to this thread
    Settle();
  }

  void Start(std::function<void()> body) {
    bodies_.push_back(std::make_unique<std::function<void()>>(std::move(body)));
    scheduler_->Start([](void* f) { (*static_cast<std::function<void()>*>(f))(); },
                      bodies_.back().get());
  }
  void Go(std::function<void()> body) {
    Start([body = std::move(body)] { body(); });
  }
  void Settle() {
    for (int i = 0; i < 5000 && scheduler_->Live() != 0; ++i) loop_->Turn(2ms);
    ASSERT_EQ(scheduler_->Live(), 0u);
  }

  std::vector<std::unique_ptr<std::function<void()>>> bodies_;
  std::unique_ptr<netpoll::Loop> loop_;
  std::unique_ptr<Scheduler> scheduler_;
};

TEST_F(FiberTest, RunsAtOnceUntilItWaits) {
  std::string trace;
  Fiber* fiber = nullptr;
  Start([&] {
    fiber = Current();
    trace += "a";
    Park();
    trace += "c";
  });
  trace += "b";
  EXPECT_EQ(Current(), nullptr);
  Wake(*fiber);
  Settle();
  EXPECT_EQ(trace, "abc");
}

TEST_F(FiberTest, AWakeThatComesFirstIsRemembered) {
  bool ended = false;
  Start([&] {
    Wake(*Current());
    Park();
    ended = true;
  });
  EXPECT_TRUE(ended);
}

TEST_F(FiberTest, StacksAreReused) {
  Start([] {});
  const size_t stacks = scheduler_->Stacks();
  for (int i = 0; i < 100; ++i) Start([] {});
  EXPECT_EQ(scheduler_->Stacks(), stacks);
}

TEST_F(FiberTest, YieldLetsOthersRun) {
  std::string trace;
  Start([&] {
    for (int i = 0; i < 3; ++i) {
      trace += "a";
      Yield();
    }
  });
  Start([&] {
    for (int i = 0; i < 3; ++i) {
      trace += "b";
      Yield();
    }
  });
  Settle();
  EXPECT_EQ(trace, "ababab");
}

TEST_F(FiberTest, GoRunsLater) {
  std::string trace;
  Start([&] {
    fiber::Go([&] { trace += "b"; });
    trace += "a";
  });
  Settle();
  EXPECT_EQ(trace, "ab");
}

TEST_F(FiberTest, ExceptionsInFlightBelongToTheirFiber) {
  std::string trace;
  auto body = [&](const char* name) {
    return [&, name] {
      try {
        throw std::runtime_error(name);
      } catch (const std::exception& error) {
        Yield();  // another fiber throws and catches meanwhile
        try {
          throw std::logic_error("inner");
        } catch (const std::logic_error&) {
          Yield();
        }
        try {
          throw;  // still ours
        } catch (const std::runtime_error& again) {
          trace += again.what();
        }
        EXPECT_EQ(std::string(error.what()), name);
      }
      EXPECT_EQ(std::current_exception(), nullptr);
    };
  };
  Start(body("x"));
  Start(body("y"));
  Settle();
  EXPECT_EQ(trace, "xy");
}

TEST_F(FiberTest, DestructorsRunWhileUnwindingAcrossWaits) {
  struct Waits {
    ~Waits() { Yield(); }
  };
  int uncaught = -1;
  Start([&] {
    try {
      Waits waits;
      throw std::runtime_error("out");
    } catch (const std::exception&) {
      uncaught = std::uncaught_exceptions();
    }
  });
  EXPECT_EQ(std::uncaught_exceptions(), 0);
  Settle();
  EXPECT_EQ(uncaught, 0);
}

TEST_F(FiberTest, SleepTakesItsTime) {
  const TimePoint began = Clock::now();
  Duration slept{};
  Start([&] {
    EXPECT_FALSE(Sleep(20ms));
    slept = Clock::now() - began;
  });
  Settle();
  EXPECT_GE(slept, 20ms);
}

TEST_F(FiberTest, TheContextEndsASleep) {
  const appcontext::Cancelable c = appcontext::WithCancel(appcontext::Background());
  Error outcome;
  Start([&] {
    SetContext(&c.context);
    outcome = Sleep(1h);
  });
  EXPECT_EQ(scheduler_->Live(), 1u);
  c.cancel(Error::New("enough"));
  Settle();
  EXPECT_EQ(outcome.Message(), "enough");
}

TEST_F(FiberTest, AContextEndedByAnotherThread) {
  const appcontext::Cancelable c = appcontext::WithTimeout(appcontext::Background(), 10ms);
  Error outcome;
  Start([&] { outcome = Wait(c.context); });
  Settle();
  EXPECT_TRUE(outcome.Is(appcontext::ErrDeadlineExceeded));
}

TEST_F(FiberTest, WakesFromOtherThreads) {
  constexpr int kThreads = 4;
  constexpr int kWakes = 200;
  std::atomic<int> wanted{0};
  int seen = 0;
  Fiber* fiber = nullptr;
  Start([&] {
    fiber = Current();
    while (seen < kThreads * kWakes) {
      while (wanted.load() == seen) Park();
      seen = wanted.load();
    }
  });
  std::vector<std::thread> threads;
  std::atomic<int> finished{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kWakes; ++i) {
        ++wanted;
        Wake(*fiber);
      }
      ++finished;
    });
  }
  // The fiber must not end before the last Wake has returned.
  while (finished != kThreads) loop_->Turn(1ms);
  for (std::thread& thread : threads) thread.join();
  Settle();
  EXPECT_EQ(seen, kThreads * kWakes);
}

TEST_F(FiberTest, ThousandsSleepAtOnce) {
#ifdef HON_TSAN
  constexpr int kFibers = 200;  // ThreadSanitizer takes each for a thread
#else
  constexpr int kFibers = 5000;
#endif
  int awake = 0;
  for (int i = 0; i < kFibers; ++i) {
    Start([&] {
      EXPECT_FALSE(Sleep(10ms));
      ++awake;
    });
  }
  EXPECT_EQ(scheduler_->Live(), size_t{kFibers});
  Settle();
  EXPECT_EQ(awake, kFibers);
}

TEST(PlainThread, SleepAndWaitBlockIt) {
  const TimePoint began = Clock::now();
  EXPECT_FALSE(Sleep(5ms));
  EXPECT_GE(Clock::now() - began, 5ms);
  const appcontext::Cancelable c = appcontext::WithTimeout(appcontext::Background(), 5ms);
  EXPECT_TRUE(Wait(c.context).Is(appcontext::ErrDeadlineExceeded));
  EXPECT_TRUE(Sleep(c.context, 1h).Is(appcontext::ErrDeadlineExceeded));
}

TEST_F(FiberTest, UnwindingStaysWithItsFiber) {
  struct Waits {
    ~Waits() {
      EXPECT_EQ(std::uncaught_exceptions(), 1);
      Yield();  // the other fiber runs meanwhile, and throws too
      EXPECT_EQ(std::uncaught_exceptions(), 1);
    }
  };
  int looked = 0;
  Start([] {
    try {
      Waits waits;
      throw std::runtime_error("out");
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "out");
    }
    EXPECT_EQ(std::uncaught_exceptions(), 0);
  });
  Start([&] {
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    EXPECT_THROW(throw std::logic_error("in between"), std::logic_error);
    ++looked;
  });
  Settle();
  EXPECT_EQ(looked, 1);
}

// A fiber stays on its thread, so the fibers of a loop share the thread-locals.
TEST_F(FiberTest, ThreadLocalsAreThoseOfTheLoop) {
  static thread_local int count = 0;
  const int* address = &count;
  int seen = 0;
  for (int i = 0; i < 2; ++i) {
    Start([&] {
      ++count;
      EXPECT_FALSE(Sleep(1ms));
      EXPECT_EQ(&count, address);
      seen = count;
    });
  }
  Settle();
  EXPECT_EQ(seen, 2);
}

TEST_F(FiberTest, GoTakesAContextAndANameAndComesFromAnyThread) {
  const appcontext::Cancelable c = appcontext::WithCancel(appcontext::Background());
  Error outcome;
  std::thread elsewhere([&] {
    fiber::Go([&] { outcome = Sleep(1h); },
              {.scheduler = scheduler_.get(), .context = c.context, .name = "sleeper"});
  });
  elsewhere.join();
  for (int i = 0; i < 1000 && scheduler_->Live() == 0; ++i) loop_->Turn(1ms);
  EXPECT_EQ(scheduler_->Live(), 1u);
  c.cancel(Error::New("enough"));
  Settle();
  EXPECT_EQ(outcome.Message(), "enough");
}

TEST_F(FiberTest, AFunctionThatNeverRanIsDestroyed) {
  auto held = std::make_shared<int>(1);
  std::thread elsewhere([&] { fiber::Go([held] { FAIL(); }, {.scheduler = scheduler_.get()}); });
  elsewhere.join();
  EXPECT_EQ(held.use_count(), 2);
  scheduler_.reset();
  loop_.reset();
  EXPECT_EQ(held.use_count(), 1);
}

// Two fibers that wake each other without end do not keep the loop from its other work.
TEST_F(FiberTest, BusyFibersLeaveTheLoopItsShare) {
  bool stop = false;
  uint64_t rounds = 0;
  for (int i = 0; i < 2; ++i) {
    Start([&] {
      while (!stop) {
        Yield();
        ++rounds;
      }
    });
  }
  Error slept = Error::New("not yet");
  Start([&] {
    slept = Sleep(5ms);
    stop = true;
  });
  Settle();
  EXPECT_FALSE(slept);
  EXPECT_GT(rounds, 0u);
}

TEST_F(FiberTest, CountsTheFibersOfALoop) {
  const Stats before = scheduler_->GetStats();
  for (int i = 0; i < 3; ++i) {
    Start([] { EXPECT_FALSE(Sleep(1ms)); });
  }
  EXPECT_EQ(scheduler_->GetStats().live, 3u);
  EXPECT_GE(scheduler_->GetStats().stacks, 3u);
  Settle();
  const Stats after = scheduler_->GetStats();
  EXPECT_EQ(after.live, 0u);
  EXPECT_EQ(after.live_max, 3u);
  EXPECT_EQ(after.started, before.started + 3);
}

}  // namespace
}  // namespace hon::fiber
