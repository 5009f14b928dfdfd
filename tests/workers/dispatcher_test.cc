// The choice of workers for jobs, and the number of workers. No threads, no clock.

#include "workers/dispatcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "workers/pattern_load.h"

namespace hon::workers {
namespace {

using namespace std::chrono_literals;

class FakeJob final : public Job {
 public:
  explicit FakeJob(http::Route& route) { SetRoute(route); }
  void Execute() override {}
  void Refuse() override {}
  void Cancel() override {}
  [[nodiscard]] bool Ended() const override { return ended; }
  bool ended = false;
};

constexpr WorkerLoad kFree{};
constexpr WorkerLoad kSuspended{1, false};
constexpr WorkerLoad kTimed{1, true};

class DispatcherTest : public testing::Test {
 protected:
  using Slot = Dispatcher::Slot;

  void Make(unsigned running_max, unsigned workers_max) {
    dispatcher_ = std::make_unique<Dispatcher>(
        Dispatcher::Options{.running_max = running_max, .workers_max = workers_max});
  }
  ~DispatcherTest() override {
    std::vector<Job*> rest;
    if (dispatcher_ != nullptr) dispatcher_->RemoveAll(rest);
  }
  FakeJob& Enqueue(http::Route& route) {
    jobs_.push_back(std::make_unique<FakeJob>(route));
    dispatcher_->Enqueue(*jobs_.back());
    return *jobs_.back();
  }
  Slot& Start() {
    dispatcher_->StartWorker();
    slots_.push_back(std::make_unique<Slot>());
    dispatcher_->WorkerStarted(*slots_.back());
    return *slots_.back();
  }
  Job* Next(Slot& slot, WorkerLoad load = kFree) { return dispatcher_->Next(slot, load, now_); }
  /// As the monitor does at each look: begins the queued jobs, as far as the limits allow. Workers
  /// that it starts and wakes take their jobs; they block in the kernel if `blocks`.
  void GrowFully(bool blocks) {
    for (;;) {
      const Dispatcher::Growth growth = dispatcher_->Grow();
      if (!growth.start && growth.wake == nullptr) return;
      Slot& slot = growth.wake != nullptr ? *growth.wake : Start();
      if (Next(slot) != nullptr) dispatcher_->Observe(slot, slot.Jobs(), blocks);
    }
  }

