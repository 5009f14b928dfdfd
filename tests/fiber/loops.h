#pragma once

// Loops with schedulers for tests of objects that fibers of several loops share.

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "hon/fiber/fiber.h"
#include "hon/fiber/wait_group.h"
#include "hon/netpoll/loop.h"

namespace hon::fiber {

/// A loop with a scheduler on a separate thread; destroyed after its fibers have ended.
class LoopOnThread {
 public:
  explicit LoopOnThread(netpoll::BackendKind backend, Options options = {}) {
    std::promise<void> ready;
    thread_ = std::thread([&, options] {
      loop_ = std::move(*netpoll::Loop::Create({.backend = backend}));
      scheduler_ = std::make_unique<Scheduler>(*loop_, options);
      ready.set_value();
      loop_->Run();
      while (scheduler_->Live() != 0) loop_->Turn(std::chrono::milliseconds(10));
      scheduler_.reset();
    });
    ready.get_future().wait();
  }
  ~LoopOnThread() {
    loop_->Stop();
    thread_.join();
  }

  void Go(std::function<void()> function, const appcontext::Context& context = {}) {
    fiber::Go(std::move(function), {.scheduler = scheduler_.get(), .context = context});
  }
  [[nodiscard]] Scheduler& GetScheduler() { return *scheduler_; }

 private:
  std::unique_ptr<netpoll::Loop> loop_;
  std::unique_ptr<Scheduler> scheduler_;
  std::thread thread_;
};

/// Several such loops, on each backend, with work spread over them and over plain threads.
class LoopsTest : public testing::TestWithParam<netpoll::BackendKind> {
 protected:
  static constexpr size_t kLoops = 3;

  LoopsTest() {
    for (size_t i = 0; i < kLoops; ++i) {
      loops_.push_back(std::make_unique<LoopOnThread>(GetParam()));
    }
  }
  ~LoopsTest() override { Settle(); }

  /// Runs on a fiber of one loop after the other.
  void OnFiber(std::function<void()> function, const appcontext::Context& context = {}) {
    group_.Add(1);
    loops_[next_++ % kLoops]->Go(
        [this, function = std::move(function)]() mutable {
          std::exchange(function, nullptr)();
          group_.Done();
        },
        context);
  }
  void OnThread(std::function<void()> function) { threads_.emplace_back(std::move(function)); }
  /// Waits for all work.
  void Settle() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    group_.Wait();
  }

 private:
  std::vector<std::unique_ptr<LoopOnThread>> loops_;
  std::vector<std::thread> threads_;
  WaitGroup group_;
  size_t next_ = 0;
};

inline std::string NameOfBackend(const testing::TestParamInfo<netpoll::BackendKind>& info) {
  return std::string(netpoll::BackendName(info.param));
}

#define ON_BOTH_BACKENDS(suite)                                                      \
  INSTANTIATE_TEST_SUITE_P(                                                          \
      Backends, suite,                                                               \
      testing::Values(netpoll::BackendKind::kIoUring, netpoll::BackendKind::kEpoll), \
      NameOfBackend)

/// One loop on the test's own thread, where the order of all steps is known.
class OneLoopTest : public testing::Test {
 protected:
  OneLoopTest()
      : loop_(std::move(*netpoll::Loop::Create({.backend = netpoll::BackendKind::kEpoll}))),
        scheduler_(std::make_unique<Scheduler>(*loop_)) {}

  /// Runs on a fiber of this loop in the next turn.
  void Spawn(std::function<void()> function, const appcontext::Context& context = {}) {
    fiber::Go(std::move(function), {.scheduler = scheduler_.get(), .context = context});
  }
  /// Runs everything that needs no wait for time.
  void Turn() {
    for (int i = 0; i < 5; ++i) loop_->Turn(Duration::zero());
  }
  void Settle() {
    Turn();
    for (int i = 0; i < 20000 && scheduler_->Live() != 0; ++i) {
      loop_->Turn(std::chrono::milliseconds(1));
    }
    ASSERT_EQ(scheduler_->Live(), 0u);
  }

  std::unique_ptr<netpoll::Loop> loop_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace hon::fiber
