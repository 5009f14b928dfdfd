// A call of a handler on a worker: the objects handed over and back, and calls that are not begun.

#include "workers/call.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "fiber/loops.h"
#include "hon/fiber/channel.h"
#include "support/memory_stream.h"
#include "workers/worker_pool.h"

namespace hon::workers {
namespace {

using namespace std::chrono_literals;

/// An exchange without a connection: a stream, and the size of the body in its input.
class FakeExchange final : public Call, private RemoteStream::Origin {
 public:
  explicit FakeExchange(LoopExecutor& home) : Call(home, 1s) {}

  Outcome Serve(WorkerPool& pool, http::Route& route, std::function<void(io::Stream&)> handler,
                const appcontext::Context& context = {}) {
    handler_ = std::move(handler);
    Remote().Attach(Home(), *this);
    const Outcome outcome = Call::Run(pool, route, context, name_);
    Remote().GiveBack();
    RethrowFailure();
    return outcome;
  }
  /// On the handler's fiber: reads `bytes` of the body from the stream.
  std::string Read(io::Stream& from, size_t bytes) {
    std::string read(bytes, '\0');
    EXPECT_EQ(from.In().ReadInto(read), bytes);
    body_left -= static_cast<int64_t>(bytes);
    return read;
  }
  [[nodiscard]] int64_t ConnectionBodyLeft() const { return Remote().BodyLeft(); }

  test::MemoryStream connection;
  int64_t body_left = 0;
  bool disconnected = false;
  int flushes = 0;

 private:
  void Invoke() override { handler_(Remote()); }
  io::Stream& Stream() override { return connection; }
  [[nodiscard]] bool Disconnected() const override { return disconnected; }
  void FlushSoon() override { ++flushes; }
  [[nodiscard]] int64_t BodyLeft() const override { return body_left; }

  static constexpr std::string_view name_ = "call";
  std::function<void(io::Stream&)> handler_;
};

class CallTest : public fiber::OneLoopTest {
 protected:
  CallTest() : home_(*scheduler_), exchange_(home_) {
    home_.Enter();
    Result<std::unique_ptr<WorkerPool>> pool =
        WorkerPool::Create({.dispatch = {.running_max = 1, .workers_max = 1}, .fiber = {}});
    EXPECT_TRUE(pool);
    pool_ = *std::move(pool);
  }
  Call::Outcome Serve(std::function<void(io::Stream&)> handler,
                      const appcontext::Context& context = {}) {
    return exchange_.Serve(*pool_, route_, std::move(handler), context);
  }
  /// Calls `function` on a fiber of the home loop, and turns it until nothing runs.
  void OnHome(std::function<void()> function) {
    Spawn(std::move(function));
    Settle();
  }
  /// The input that the connection holds.
  std::string Unread() {
    std::string unread(exchange_.connection.In().Len(), '\0');
    EXPECT_EQ(exchange_.connection.In().ReadInto(unread), unread.size());
    return unread;
  }

