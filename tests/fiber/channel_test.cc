#include "hon/fiber/channel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "fiber/loops.h"
#include "hon/fiber/fiber.h"
#include "support/allocation_counter.h"

namespace hon::fiber {
namespace {

using appcontext::Background;
using appcontext::WithCancel;

class ChannelTest : public OneLoopTest {};
class ChannelLoopsTest : public LoopsTest {};
ON_BOTH_BACKENDS(ChannelLoopsTest);

TEST_F(ChannelTest, KeepsAsMuchAsItsCapacity) {
  Channel<std::string> channel(2);
  EXPECT_EQ(channel.Cap(), 2u);
  EXPECT_FALSE(channel.TryReceive());
  EXPECT_TRUE(channel.TrySend("a"));
  std::string b = "b";
  EXPECT_TRUE(channel.TrySend(b));
  EXPECT_EQ(b, "b");
  std::string c(100, 'c');
  EXPECT_FALSE(channel.TrySend(std::move(c)));
  EXPECT_EQ(c.size(), 100u);  // left as it was
  EXPECT_EQ(channel.Len(), 2u);
  EXPECT_EQ(channel.TryReceive(), "a");
  EXPECT_TRUE(channel.TrySend(std::move(c)));
  EXPECT_EQ(channel.TryReceive(), "b");
  EXPECT_EQ(channel.TryReceive(), std::string(100, 'c'));
  EXPECT_EQ(channel.Len(), 0u);
}

TEST_F(ChannelTest, WithoutACapacityASendWaitsForItsReceive) {
  Channel<int> channel;
  std::string trace;
  Spawn([&] {
    EXPECT_FALSE(channel.Send(1));
    trace += 's';
    EXPECT_FALSE(channel.Send(2));
    trace += 'S';
  });
  Turn();
  EXPECT_EQ(trace, "");
  EXPECT_FALSE(channel.TrySend(3));  // a sender waits, no receiver
  EXPECT_EQ(channel.TryReceive(), 1);
  Turn();
  EXPECT_EQ(trace, "s");
  std::optional<int> got;
  Spawn([&] { got = channel.Receive(); });
  Settle();
  EXPECT_EQ(got, 2);
  Spawn([&] { got = channel.Receive(); });
  Turn();
  EXPECT_TRUE(channel.TrySend(4));  // now a receiver does
  Settle();
  EXPECT_EQ(got, 4);
}

TEST_F(ChannelTest, WaitingSendersAndReceiversKeepTheirOrder) {
  Channel<int> channel(1);
  for (int i = 0; i < 5; ++i) {
    Spawn([&, i] { EXPECT_FALSE(channel.Send(i)); });
  }
  Turn();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(channel.TryReceive(), i);
  std::vector<int> got;
  for (int i = 0; i < 3; ++i) {
    Spawn([&, i] { got.push_back(10 * i + *channel.Receive()); });
  }
  Turn();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(channel.TrySend(i));
  Settle();
  EXPECT_EQ(got, (std::vector<int>{0, 11, 22}));
}

TEST_F(ChannelTest, ACloseKeepsTheValuesThatWereSent) {
  Channel<int> channel(3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(channel.TrySend(i));
  channel.Close();
  std::vector<int> got;
  Spawn([&] {
    for (const int value : channel) got.push_back(value);
    EXPECT_FALSE(channel.Receive());
    EXPECT_FALSE(channel.TryReceive());
  });
  Settle();
  EXPECT_EQ(got, (std::vector<int>{0, 1, 2}));
}

TEST_F(ChannelTest, ACloseWakesAllReceivers) {
  Channel<int> channel;
  int ended = 0;
  for (int i = 0; i < 3; ++i) {
    Spawn([&] {
      EXPECT_FALSE(channel.Receive());
      ++ended;
    });
  }
  Turn();
  EXPECT_EQ(ended, 0);
  channel.Close();
  Settle();
  EXPECT_EQ(ended, 3);
}

TEST_F(ChannelTest, SendingOnAClosedChannelThrows) {
  Channel<int> channel(1);
  bool thrown = false;
  EXPECT_TRUE(channel.TrySend(1));
  Spawn([&] {
    try {
      static_cast<void>(channel.Send(2));  // waits, and is thrown out
    } catch (const ClosedChannel& error) {
      thrown = std::string(error.what()) == "send on closed channel";
    }
  });
  Turn();
  EXPECT_FALSE(thrown);
  channel.Close();
  Settle();
  EXPECT_TRUE(thrown);
  EXPECT_THROW(static_cast<void>(channel.TrySend(3)), ClosedChannel);
  EXPECT_THROW(static_cast<void>(channel.Send(3)), ClosedChannel);
  EXPECT_THROW(channel.Close(), ClosedChannel);
  EXPECT_EQ(channel.TryReceive(), 1);
}

TEST_F(ChannelTest, TheContextEndsTheWait) {
  Channel<int> channel;
  const appcontext::Cancelable c = WithCancel(Background());
  Error sent;
  bool received = false;
  int looped = 0;
  Spawn([&] { sent = channel.Send(1); }, c.context);
  Turn();
  c.cancel(Error::New("enough"));
  Turn();
  EXPECT_EQ(sent.Message(), "enough");
  EXPECT_FALSE(channel.TryReceive());  // its value was dropped too

  const appcontext::Cancelable d = WithCancel(Background());
  Spawn([&] { received = channel.Receive(d.context).has_value(); });
  Spawn(
      [&] {
        for ([[maybe_unused]] int value : channel) ++looped;
      },
      d.context);
  Turn();
  d.cancel();
  Settle();
  EXPECT_FALSE(received);
  EXPECT_EQ(looped, 0);
  EXPECT_FALSE(channel.TrySend(2));  // nobody waits any more
}

TEST_F(ChannelTest, AnEndedContextNeitherSendsNorReceives) {
  Channel<int> channel(2);
  const appcontext::Cancelable c = WithCancel(Background());
  EXPECT_TRUE(channel.TrySend(1));
  c.cancel(Error::New("enough"));
  EXPECT_EQ(channel.Send(c.context, 2).Message(), "enough");
  EXPECT_FALSE(channel.Receive(c.context));
  EXPECT_EQ(channel.Len(), 1u);
}

TEST_F(ChannelTest, CarriesMoveOnlyValues) {
  Channel<std::unique_ptr<int>> channel(1);
  std::optional<std::unique_ptr<int>> got;
  Spawn([&] {
    EXPECT_FALSE(channel.Send(std::make_unique<int>(1)));
    EXPECT_FALSE(channel.Send(std::make_unique<int>(2)));
  });
  Turn();
  EXPECT_EQ(**channel.Receive(), 1);
  EXPECT_EQ(**channel.Receive(), 2);
  Settle();
}

struct Counted {
  static inline int alive = 0;
  Counted() { ++alive; }
  Counted(Counted&&) noexcept { ++alive; }
  ~Counted() { --alive; }
};

TEST_F(ChannelTest, DestroysRemainingValues) {
  {
    Channel<Counted> channel(3);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(channel.TrySend(Counted()));
    EXPECT_TRUE(channel.TryReceive());
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(channel.TrySend(Counted()));  // around the corner
    EXPECT_EQ(Counted::alive, 3);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(ChannelTest, RefusesACapacityThatOverflows) {
  EXPECT_THROW(Channel<std::string>(SIZE_MAX / 2), std::length_error);
}

TEST_F(ChannelTest, AllocatesNothing) {
  constexpr int kValues = 50;
  for (const size_t capacity : {0U, 4U}) {
    Channel<int> channel(capacity);
    int sum = 0;
    Fiber* sender = nullptr;
    Spawn([&] {
      sender = Current();
      Park();
      for (int i = 0; i < kValues; ++i) EXPECT_FALSE(channel.Send(1));
      channel.Close();
    });
    Spawn([&] {
      for (const int value : channel) sum += value;
    });
    Turn();
    const size_t before = test::Allocations();
    Wake(*sender);
    for (int i = 0; i < 200 && scheduler_->Live() != 0; ++i) loop_->Turn(Duration::zero());
    EXPECT_EQ(test::Allocations(), before);
    EXPECT_EQ(sum, kValues);
    Settle();
  }
}

// Every sent value arrives once, for any senders and receivers.
TEST_P(ChannelLoopsTest, NothingIsLostOrDoubled) {
  constexpr int kEach = 300;
  constexpr int kSenders = 6;
  for (const size_t capacity : {0U, 1U, 16U}) {
    Channel<int> channel(capacity);
    std::atomic<int> sending{kSenders};
    std::vector<std::atomic<int>> seen(kSenders * kEach);
    const auto send = [&](int from) {
      for (int i = 0; i < kEach; ++i) EXPECT_FALSE(channel.Send(from * kEach + i));
      if (--sending == 0) channel.Close();
    };
    const auto receive = [&] {
      for (const int value : channel) ++seen[static_cast<size_t>(value)];
    };
    for (int i = 0; i < 5; ++i) OnFiber(receive);
    OnThread(receive);
    for (int i = 1; i < kSenders; ++i) OnFiber([&, i] { send(i); });
    OnThread([&] { send(0); });
    Settle();
    for (const std::atomic<int>& count : seen) ASSERT_EQ(count, 1);
  }
}

// A close at any moment: the value of each sender is received, or its send throws.
TEST_P(ChannelLoopsTest, ClosesRace) {
  constexpr int kRounds = 100;
  for (int round = 0; round < kRounds; ++round) {
    Channel<int> channel(static_cast<size_t>(round) % 3);
    std::atomic<int> sent{0};
    std::atomic<int> received{0};
    std::atomic<int> closed{0};
    for (int i = 0; i < 3; ++i) {
      OnFiber([&] {
        try {
          for (;;) {
            EXPECT_FALSE(channel.Send(1));
            ++sent;
          }
        } catch (const ClosedChannel&) {
        }
      });
      OnFiber([&] {
        for ([[maybe_unused]] int value : channel) ++received;
      });
    }
    for (int i = 0; i < 2; ++i) {
      OnFiber([&] {
        while (received < 5) Yield();
        try {
          channel.Close();
          ++closed;
        } catch (const ClosedChannel&) {
        }
      });
    }
    Settle();
    EXPECT_EQ(sent, received);
    EXPECT_EQ(closed, 1);
  }
}

// Contexts that end at the moment of the handover: a send that reports success was received, a send
// that reports failure was not.
TEST_P(ChannelLoopsTest, AnEndedContextRacesWithAHandover) {
  constexpr int kRounds = 300;
  std::atomic<int> sent{0};
  std::atomic<int> received{0};
  for (int round = 0; round < kRounds; ++round) {
    Channel<int> channel;
    const appcontext::Cancelable a = WithCancel(Background());
    const appcontext::Cancelable b = WithCancel(Background());
    OnFiber([&] { sent += channel.Send(a.context, 1) ? 0 : 1; });
    OnFiber([&] { received += channel.Receive(b.context) ? 1 : 0; });
    OnFiber([&, round] {
      for (int i = 0; i < round % 7; ++i) Yield();
      (round % 2 == 0 ? a : b).cancel();
      (round % 2 == 0 ? b : a).cancel();
    });
    Settle();
  }
  EXPECT_EQ(sent, received);
}

}  // namespace
}  // namespace hon::fiber
