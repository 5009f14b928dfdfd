// A loop's queues, its timers against the real clock, and its end.

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "netpoll/fixture.h"

namespace hon::netpoll {
namespace {

using std::chrono::milliseconds;

// Far above what a busy machine takes; a wait that is not cut short takes it whole.
constexpr Duration kLongWait = std::chrono::seconds(60);

class LoopTest : public BackendTest {};
HON_BACKEND_TEST(LoopTest);

class HookTask final : public Task {
 public:
  explicit HookTask(std::function<void()> hook) : hook_(std::move(hook)) {}
  void Run() override { hook_(); }
  void Discard() override { discarded = true; }
  bool discarded = false;

 private:
  std::function<void()> hook_;
};

TEST_P(LoopTest, PostedTasksOfOneThreadKeepOrder) {
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) loop_->Post([&order, i] { order.push_back(i); });
    loop_->Post([&] { loop_->Stop(); });
  });
  loop_->Run();
  other.join();
  ASSERT_EQ(order.size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST_P(LoopTest, PostsFromManyThreadsAllRun) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  int ran = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        loop_->Post([&] {
          if (++ran == kThreads * kEach) loop_->Stop();
        });
        if (i % 64 == 0) std::this_thread::yield();
      }
    });
  }
  loop_->Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ran, kThreads * kEach);
}

TEST_P(LoopTest, EveryPostWakesASleepingLoop) {
  std::atomic<int> ran{0};
  std::thread runner([&] { loop_->Run(); });
  for (int i = 1; i <= 200; ++i) {
    loop_->Post([&] { ran.fetch_add(1); });
    const TimePoint limit = Clock::now() + std::chrono::seconds(2);
    while (ran.load() != i && Clock::now() < limit) std::this_thread::yield();
    ASSERT_EQ(ran.load(), i) << "a wake-up was lost";
    if (i % 4 == 0) std::this_thread::sleep_for(milliseconds(1));
  }
  loop_->Stop();
  runner.join();
}

TEST_P(LoopTest, StopBeforeRunAndStopTwice) {
  int ran = 0;
  loop_->Post([&] { ++ran; });
  loop_->Stop();
  loop_->Stop();
  loop_->Run();
  EXPECT_EQ(ran, 0) << "a loop that was stopped before has turned";
  // Both stops applied to the first Run: the next one goes on until it is stopped itself.
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) loop_->Post([&] { ++ran; });
    loop_->Post([&] { loop_->Stop(); });
  });
  loop_->Run();
  other.join();
  EXPECT_EQ(ran, 101);
}

TEST_P(LoopTest, CurrentIsTheLoopOfTheThread) {
  EXPECT_EQ(Loop::Current(), nullptr);
  Loop* seen = nullptr;
  loop_->Post([&] { seen = Loop::Current(); });
  loop_->Turn(Duration::zero());
  EXPECT_EQ(seen, loop_.get());
  EXPECT_EQ(Loop::Current(), nullptr);
}

TEST_P(LoopTest, OthersSeeTheStepOfATurn) {
  EXPECT_EQ(loop_->TurnBegan(), TimePoint{});
  std::vector<TurnStep> steps;
  TimePoint began{};
  const auto note = [&] {
    steps.push_back(loop_->CurrentStep());
    began = loop_->TurnBegan();
  };
  class NotingTimer final : public Timer {
   public:
    explicit NotingTimer(std::function<void()> hook) : hook_(std::move(hook)) {}
    void OnTimer() override { hook_(); }

   private:
    std::function<void()> hook_;
  };
  NotingTimer timer(note);
  loop_->Timers().Arm(timer, loop_->Now());
  HookTask deferred(note);
  loop_->Defer(deferred);
  EXPECT_TRUE(TurnUntil([&] { return steps.size() == 2; }));
  EXPECT_NE(began, TimePoint{});
  EXPECT_EQ(loop_->TurnBegan(), TimePoint{});
  EXPECT_EQ(std::count(steps.begin(), steps.end(), TurnStep::kTimers), 1);
  EXPECT_EQ(std::count(steps.begin(), steps.end(), TurnStep::kTasks), 1);
}

TEST_P(LoopTest, TheHookOfATurnIsCalledOncePerRequest) {
  int calls = 0;
  loop_->NotifyOfTurn();
  loop_->Turn(Duration::zero());  // there is no hook
  loop_->SetTurnHook([&] { ++calls; });
  loop_->Turn(Duration::zero());
  EXPECT_EQ(calls, 0);
  loop_->NotifyOfTurn();
  loop_->NotifyOfTurn();
  for (int i = 0; i < 3; ++i) loop_->Turn(Duration::zero());
  EXPECT_EQ(calls, 1);
  loop_->SetTurnHook({});
  loop_->NotifyOfTurn();
  loop_->Turn(Duration::zero());
  EXPECT_EQ(calls, 1);
}

TEST_P(LoopTest, DeferredRunsInThisTurnAndFromADeferredTaskInTheNextWithoutAWait) {
  int turn = 0;
  std::vector<int> ran_in;
  HookTask second([&] { ran_in.push_back(turn); });
  HookTask first([&] {
    ran_in.push_back(turn);
    loop_->Defer(second);
  });
  loop_->Post([&] { loop_->Defer(first); });
  const TimePoint before = Clock::now();
  for (turn = 1; turn <= 2; ++turn) {
    // The wait at the end of the first turn must be cut short; the second has no wait.
    loop_->Turn(turn == 1 ? kLongWait : Duration::zero());
  }
  EXPECT_EQ(ran_in, (std::vector<int>{1, 2}));
  EXPECT_LT(Clock::now() - before, kLongWait);
}