  http::Route route_;
  LoopExecutor home_;
  FakeExchange exchange_;
  std::unique_ptr<WorkerPool> pool_;
};

TEST_F(CallTest, BodyGoesOverAndOutputComesBack) {
  exchange_.connection.Receive("bodyNEXT REQUEST");
  exchange_.body_left = 4;
  std::thread::id thread;
  OnHome([&] {
    EXPECT_EQ(Serve([&](io::Stream& stream) {
                thread = std::this_thread::get_id();
                EXPECT_EQ(stream.In().Len(), 4u) << "the next request stays where it is";
                EXPECT_EQ(exchange_.Read(stream, 4), "body");
                stream.Out().Write("answer");
              }),
              Call::Outcome::kReturned);
  });
  EXPECT_NE(thread, std::this_thread::get_id());
  EXPECT_EQ(exchange_.connection.TakeOutput(), "answer");
  EXPECT_EQ(Unread(), "NEXT REQUEST");
}

TEST_F(CallTest, BytesThatTheHandlerDoesNotReadAreTheNextInput) {
  exchange_.connection.Receive("bodyNEXT");
  exchange_.body_left = 4;
  OnHome([&] {
    EXPECT_EQ(Serve([&](io::Stream& stream) { EXPECT_EQ(exchange_.Read(stream, 1), "b"); }),
              Call::Outcome::kReturned);
  });
  EXPECT_EQ(exchange_.ConnectionBodyLeft(), 3);
  EXPECT_EQ(Unread(), "odyNEXT");
}

TEST_F(CallTest, ABodyOfUnknownLengthGoesOverWhole) {
  exchange_.connection.Receive("0\r\n\r\n");
  exchange_.body_left = -1;
  OnHome([&] {
    EXPECT_EQ(Serve([&](io::Stream& stream) {
                EXPECT_EQ(stream.In().Len(), 5u);
                EXPECT_EQ(exchange_.ConnectionBodyLeft(), -1);
              }),
              Call::Outcome::kReturned);
  });
  EXPECT_EQ(Unread(), "0\r\n\r\n");
}

TEST_F(CallTest, TheOwningLoopWaitsForInputAndForThePeer) {
  exchange_.body_left = 6;
  exchange_.connection.ReceiveLater("lat");
  exchange_.connection.ReceiveLater("er!more");
  OnHome([&] {
    EXPECT_EQ(Serve([&](io::Stream& stream) {
                stream.Out().Write("100 Continue");
                EXPECT_FALSE(stream.FillInput());
                EXPECT_EQ(exchange_.Read(stream, 3), "lat");
                EXPECT_FALSE(stream.FillInput());
                EXPECT_EQ(exchange_.Read(stream, 3), "er!");
                EXPECT_TRUE(stream.FillInput().Is(io::ErrEof));
                stream.Out().Write(", 200 OK");
                EXPECT_FALSE(stream.DrainOutput(0));
              }),
              Call::Outcome::kReturned);
  });
  EXPECT_EQ(exchange_.connection.Sent(), "100 Continue, 200 OK");
  EXPECT_EQ(Unread(), "more");
}

// Any suspension lets the loop send the output written before.
TEST_F(CallTest, OutputLeavesWhileTheHandlerWaits) {
  fiber::Channel<int> gate;
  bool returned = false;
  Spawn([&] {
    EXPECT_EQ(Serve([&](io::Stream& stream) {
                stream.Out().Write("early");
                EXPECT_EQ(gate.Receive(), 1);
                stream.Out().Write(", late");
              }),
              Call::Outcome::kReturned);
    returned = true;
  });
  while (exchange_.flushes == 0) loop_->Turn(1ms);
  EXPECT_FALSE(returned);
  EXPECT_EQ(exchange_.connection.TakeOutput(), "early");
  OnHome([&] { EXPECT_FALSE(gate.Send(1)); });
  EXPECT_TRUE(returned);
  EXPECT_EQ(exchange_.connection.TakeOutput(), ", late");
}

TEST_F(CallTest, OutputForAConnectionThatIsGoneIsDropped) {
  exchange_.disconnected = true;
  OnHome([&] {
    EXPECT_EQ(Serve([](io::Stream& stream) { stream.Out().Write("nobody reads it"); }),
              Call::Outcome::kReturned);
  });
  EXPECT_EQ(exchange_.connection.TakeOutput(), "");
}

TEST_F(CallTest, AnExceptionPassesToTheCaller) {
  exchange_.connection.Receive("unread");
  exchange_.body_left = 6;
  OnHome([&] {
    EXPECT_THROW(static_cast<void>(Serve([](io::Stream&) { throw std::runtime_error("boom"); })),
                 std::runtime_error);
    // The same object serves the next call.
    EXPECT_EQ(Serve([&](io::Stream& stream) { EXPECT_EQ(exchange_.Read(stream, 6), "unread"); }),
              Call::Outcome::kReturned);
  });
}

TEST_F(CallTest, TheEndOfTheContextWakesTheHandler) {
  const auto [context, cancel] = appcontext::WithCancel(appcontext::Background());
  bool waits = false;
  std::mutex mutex;
  Spawn([&, context = context] {
    EXPECT_EQ(Serve(
                  [&](io::Stream&) {
                    {
                      const std::lock_guard lock(mutex);
                      waits = true;
                    }
                    EXPECT_TRUE(fiber::Sleep(1h).Is(appcontext::ErrCanceled));
                  },
                  context),
              Call::Outcome::kReturned);
  });
  const auto handler_waits = [&] {
    const std::lock_guard lock(mutex);
    return waits;
  };
  while (!handler_waits()) loop_->Turn(1ms);
  cancel();
  Settle();
}

TEST_F(CallTest, ACallWhoseContextEndsInTheQueueIsNotBegun) {
  const auto [context, cancel] = appcontext::WithCancel(appcontext::Background());
  exchange_.connection.Receive("body");
  exchange_.body_left = 4;
  FakeExchange holder(home_);
  std::mutex held;
  held.lock();
  Spawn([&] {
    EXPECT_EQ(holder.Serve(*pool_, route_,
                           [&](io::Stream&) {
                             const std::lock_guard lock(held);  // blocks the only worker
                           }),
              Call::Outcome::kReturned);
  });
  bool cancelled = false;
  Spawn([&, context = context] {
    EXPECT_EQ(Serve([](io::Stream&) { ADD_FAILURE() << "it is begun"; }, context),
              Call::Outcome::kCancelled);
    cancelled = true;
  });
  Turn();
  EXPECT_FALSE(cancelled);
  cancel();
  while (!cancelled) loop_->Turn(1ms);
  EXPECT_EQ(Unread(), "body");
  held.unlock();
  Settle();
}

}  // namespace
}  // namespace hon::workers
