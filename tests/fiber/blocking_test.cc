#include "hon/fiber/blocking.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "fiber/loops.h"
#include "hon/fiber/fiber.h"

namespace hon::fiber {
namespace {

using namespace std::chrono_literals;
using appcontext::Background;
using appcontext::WithCancel;

class BlockingTest : public OneLoopTest {};
class BlockingLoopsTest : public LoopsTest {};
ON_BOTH_BACKENDS(BlockingLoopsTest);

// Blocks every caller until it is opened.
class Gate {
 public:
  void Pass() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void AwaitInside(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return inside_ >= count; });
  }
  void Open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int Inside() {
    std::lock_guard lock(mutex_);
    return inside_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  bool open_ = false;
};

TEST_F(BlockingTest, TheLoopGoesOnMeanwhile) {
  Gate gate;
  std::thread::id there;
  bool ended = false;
  Spawn([&] {
    const Result<std::string> text = Blocking([&] {
      there = std::this_thread::get_id();
      EXPECT_EQ(Current(), nullptr);
      gate.Pass();
      return std::string("done");
    });
    EXPECT_EQ(text.value(), "done");
    ended = true;
  });
  Turn();
  gate.AwaitInside(1);
  Turn();
  EXPECT_FALSE(ended);
  gate.Open();
  Settle();
  EXPECT_TRUE(ended);
  EXPECT_NE(there, std::this_thread::get_id());
}

TEST_F(BlockingTest, ResultsAndExceptionsComeBack) {
  bool ended = false;
  Spawn([&] {
    int called = 0;
    const Result<void> nothing = Blocking([&] { ++called; });
    EXPECT_TRUE(nothing);
    EXPECT_EQ(called, 1);
    Result<std::unique_ptr<int>> moved = Blocking([] { return std::make_unique<int>(7); });
    EXPECT_EQ(**moved, 7);
    try {
      static_cast<void>(Blocking([]() -> int { throw std::runtime_error("thrown"); }));
      ADD_FAILURE();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "thrown");
    }
    ended = true;
  });
  Settle();
  EXPECT_TRUE(ended);
}

TEST_F(BlockingTest, APlainThreadMakesTheCallItself) {
  const std::thread::id here = std::this_thread::get_id();
  EXPECT_EQ(Blocking([] { return std::this_thread::get_id(); }).value(), here);
  const appcontext::Cancelable c = WithCancel(Background());
  c.cancel(Error::New("enough"));
  EXPECT_EQ(Blocking(c.context, [] { return 1; }).error().Message(), "enough");
}

class BoundedBlockingTest : public OneLoopTest {
 protected:
  BoundedBlockingTest() : pool_({.threads_max = 2, .idle_time = 5ms}) {
    scheduler_ = std::make_unique<Scheduler>(*loop_, Options{.blocking = &pool_});
  }
  ~BoundedBlockingTest() override { scheduler_.reset(); }

  BlockingPool pool_;
};

TEST_F(BoundedBlockingTest, NoMoreThreadsThanAllowedAndTheOthersWaitInOrder) {
  Gate gate;
  std::mutex mutex;
  std::string order;
  for (const char name : {'a', 'b', 'c', 'd'}) {
    Spawn([&, name] {
      EXPECT_TRUE(Blocking([&] {
        gate.Pass();
        std::lock_guard lock(mutex);
        if (name > 'b') order += name;
      }));
    });
  }
  Turn();
  gate.AwaitInside(2);
  EXPECT_EQ(pool_.Threads(), 2u);
  Turn();
  EXPECT_EQ(gate.Inside(), 2);
  gate.Open();
  Settle();
  EXPECT_EQ(gate.Inside(), 4);
  EXPECT_EQ(order.size(), 2u);
  for (int i = 0; i < 2000 && pool_.Threads() != 0; ++i) loop_->Turn(5ms);
  EXPECT_EQ(pool_.Threads(), 0u);  // idle ones end
  Spawn([&] { EXPECT_EQ(Blocking([] { return 5; }).value(), 5); });
  Settle();
}

TEST_F(BoundedBlockingTest, TheContextEndsTheWaitForAThreadButNotTheCall) {
  Gate gate;
  const appcontext::Cancelable c = WithCancel(Background());
  int begun_ended = 0;
  Error queued;
  for (int i = 0; i < 2; ++i) {
    Spawn(
        [&] {
          EXPECT_TRUE(Blocking([&] { gate.Pass(); }));
          ++begun_ended;
        },
        c.context);
  }
  Turn();
  gate.AwaitInside(2);
  Spawn(
      [&] {
        const Result<int> result = Blocking([] { return 1; });
        if (!result) queued = result.error();
      },
      c.context);
  Turn();
  EXPECT_FALSE(queued);
  c.cancel(Error::New("enough"));
  Turn();
  EXPECT_EQ(queued.Message(), "enough");
  EXPECT_EQ(begun_ended, 0);
  gate.Open();
  Settle();
  EXPECT_EQ(begun_ended, 2);
}

TEST_P(BlockingLoopsTest, ManyCallsFromManyLoops) {
  constexpr int kFibers = 30;
  constexpr int kEach = 20;
  std::atomic<int> calls{0};
  for (int i = 0; i < kFibers; ++i) {
    OnFiber([&, i] {
      for (int k = 0; k < kEach; ++k) {
        EXPECT_EQ(Blocking([&] { return ++calls, i * k; }).value(), i * k);
      }
    });
  }
  Settle();
  EXPECT_EQ(calls, kFibers * kEach);
}

// Contexts that end while calls wait for threads: each call either ran or reports that it did not.
TEST_P(BlockingLoopsTest, AnEndedContextRacesWithTheStartOfTheCall) {
  constexpr int kRounds = 100;
  std::atomic<int> ran{0};
  std::atomic<int> succeeded{0};
  for (int round = 0; round < kRounds; ++round) {
    const appcontext::Cancelable c = WithCancel(Background());
    for (int i = 0; i < 3; ++i) {
      OnFiber([&] {
        if (Blocking(c.context, [&] { ++ran; })) ++succeeded;
      });
    }
    OnFiber([&] { c.cancel(); });
    Settle();
  }
  EXPECT_EQ(ran, succeeded);
}

}  // namespace
}  // namespace hon::fiber