TEST_P(LoopTest, ATaskPostedByTheLoopItselfCutsTheWaitShort) {
  bool ran = false;
  loop_->Post([&] { loop_->Post([&] { ran = true; }); });
  const TimePoint before = Clock::now();
  loop_->Turn(kLongWait);
  loop_->Turn(Duration::zero());
  EXPECT_TRUE(ran);
  EXPECT_LT(Clock::now() - before, kLongWait);
}

TEST_P(LoopTest, TimersFireInTime) {
  class Stamp final : public Timer {
   public:
    void OnTimer() override { at = Clock::now(); }
    TimePoint at = kNever;
  };
  std::vector<Stamp> timers(20);
  const TimePoint start = Clock::now();
  for (size_t i = 0; i < timers.size(); ++i) {
    loop_->Timers().Arm(timers[i], start + milliseconds(3 * i));
  }
  EXPECT_TRUE(TurnUntil([&] { return loop_->Timers().Armed() == 0; }));
  for (size_t i = 0; i < timers.size(); ++i) {
    EXPECT_GE(timers[i].at, start + milliseconds(3 * i));
    // Generous, since the machine may be busy.
    EXPECT_LE(timers[i].at, start + milliseconds(3 * i + 100));
  }
}

TEST_P(LoopTest, AWaitEndsForATimer) {
  class Stopping final : public Timer {
   public:
    explicit Stopping(Loop& loop) : loop_(loop) {}
    void OnTimer() override { loop_.Stop(); }

   private:
    Loop& loop_;
  };
  Stopping timer(*loop_);
  const TimePoint before = Clock::now();
  loop_->Timers().Arm(timer, before + milliseconds(20));
  loop_->Run();
  EXPECT_GE(Clock::now() - before, milliseconds(20));
  EXPECT_LT(Clock::now() - before, kLongWait);
}

TEST_P(LoopTest, TasksThatHaveNotRunAreDiscardedAtTheEnd) {
  int ran = 0;
  HookTask deferred([&] { ++ran; });
  HookTask posted([&] { ++ran; });
  const auto token = std::make_shared<int>(1);
  loop_->Turn(Duration::zero());
  loop_->Defer(deferred);
  loop_->Post(posted);
  loop_->Post([&ran, token] { ++ran; });
  EXPECT_EQ(token.use_count(), 2);
  loop_.reset();
  EXPECT_TRUE(deferred.discarded);
  EXPECT_TRUE(posted.discarded);
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(ran, 0);
}

TEST_P(LoopTest, DestroyingTheLoopEndsItsConnectionsAndTellsThem) {
  Recorder& handler = NewRecorder();
  Peer open;
  Peer blocked;
  Peer paused;
  ConnectTcp(handler, &open);
  ConnectTcp(handler, &blocked).Writer().Write(std::string(8 << 20, 'x'));
  ConnectTcp(handler, &paused).PauseRead();
  loop_->ForEachConnection([](Connection& c) { c.FlushLater(); });
  TurnFor(milliseconds(5));
  EXPECT_EQ(loop_->Connections(), 3U);
  loop_.reset();
  EXPECT_EQ(handler.Count("disconnect"), 3U);
  EXPECT_TRUE(handler.why);
  const TimePoint limit = Clock::now() + std::chrono::seconds(2);
  while (open.State() == 1 && Clock::now() < limit) std::this_thread::yield();
  EXPECT_NE(open.State(), 1);
}

TEST_P(LoopTest, ALoopThatRanElsewhereCanBeDestroyedHere) {
  Recorder& handler = NewRecorder();
  handler.request = Echo;
  StartListener(handler);
  std::thread runner([&] { loop_->Run(); });
  const Peer peer = Peer::ConnectTo(listener_->Address());
  peer.Send("hello");
  std::string back;
  const TimePoint limit = Clock::now() + std::chrono::seconds(2);
  while (back.size() < 5 && Clock::now() < limit) back += peer.ReceiveSome();
  EXPECT_EQ(back, "hello");
  loop_->Stop();
  runner.join();
}

TEST_P(LoopTest, ForEachConnectionMayCloseThem) {
  Recorder& handler = NewRecorder();
  std::vector<Peer> peers(200);
  for (Peer& peer : peers) Connect(handler, &peer);
  size_t visited = 0;
  loop_->ForEachConnection([&](Connection& c) {
    ++visited;
    if (visited % 2 == 0) c.Close(CloseHow::kAbort);
  });
  EXPECT_EQ(visited, 200U);
  ASSERT_TRUE(TurnUntil([&] { return handler.Count("disconnect") == 100; }));
  EXPECT_EQ(loop_->Connections(), 100U);
}

TEST(BackendNameTest, NamesRoundTrip) {
  for (const auto kind :
       {BackendKind::kAuto, BackendKind::kIoUring, BackendKind::kEpoll, BackendKind::kKqueue}) {
    const auto parsed = ParseBackend(BackendName(kind));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, kind);
  }
  EXPECT_FALSE(ParseBackend("fake"));
  EXPECT_FALSE(ParseBackend("Epoll"));
  EXPECT_FALSE(ParseBackend(""));
  EXPECT_FALSE(Loop::Create({.backend = BackendKind::kKqueue}));
}

}  // namespace
}  // namespace hon::netpoll
