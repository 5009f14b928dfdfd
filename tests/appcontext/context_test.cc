#include "hon/appcontext/context.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "hon/appcontext/reusable.h"

namespace hon::appcontext {
namespace {

using namespace std::chrono_literals;

constexpr Sentinel kWhy{"why"};

void WaitFor(const Context& context) {
  while (!context.Done()) std::this_thread::sleep_for(1ms);
}

TEST(Context, BackgroundNeverEnds) {
  const Context context = Background();
  EXPECT_FALSE(context.Done());
  EXPECT_FALSE(context.Err());
  EXPECT_EQ(context.Deadline(), kNever);
  EXPECT_EQ(context.Value(&kWhy), nullptr);
}

TEST(Context, CancelEndsAContextAndItsDescendants) {
  const Cancelable parent = WithCancel(Background());
  const Cancelable child = WithCancel(parent.context);
  const Context grandchild = WithValue(child.context, &kWhy, 1);
  parent.cancel();
  for (const Context& context : {parent.context, child.context, grandchild}) {
    EXPECT_TRUE(context.Done());
    EXPECT_TRUE(context.Err().Is(ErrCanceled));
    EXPECT_TRUE(context.Cause().Is(ErrCanceled));
  }
}

TEST(Context, CancelOfAChildLeavesItsParentAlone) {
  const Cancelable parent = WithCancel(Background());
  const Cancelable child = WithCancel(parent.context);
  const Cancelable sibling = WithCancel(parent.context);
  child.cancel();
  EXPECT_TRUE(child.context.Done());
  EXPECT_FALSE(parent.context.Done());
  EXPECT_FALSE(sibling.context.Done());
}

TEST(Context, TheFirstCauseCounts) {
  const Cancelable c = WithCancel(Background());
  c.cancel(kWhy);
  c.cancel(Error::New("later"));
  EXPECT_TRUE(c.context.Err().Is(ErrCanceled));
  EXPECT_TRUE(c.context.Cause().Is(kWhy));
}

TEST(Context, AChildInheritsTheCause) {
  const Cancelable parent = WithCancel(Background());
  const Cancelable child = WithTimeout(parent.context, 1h);
  parent.cancel(kWhy);
  EXPECT_TRUE(child.context.Err().Is(ErrCanceled));
  EXPECT_TRUE(child.context.Cause().Is(kWhy));
}

TEST(Context, AChildOfAnEndedContextHasEnded) {
  const Cancelable parent = WithCancel(Background());
  parent.cancel(kWhy);
  const Cancelable child = WithCancel(parent.context);
  EXPECT_TRUE(child.context.Done());
  EXPECT_TRUE(child.context.Cause().Is(kWhy));
}

TEST(Context, DeadlineEndsIt) {
  const Cancelable c = WithTimeout(Background(), 20ms, kWhy);
  EXPECT_FALSE(c.context.Done());
  WaitFor(c.context);
  EXPECT_TRUE(c.context.Err().Is(ErrDeadlineExceeded));
  EXPECT_TRUE(c.context.Cause().Is(kWhy));
}

TEST(Context, ADeadlineInThePastEndsItAtOnce) {
  const Cancelable c = WithDeadline(Background(), Clock::now() - 1s);
  EXPECT_TRUE(c.context.Done());
  EXPECT_TRUE(c.context.Err().Is(ErrDeadlineExceeded));
}

TEST(Context, TheEarlierDeadlineCounts) {
  const TimePoint soon = Clock::now() + 1h;
  const Cancelable parent = WithDeadline(Background(), soon);
  const Cancelable child = WithDeadline(parent.context, soon + 1h);
  EXPECT_EQ(child.context.Deadline(), soon);
  const Cancelable sooner = WithDeadline(parent.context, soon - 1min);
  EXPECT_EQ(sooner.context.Deadline(), soon - 1min);
  EXPECT_EQ(WithValue(sooner.context, &kWhy, 0).Deadline(), soon - 1min);
}

TEST(Context, CancelBeforeTheDeadline) {
  const Cancelable c = WithTimeout(Background(), 1h);
  c.cancel();
  EXPECT_TRUE(c.context.Err().Is(ErrCanceled));
}

TEST(Context, ManyDeadlinesEndInOrder) {
  constexpr int kContexts = 20;
  // Far enough away for all contexts to exist before the first one ends.
  const TimePoint first = Clock::now() + 100ms;
  std::mutex mutex;
  std::vector<int> order;
  std::vector<Cancelable> contexts;
  for (int i = 0; i < kContexts; ++i) {
    const int place = i * 7 % kContexts;
    const TimePoint deadline = first + place * 1ms;
    contexts.push_back(WithDeadline(Background(), deadline));
    AfterFunc(contexts.back().context, [&, place, deadline] {
      const std::lock_guard lock(mutex);
      EXPECT_GE(Clock::now(), deadline);
      order.push_back(place);
    });
  }
  for (const Cancelable& c : contexts) {
    WaitFor(c.context);
    EXPECT_TRUE(c.context.Err().Is(ErrDeadlineExceeded));
  }
  const auto all_ran = [&] {  // a context has ended before its functions are called
    const std::lock_guard lock(mutex);
    return order.size() == kContexts;
  };
  while (!all_ran()) std::this_thread::sleep_for(1ms);
  for (int i = 0; i < kContexts; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(Context, ValuesAreFoundUpwards) {
  int first = 0;
  int second = 0;
  const Context a = WithValue(Background(), &first, std::string("a"));
  const Context b = WithValue(WithCancel(a).context, &second, 2);
  ASSERT_NE(b.Value(&first), nullptr);
  EXPECT_EQ(std::any_cast<std::string>(*b.Value(&first)), "a");
  EXPECT_EQ(std::any_cast<int>(*b.Value(&second)), 2);
  EXPECT_EQ(a.Value(&second), nullptr);
  const Context shadow = WithValue(b, &first, 3);
  EXPECT_EQ(std::any_cast<int>(*shadow.Value(&first)), 3);
}

TEST(Context, WithoutCancelKeepsValuesOnly) {
  int key = 0;
  const Cancelable parent = WithTimeout(WithValue(Background(), &key, 1), 1h);
  const Context kept = WithoutCancel(parent.context);
  parent.cancel();
  EXPECT_FALSE(kept.Done());
  EXPECT_EQ(kept.Deadline(), kNever);
  EXPECT_NE(kept.Value(&key), nullptr);
}

TEST(AfterFunc, RunsOnceAtTheEnd) {
  const Cancelable c = WithCancel(Background());
  int runs = 0;
  const auto stop = AfterFunc(c.context, [&] { ++runs; });
  EXPECT_EQ(runs, 0);
  c.cancel();
  EXPECT_EQ(runs, 1);
  EXPECT_FALSE(stop());
}

TEST(AfterFunc, RunsAtOnceWhenEnded) {
  const Cancelable c = WithCancel(Background());
  c.cancel();
  int runs = 0;
  const auto stop = AfterFunc(c.context, [&] { ++runs; });
  EXPECT_EQ(runs, 1);
  EXPECT_FALSE(stop());
}

TEST(AfterFunc, StopsTheFunctionOnce) {
  const Cancelable c = WithCancel(Background());
  int runs = 0;
  const auto stop = AfterFunc(c.context, [&] { ++runs; });
  EXPECT_TRUE(stop());
  EXPECT_FALSE(stop());
  c.cancel();
  EXPECT_EQ(runs, 0);
  const auto never = AfterFunc(Background(), [&] { ++runs; });
  EXPECT_TRUE(never());
}

TEST(AfterFunc, TheFunctionMayStopItselfAndReadItsContext) {
  const Cancelable c = WithCancel(Background());
  std::function<bool()> stop;
  bool stopped = true;
  stop = AfterFunc(c.context, [&] { stopped = stop() || !c.context.Done(); });
  c.cancel();
  EXPECT_FALSE(stopped);
}

TEST(AfterFunc, ADroppedContextReleasesItsFunctions) {
  auto token = std::make_shared<int>(0);
  {
    const Cancelable c = WithCancel(Background());
    const auto stop = AfterFunc(c.context, [token] {});
    EXPECT_GT(token.use_count(), 1);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Context, ConcurrentCancelsAndChildren) {
  for (int round = 0; round < 50; ++round) {
    const Cancelable root = WithCancel(Background());
    std::atomic<int> ended{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 20; ++i) {
          const Cancelable child = WithTimeout(root.context, std::chrono::milliseconds(i % 3));
          const auto stop = AfterFunc(child.context, [&] { ++ended; });
          if (i % 2 == 0) child.cancel();
          if (t == 0 && i == 10) root.cancel(kWhy);
          if (stop()) ++ended;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    // A function that is still running counts when it is done.
    while (ended != 80) std::this_thread::yield();
  }
}

TEST(ReusableContext, IsReusedWithoutKeptCopies) {
  ReusableContext reusable;
  const ContextNode* first = reusable.Arm(Background()).Node();
  reusable.Cancel(kWhy);
  reusable.Release();
  const Context& again = reusable.Arm(Background());
  EXPECT_EQ(again.Node(), first);
  EXPECT_FALSE(again.Done());
  EXPECT_FALSE(again.Err());
  EXPECT_EQ(again.Deadline(), kNever);
  reusable.Release();
}

TEST(ReusableContext, TheOwnersOtherCopyMayStay) {
  ReusableContext reusable;
  Context shown = reusable.Arm(Background());
  reusable.Cancel(kWhy);
  EXPECT_TRUE(reusable.Release(shown));
  EXPECT_EQ(reusable.Arm(Background()).Node(), shown.Node());
  EXPECT_FALSE(shown.Done());
  // Another copy exists.
  const Context kept = shown;
  EXPECT_FALSE(reusable.Release(shown));
  EXPECT_TRUE(kept.Done());
  // The owner shows another context now.
  shown = Context();
  const ContextNode* second = reusable.Arm(Background()).Node();
  EXPECT_FALSE(reusable.Release(shown));
  EXPECT_EQ(reusable.Arm(Background()).Node(), second);
  reusable.Release();
}

TEST(ReusableContext, KeptCopiesEnd) {
  ReusableContext reusable;
  int key = 0;
  const Context base = WithValue(Background(), &key, 7);
  const Context kept = reusable.Arm(base);
  const Cancelable child = WithCancel(kept);
  EXPECT_EQ(std::any_cast<int>(*child.context.Value(&key)), 7);
  reusable.Release();
  EXPECT_TRUE(kept.Err().Is(ErrCanceled));
  EXPECT_TRUE(child.context.Done());
  EXPECT_FALSE(reusable.Arm(base).Done());
  reusable.Expire(kWhy);
  reusable.Release();
}

}  // namespace
}  // namespace hon::appcontext
