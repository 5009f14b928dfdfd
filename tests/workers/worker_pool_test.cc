// Worker threads and their descriptors: their start and their end.

#include "workers/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "hon/fiber/channel.h"
#include "hon/fiber/fiber.h"
#include "support/eventually.h"
#include "support/own_process.h"

namespace hon::workers {
namespace {

using namespace std::chrono_literals;

class WorkerPoolTest : public testing::Test {
 protected:
  class FunctionJob final : public Job {
   public:
    FunctionJob(WorkerPoolTest& owner, std::function<void()> function)
        : owner_(&owner), function_(std::move(function)) {
      SetRoute(owner.route_);
    }
    void Execute() override {
      function_();
      ++owner_->executed_;
    }
    void Refuse() override { ++owner_->refused_; }
    void Cancel() override { ++owner_->cancelled_; }
    [[nodiscard]] bool Ended() const override { return ended; }
    std::atomic<bool> ended{false};

   private:
    WorkerPoolTest* owner_;
    std::function<void()> function_;
  };

  void Make(Dispatcher::Options options) {
    Result<std::unique_ptr<WorkerPool>> pool =
        WorkerPool::Create({.dispatch = options, .fiber = {}});
    ASSERT_TRUE(pool) << pool.error().Message();
    pool_ = *std::move(pool);
  }
  FunctionJob& Submit(std::function<void()> function) {
    jobs_.push_back(std::make_unique<FunctionJob>(*this, std::move(function)));
    EXPECT_TRUE(pool_->Submit(*jobs_.back()));
    return *jobs_.back();
  }
  void SubmitAndWait(std::function<void()> function) {
    const int before = executed_;
    Submit(std::move(function));
    ASSERT_TRUE(test::Eventually([&] { return executed_ == before + 1; }));
  }

  http::Route route_;
  std::atomic<int> executed_{0};
  std::atomic<int> refused_{0};
  std::atomic<int> cancelled_{0};
  std::vector<std::unique_ptr<FunctionJob>> jobs_;
  std::unique_ptr<WorkerPool> pool_;  // destroyed first
};

TEST_F(WorkerPoolTest, CallsThatWaitOneAfterTheOtherShareAWorker) {
  Make({.running_max = 2, .workers_max = 256});
  const size_t threads = test::Threads();
  for (int i = 0; i < 260; ++i) {
    SubmitAndWait([] { EXPECT_FALSE(fiber::Sleep(100us)); });
  }
  // Two are needed; on a busy machine a worker that does not get to run looks like a blocked one.
  EXPECT_LE(pool_->Workers(), 26u);
  EXPECT_LE(test::Threads(), threads + 26);
}

TEST_F(WorkerPoolTest, CallsThatWaitTogetherShareTheWorkersThatRun) {
  Make({.running_max = 2, .workers_max = 256});
  fiber::Channel<int> gate;
  for (int i = 0; i < 200; ++i) Submit([&] { static_cast<void>(gate.Receive()); });
  // No worker is needed; on a busy machine a worker that does not get to run looks like a blocked
  // one.
  std::this_thread::sleep_for(50ms);
  EXPECT_LE(pool_->Workers(), 20u);
  gate.Close();
  EXPECT_TRUE(test::Eventually([&] { return executed_ == 200; }));
}

TEST_F(WorkerPoolTest, AllThreadsAndTheirDescriptorsGoWhenTheyAreIdle) {
  const size_t descriptors = test::OpenDescriptors();
  const size_t threads = test::Threads();
  Make({.running_max = 2, .workers_max = 64, .idle_time_max = 300ms});
  for (int round = 0; round < 2; ++round) {
    // Each blocks its thread, and then waits.
    std::atomic<int> inside{0};
    executed_ = 0;
    for (int i = 0; i < 20; ++i) {
      Submit([&] {
        ++inside;
        while (inside < 20) std::this_thread::sleep_for(1ms);
        EXPECT_FALSE(fiber::Sleep(1ms));
      });
    }
    EXPECT_TRUE(test::Eventually([&] { return executed_ == 20; }));
    EXPECT_GE(test::Threads(), threads + 20);
    EXPECT_GE(test::OpenDescriptors(), descriptors + 20);
    EXPECT_TRUE(test::Eventually([&] { return pool_->Workers() == 0; })) << pool_->Workers();
    EXPECT_TRUE(test::Eventually([&] { return test::Threads() == threads + 1; }))
        << test::Threads() << ", with the monitor; before " << threads;
    EXPECT_TRUE(test::Eventually([&] { return test::OpenDescriptors() == descriptors; }))
        << test::OpenDescriptors() << ", before " << descriptors;
  }
}

// Fibers left by a job keep its worker; only the monitor notices their end.
TEST_F(WorkerPoolTest, AWorkerWithAFiberLeftStaysUntilItsEnd) {
  Make({.running_max = 2, .workers_max = 64, .idle_time_max = 50ms});
  fiber::Channel<int> gate(1);
  std::atomic<bool> ended{false};
  SubmitAndWait([&] {
    fiber::Go([&] {
      static_cast<void>(gate.Receive());
      ended = true;
    });
  });
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(pool_->Workers(), 1u);
  gate.Close();
  EXPECT_TRUE(test::Eventually([&] { return ended.load(); }));
  EXPECT_TRUE(test::Eventually([&] { return pool_->Workers() == 0; }));
}

TEST_F(WorkerPoolTest, AJobThatEndedInTheQueueIsNotBegun) {
  Make({.running_max = 1, .workers_max = 1});
  std::atomic<bool> released{false};
  Submit([&] {
    while (!released) std::this_thread::sleep_for(1ms);
  });
  FunctionJob& gone = Submit([] { ADD_FAILURE() << "nobody waits for it"; });
  Submit([] {});
  gone.ended = true;
  EXPECT_TRUE(test::Eventually([&] { return cancelled_ == 1; })) << "while the worker is held";
  EXPECT_EQ(executed_, 0);
  released = true;
  EXPECT_TRUE(test::Eventually([&] { return executed_ == 2; }));
}

}  // namespace
}  // namespace hon::workers
