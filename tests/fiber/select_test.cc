#include "hon/fiber/select.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "fiber/loops.h"
#include "hon/fiber/fiber.h"

namespace hon::fiber {
namespace {

using namespace std::chrono_literals;
using appcontext::Background;
using appcontext::WithCancel;

class SelectTest : public OneLoopTest {};
class SelectLoopsTest : public LoopsTest {};
ON_BOTH_BACKENDS(SelectLoopsTest);

TEST_F(SelectTest, TakesACaseThatIsReady) {
  Channel<int> a(1);
  Channel<std::string> b(1);
  std::optional<int> number;
  std::string text = "text";
  EXPECT_EQ(Select({a.ToReceive(number), b.ToSend(text)}), 1);
  EXPECT_EQ(text, "");  // moved from
  text = "kept";
  EXPECT_EQ(Select({a.ToReceive(number), b.ToSend(text)}, 0ms), kTimedOut);
  EXPECT_EQ(text, "kept");
  EXPECT_TRUE(a.TrySend(7));
  EXPECT_EQ(Select({a.ToReceive(number), b.ToSend(text)}), 0);
  EXPECT_EQ(number, 7);
  EXPECT_EQ(b.TryReceive(), "text");
}

TEST_F(SelectTest, WaitsForTheFirst) {
  Channel<int> a;
  Channel<int> b;
  std::optional<int> got;
  int taken = -9;
  Spawn([&] { taken = Select({a.ToReceive(got), b.ToReceive(got)}); });
  Turn();
  EXPECT_EQ(taken, -9);
  EXPECT_TRUE(b.TrySend(5));
  EXPECT_FALSE(a.TrySend(6));  // it waits no more
  Settle();
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(got, 5);

  int value = 8;
  Spawn([&] { taken = Select({a.ToSend(value), b.ToReceive(got)}); });
  Turn();
  EXPECT_EQ(a.TryReceive(), 8);
  EXPECT_FALSE(b.TrySend(9));
  Settle();
  EXPECT_EQ(taken, 0);
}

TEST_F(SelectTest, TimeAndContextEndASelect) {
  Channel<int> a;
  std::optional<int> got = 3;
  std::vector<int> taken;
  const TimePoint began = Clock::now();
  Spawn([&] { taken.push_back(Select({a.ToReceive(got)}, 20ms)); });
  Settle();
  EXPECT_GE(Clock::now() - began, 20ms);
  EXPECT_EQ(taken, std::vector<int>{kTimedOut});
  EXPECT_EQ(got, 3);  // untouched

  const appcontext::Cancelable c = WithCancel(Background());
  taken.clear();
  Spawn([&] { taken.push_back(Select({a.ToReceive(got)})); }, c.context);
  Spawn([&] { taken.push_back(Select(c.context, {a.ToReceive(got)}, 1h)); });
  Spawn([&] { taken.push_back(Select(c.context, {})); });
  Turn();
  EXPECT_TRUE(taken.empty());
  c.cancel();
  Settle();
  EXPECT_EQ(taken, std::vector<int>(3, kContextEnded));
  EXPECT_FALSE(a.TrySend(1));
  EXPECT_EQ(Select(c.context, {a.ToReceive(got)}, 0ms), kContextEnded);
}

TEST_F(SelectTest, APlainThreadBlocks) {
  Channel<int> a;
  std::optional<int> got;
  EXPECT_EQ(Select({a.ToReceive(got)}, 5ms), kTimedOut);
  std::thread sender([&] { EXPECT_FALSE(a.Send(4)); });
  EXPECT_EQ(Select({a.ToReceive(got)}, 1h), 0);
  EXPECT_EQ(got, 4);
  sender.join();
}

TEST_F(SelectTest, ClosedChannels) {
  Channel<int> a(1);
  Channel<int> b;
  std::optional<int> got = 1;
  EXPECT_TRUE(a.TrySend(2));
  a.Close();
  EXPECT_EQ(Select({a.ToReceive(got)}), 0);
  EXPECT_EQ(got, 2);
  EXPECT_EQ(Select({a.ToReceive(got)}), 0);
  EXPECT_FALSE(got);
  int value = 3;
  EXPECT_THROW(Select({a.ToSend(value)}), ClosedChannel);

  int received = -9;
  bool thrown = false;
  got = 4;
  Spawn([&] { received = Select({b.ToReceive(got)}); });
  Spawn([&] {
    Channel<int> other;
    std::optional<int> unused;
    try {
      Select({other.ToReceive(unused), b.ToSend(value)});
    } catch (const ClosedChannel&) {
      thrown = true;
    }
  });
  // The two selects meet each other: the close finds no waiter.
  Settle();
  EXPECT_EQ(received, 0);
  EXPECT_EQ(got, 3);
  EXPECT_FALSE(thrown);

  Spawn([&] { received = Select({Case(), b.ToReceive(got)}); });
  Turn();
  b.Close();
  Settle();
  EXPECT_EQ(received, 1);
  EXPECT_FALSE(got);

  Channel<int> c;
  Spawn([&] {
    try {
      Select({c.ToSend(value)});
    } catch (const ClosedChannel&) {
      thrown = true;
    }
  });
  Turn();
  c.Close();
  Settle();
  EXPECT_TRUE(thrown);
}

TEST_F(SelectTest, TheSameChannelTwice) {
  Channel<int> a;
  std::optional<int> got;
  int value = 1;
  int taken = -9;
  Spawn([&] { taken = Select({a.ToReceive(got), a.ToSend(value), a.ToReceive(got)}); });
  Turn();
  EXPECT_EQ(taken, -9);  // a select does not meet itself
  EXPECT_EQ(a.TryReceive(), 1);
  Settle();
  EXPECT_EQ(taken, 1);
}

TEST_F(SelectTest, SwitchedOffCasesAreNeverTaken) {
  Channel<int> a(1);
  EXPECT_TRUE(a.TrySend(1));
  std::optional<int> got;
  EXPECT_EQ(Select({Case(), a.ToReceive(got), Case()}), 1);
  EXPECT_EQ(Select({Case(), Case()}, 1ms), kTimedOut);
  EXPECT_EQ(Select(std::span<const Case>(), 1ms), kTimedOut);
}

TEST_F(SelectTest, AsManyCasesAsAreAllowed) {
  std::vector<std::unique_ptr<Channel<int>>> channels;
  std::vector<Case> cases;
  std::optional<int> got;
  for (size_t i = 0; i < kSelectCasesMax; ++i) {
    channels.push_back(std::make_unique<Channel<int>>());
    cases.push_back(channels.back()->ToReceive(got));
  }
  int taken = -9;
  Spawn([&] { taken = Select(cases); });
  Turn();
  EXPECT_TRUE(channels.back()->TrySend(1));
  Settle();
  EXPECT_EQ(taken, static_cast<int>(kSelectCasesMax) - 1);
  cases.emplace_back();
  EXPECT_THROW(Select(cases, 0ms), std::length_error);
}

TEST_F(SelectTest, ChoosesEvenly) {
  constexpr int kRounds = 6000;
  constexpr size_t kReady = 3;
  std::array<Channel<int>, 2 * kReady> channels;
  std::array<int, 2 * kReady> taken{};
  // Two ready cases side by side and one alone; the gaps must favour none.
  for (int round = 0; round < kRounds; ++round) {
    std::array<Channel<int>, kReady> ready = {Channel<int>(1), Channel<int>(1), Channel<int>(1)};
    for (Channel<int>& channel : ready) ASSERT_TRUE(channel.TrySend(1));
    std::optional<int> got;
    const int index =
        Select({ready[0].ToReceive(got), ready[1].ToReceive(got), channels[2].ToReceive(got),
                channels[3].ToReceive(got), ready[2].ToReceive(got), channels[5].ToReceive(got)});
    ASSERT_GE(index, 0);
    ++taken[static_cast<size_t>(index)];
  }
  // 2000 expected of each; five standard deviations are 183.
  for (const size_t i : {0U, 1U, 4U}) EXPECT_NEAR(taken[i], kRounds / 3, 200);
}

// Fibers of several loops that offer each other opposite pairs, in opposite order.
TEST_P(SelectLoopsTest, OppositePairsMeet) {
  constexpr int kEach = 200;
  constexpr int kPairs = 3;
  Channel<int> a;
  Channel<int> b;
  std::atomic<int> sent{0};
  std::atomic<int> received{0};
  const auto work = [&](bool forth) {
    for (int i = 0; i < kEach; ++i) {
      std::optional<int> got;
      int value = 1;
      const int taken = forth ? Select({a.ToSend(value), b.ToReceive(got)})
                              : Select({b.ToSend(value), a.ToReceive(got)});
      ASSERT_GE(taken, 0);
      if (taken == 1) {
        ASSERT_EQ(got, 1);
      }
      ++(taken == 0 ? sent : received);
    }
  };
  for (int i = 0; i < kPairs; ++i) {
    OnFiber([&] { work(true); });
    OnFiber([&] { work(false); });
  }
  OnThread([&] { work(true); });
  OnThread([&] { work(false); });
  Settle();
  EXPECT_EQ(sent, received);
  EXPECT_EQ(sent, (kPairs + 1) * kEach);
}

// Timeouts, contexts and closes against sends: every sent value is received once.
TEST_P(SelectLoopsTest, EndsRaceWithValues) {
  constexpr int kEach = 200;
  constexpr int kSenders = 4;
  std::array<Channel<int>, 3> channels = {Channel<int>(0), Channel<int>(1), Channel<int>(4)};
  std::atomic<int> sending{kSenders};
  std::atomic<int> sent{0};
  std::atomic<int> received{0};
  for (int s = 0; s < kSenders; ++s) {
    OnFiber([&, s] {
      for (int i = 0; i < kEach; ++i) {
        int value = 1;
        const auto to = static_cast<size_t>(i + s);
        const int taken =
            Select({channels[to % 3].ToSend(value), channels[(to + 1) % 3].ToSend(value)},
                   i % 5 == 0 ? Duration(1us) : kUnlimited);
        if (taken >= 0) ++sent;
      }
      if (--sending == 0) {
        for (Channel<int>& channel : channels) channel.Close();
      }
    });
  }
  for (int r = 0; r < 4; ++r) {
    OnFiber([&, r] {
      std::array<Case, 3> cases;
      std::optional<int> got;
      for (size_t i = 0; i < 3; ++i) cases[i] = channels[i].ToReceive(got);
      for (int open = 3; open != 0;) {
        const appcontext::Cancelable c = WithCancel(Background());
        if (r % 2 == 1) Go([c] { c.cancel(); });
        const int taken = Select(c.context, cases, r == 0 ? Duration(2ms) : kUnlimited);
        if (taken < 0) continue;
        if (got) {
          ++received;
        } else {
          cases[static_cast<size_t>(taken)] = Case();
          --open;
        }
      }
    });
  }
  Settle();
  EXPECT_EQ(sent, received);
}

}  // namespace
}  // namespace hon::fiber