  http::Route route_;
  http::Route other_;
  TimePoint now_{1h};
  std::unique_ptr<Dispatcher> dispatcher_;
  std::vector<std::unique_ptr<FakeJob>> jobs_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

TEST_F(DispatcherTest, JobsOfAPatternRunInOrder) {
  Make(1, 1);
  FakeJob& first = Enqueue(route_);
  FakeJob& second = Enqueue(route_);
  Slot& worker = Start();
  EXPECT_EQ(Next(worker), &first);
  EXPECT_EQ(Next(worker), &second);
  EXPECT_EQ(Next(worker), nullptr);
  EXPECT_TRUE(worker.Parked());
  EXPECT_EQ(worker.Jobs(), 2u);
}

// Under overload the newest job has a client that still waits; the others follow when the load
// ends.
TEST_F(DispatcherTest, WhereTheOldestJobIsLateTheNewestRunsFirst) {
  Make(1, 1);
  std::vector<Job*> removed;
  Slot& worker = Start();
  FakeJob& oldest = Enqueue(route_);
  FakeJob& old = Enqueue(route_);
  for (uint64_t i = 1; i < Dispatcher::kSweepsLate; ++i) dispatcher_->RemoveEnded(removed);
  FakeJob& newer = Enqueue(route_);
  EXPECT_EQ(Next(worker), &oldest) << "not late yet";
  dispatcher_->RemoveEnded(removed);
  FakeJob& newest = Enqueue(route_);
  EXPECT_EQ(Next(worker), &newest);
  EXPECT_EQ(Next(worker), &newer);
  EXPECT_EQ(Next(worker), &old);
  EXPECT_EQ(Next(worker), nullptr);
  EXPECT_TRUE(removed.empty());
}

// A pattern that is late changes nothing for another one.
TEST_F(DispatcherTest, EachPatternIsLateByItself) {
  Make(1, 1);
  std::vector<Job*> removed;
  Slot& worker = Start();
  Enqueue(route_);
  for (uint64_t i = 0; i < Dispatcher::kSweepsLate; ++i) dispatcher_->RemoveEnded(removed);
  FakeJob& newest = Enqueue(route_);
  FakeJob& other = Enqueue(other_);
  FakeJob& other_newest = Enqueue(other_);
  EXPECT_EQ(Next(worker), &newest);
  EXPECT_EQ(dispatcher_->HasJobs(), true);
  std::vector<Job*> rest;
  for (Job* job = Next(worker); job != nullptr; job = Next(worker)) rest.push_back(job);
  ASSERT_EQ(rest.size(), 3U);
  const auto at = [&](Job& job) { return std::find(rest.begin(), rest.end(), &job); };
  EXPECT_LT(at(other), at(other_newest));
}

// One call after the other, each of which waits once: one worker runs them all.
TEST_F(DispatcherTest, AWorkerWhoseFiberWaitsTakesTheNextJob) {
  Make(2, 256);
  Slot& worker = Start();
  EXPECT_EQ(Next(worker), nullptr);
  for (size_t i = 1; i <= 260; ++i) {
    Enqueue(route_);
    ASSERT_EQ(dispatcher_->Call(), &worker);
    ASSERT_NE(Next(worker, {i - 1, false}), nullptr);
    ASSERT_EQ(Next(worker, {i, false}), nullptr);  // the fiber waits
    GrowFully(false);
  }
  EXPECT_EQ(dispatcher_->Workers(), 1u);
}

TEST_F(DispatcherTest, AWorkerWithoutSuspendedFibersGoesFirst) {
  Make(2, 256);
  Slot& suspended = Start();
  Slot& free = Start();
  EXPECT_EQ(Next(suspended, kSuspended), nullptr);
  EXPECT_EQ(Next(free), nullptr);
  Slot& later = Start();
  EXPECT_EQ(Next(later, kSuspended), nullptr);
  Enqueue(route_);
  Enqueue(route_);
  EXPECT_EQ(dispatcher_->Call(), &free);
  EXPECT_EQ(dispatcher_->Call(), nullptr) << "the first one is on its way and calls the next";
  EXPECT_NE(Next(free), nullptr);
  EXPECT_EQ(dispatcher_->Call(), &later) << "the one that parked last";
  EXPECT_NE(Next(later, kSuspended), nullptr);
  // A worker with suspended fibers leaves further jobs to a free one.
  EXPECT_EQ(Next(free), nullptr);
  Enqueue(route_);
  EXPECT_EQ(Next(later, kSuspended), nullptr);
  EXPECT_EQ(dispatcher_->Call(), &free);
}

TEST_F(DispatcherTest, AWorkerWithATimedWaitGetsAJobOnlyWhenNoOtherCanBeHad) {
  Make(2, 2);
  Slot& timed = Start();
  EXPECT_EQ(Next(timed, kTimed), nullptr);
  Enqueue(route_);
  EXPECT_EQ(dispatcher_->Call(), nullptr);
  EXPECT_TRUE(dispatcher_->Grow().start);
  Slot& second = Start();
  EXPECT_NE(Next(second), nullptr);
  Enqueue(route_);
  EXPECT_EQ(dispatcher_->Call(), &timed) << "there may be no third worker";
  EXPECT_NE(Next(timed, kTimed), nullptr);
}

TEST_F(DispatcherTest, AWorkerWithATimedWaitHelpsWhenNoThreadCanBeHad) {
  Make(2, 2);
  Slot& timed = Start();
  EXPECT_EQ(Next(timed, kTimed), nullptr);
  Enqueue(route_);
  ASSERT_TRUE(dispatcher_->Grow().start);
  dispatcher_->StartWorker();
  dispatcher_->WorkerFailed();
  EXPECT_EQ(dispatcher_->Grow().wake, &timed);
  EXPECT_NE(Next(timed, kTimed), nullptr);
}

TEST_F(DispatcherTest, NoMoreRunAtOnceThanAllowed) {
  Make(2, 256);
  for (int i = 0; i < 10; ++i) Enqueue(route_);
  GrowFully(/*blocks=*/false);
  EXPECT_EQ(dispatcher_->Workers(), 2u);
}

TEST_F(DispatcherTest, BlockedWorkersAreReplacedUpToTheLimit) {
  Make(2, 7);
  for (int i = 0; i < 10; ++i) Enqueue(route_);
  GrowFully(/*blocks=*/true);
  EXPECT_EQ(dispatcher_->Workers(), 7u);
  EXPECT_TRUE(dispatcher_->HasJobs());
  // A blocked worker whose call ends goes on with the queue.
  EXPECT_NE(Next(*slots_.front()), nullptr);
}

TEST_F(DispatcherTest, NoPatternTakesTheLastEighthOfTheWorkers) {
  for (const unsigned workers : {8u, 50u, 256u}) {
    slots_.clear();
    if (dispatcher_ != nullptr) {
      std::vector<Job*> rest;
      dispatcher_->RemoveAll(rest);
    }
    Make(2, workers);
    for (unsigned i = 0; i < workers + 10; ++i) Enqueue(route_);
    GrowFully(/*blocks=*/true);
    EXPECT_EQ(dispatcher_->Workers(), workers - workers / 8) << workers;
    // The call of another pattern is begun at once, without waiting for the backlog.
    FakeJob& other = Enqueue(other_);
    ASSERT_TRUE(dispatcher_->Grow().start);
    EXPECT_EQ(Next(Start()), &other);
  }
}

TEST_F(DispatcherTest, PatternsTakeTurns) {
  Make(1, 1);
  Slot& worker = Start();
  for (int i = 0; i < 100; ++i) Enqueue(route_);
  EXPECT_EQ(&Next(worker)->Route(), &route_);
  FakeJob& other = Enqueue(other_);
  // With one worker, no call of either pattern runs when the worker is free: the order of arrival
  // decides.
  EXPECT_EQ(&Next(worker)->Route(), &route_);
  static_cast<void>(other);
}

TEST_F(DispatcherTest, ThePatternWithTheFewestRunningCallsIsNext) {
  Make(2, 7);
  Slot& first = Start();
  Slot& second = Start();
  for (int i = 0; i < 100; ++i) Enqueue(route_);
  EXPECT_EQ(&Next(first)->Route(), &route_);
  EXPECT_EQ(&Next(second)->Route(), &route_);
  FakeJob& other = Enqueue(other_);
  EXPECT_EQ(Next(first), &other) << "100 calls of the other pattern were there before";
}

TEST_F(DispatcherTest, EndedJobsLeaveTheQueue) {
  Make(1, 1);
  FakeJob& first = Enqueue(route_);
  FakeJob& gone = Enqueue(route_);
  FakeJob& last = Enqueue(route_);
  FakeJob& gone_too = Enqueue(other_);
  gone.ended = gone_too.ended = true;
  std::vector<Job*> removed;
  dispatcher_->RemoveEnded(removed);
  EXPECT_TRUE(removed.empty()) << "they have only just come";
  FakeJob& later = Enqueue(other_);
  later.ended = true;
  dispatcher_->RemoveEnded(removed);
  EXPECT_EQ(removed, (std::vector<Job*>{&gone, &gone_too}));
  removed.clear();
  dispatcher_->RemoveEnded(removed);
  EXPECT_EQ(removed, (std::vector<Job*>{&later}));
  Slot& worker = Start();
  EXPECT_EQ(Next(worker), &last) << "the newest: the oldest is late";
  EXPECT_EQ(Next(worker), &first);
  EXPECT_FALSE(dispatcher_->HasJobs());
  EXPECT_EQ(Next(worker), nullptr);
}

TEST_F(DispatcherTest, WorkersThatAreIdleEndAllOfThem) {
  Make(4, 256);
  for (int i = 0; i < 4; ++i) Enqueue(route_);
  GrowFully(false);
  ASSERT_EQ(dispatcher_->Workers(), 4u);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(Next(*slots_[static_cast<size_t>(i)]), nullptr);
    now_ += 1s;
  }
  now_ = TimePoint(1h) + 10s - 1ns;
  EXPECT_EQ(dispatcher_->Expire(now_), nullptr);
  now_ += 1ns;
  EXPECT_EQ(dispatcher_->Expire(now_), slots_[0].get());
  EXPECT_EQ(dispatcher_->Expire(now_), nullptr);
  EXPECT_EQ(dispatcher_->Workers(), 3u);
  // The worker that parked last runs the few jobs; the others end.
  for (int i = 0; i < 20; ++i) {
    now_ += 1s;
    Enqueue(route_);
    ASSERT_EQ(dispatcher_->Call(), slots_[3].get());
    EXPECT_NE(Next(*slots_[3]), nullptr);
    EXPECT_EQ(Next(*slots_[3]), nullptr);
    static_cast<void>(dispatcher_->Expire(now_));
  }
  EXPECT_EQ(dispatcher_->Workers(), 1u);
  now_ += 10s;
  EXPECT_EQ(dispatcher_->Expire(now_), slots_[3].get());
  EXPECT_EQ(dispatcher_->Workers(), 0u);
}

// The worker ends ten seconds after the last of its fibers.
TEST_F(DispatcherTest, AWorkerWithSuspendedFibersDoesNotEnd) {
  Make(2, 256);
  Slot& worker = Start();
  EXPECT_EQ(Next(worker, {2, true}), nullptr);
  now_ += 1h;
  EXPECT_EQ(dispatcher_->Expire(now_), nullptr);
  dispatcher_->SetLoad(worker, {1, false}, now_);
  EXPECT_EQ(dispatcher_->Expire(now_), nullptr);
  dispatcher_->SetLoad(worker, kFree, now_);
  EXPECT_EQ(dispatcher_->Expire(now_), nullptr);
  now_ += 10s;
  EXPECT_EQ(dispatcher_->Expire(now_), &worker);
}

TEST_F(DispatcherTest, AThreadThatCannotBeHadIsNotAskedForAgainAtOnce) {
  Make(1, 256);
  Slot& worker = Start();
  Enqueue(route_);
  EXPECT_NE(Next(worker), nullptr);
  dispatcher_->Observe(worker, worker.Jobs(), /*waits=*/true);
  FakeJob& second = Enqueue(route_);
  ASSERT_TRUE(dispatcher_->Grow().start);
  dispatcher_->StartWorker();
  dispatcher_->WorkerFailed();
  EXPECT_FALSE(dispatcher_->Grow().start);
  EXPECT_EQ(dispatcher_->Workers(), 1u);
  dispatcher_->RetryStarts();
  EXPECT_TRUE(dispatcher_->Grow().start);
  EXPECT_EQ(Next(worker), &second) << "the one that there is goes on";
}

TEST_F(DispatcherTest, APatternThatWasSeenToBlockIsExpectedTo) {
  Make(1, 256);
  Slot& worker = Start();
  Enqueue(route_);
  EXPECT_NE(Next(worker), nullptr);
  dispatcher_->Observe(worker, worker.Jobs(), /*waits=*/true);
  EXPECT_NE(route_.runner_word & PatternLoad::kBlocks, 0u);
  Enqueue(route_);
  Slot& second = Start();
  EXPECT_NE(Next(second), nullptr);
  EXPECT_TRUE(second.Blocked()) << "before anybody has looked";
  dispatcher_->Observe(second, second.Jobs(), /*waits=*/false);
  EXPECT_EQ(route_.runner_word & PatternLoad::kBlocks, 0u);
  // An observation of a call that has ended meanwhile has no effect.
  dispatcher_->Observe(worker, worker.Jobs() - 1, /*waits=*/false);
  EXPECT_TRUE(worker.Blocked());
}

}  // namespace
}  // namespace hon::workers
