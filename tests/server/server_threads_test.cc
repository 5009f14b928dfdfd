// A server for which no thread can be started. A program of its own: it replaces pthread_create.

#include <atomic>
#include <cerrno>
#include <optional>
#include <thread>

#include "hon/fiber/blocking.h"
#include "hon/fiber/fiber.h"
#include "hon/netpoll/connection.h"
#include "support/eventually.h"
#include "support/test_server.h"
#include "support/thread_shortage.h"

namespace hon {
namespace {

using test::kGet;
using test::ThreadShortage;
using test::WirePeer;
using namespace std::chrono_literals;

class ThreadsTest : public test::BackendTest {
 protected:
  ThreadsTest() {
    mux_.HandleFunc("/", [](http::ResponseWriter& w, http::Request&) { w.Write("hello"); });
    mux_.HandleFunc("/held", [this](http::ResponseWriter& w, http::Request&) {
      ++held_;
      while (holding_) std::this_thread::sleep_for(1ms);
      w.Write("held");
    });
    mux_.HandleFunc("/blocking", [](http::ResponseWriter& w, http::Request&) {
      const Result<void> done = fiber::Blocking([] {});
      w.Write(done ? "done" : done.error().Message());
    });
  }
  static std::string Ask(WirePeer& peer, const std::string& path = "/") {
    return peer.Send("GET " + path + " HTTP/1.1\r\nHost: t\r\n\r\n") ? peer.ReadAnswer().body : "";
  }
  bool Reported(std::string_view beginning) const {
    for (const auto& entry : log_.Entries()) {
      if (entry.detail.starts_with(beginning)) return true;
    }
    return false;
  }
  std::unique_ptr<server::Server> New(engine::Engine& engine, unsigned loops) const {
    return std::make_unique<server::Server>(engine, server::WithBackend(GetParam()),
                                            server::WithLoops(loops));
  }

  http::ServeMux mux_;
  test::EventLog log_;
  std::atomic<int> held_{0};
  std::atomic<bool> holding_{true};
};

TEST_P(ThreadsTest, ListenFailsAndCanBeTriedAgain) {
  engine::Engine engine(mux_, engine::WithStallTime(kUnlimited));
  const auto server = New(engine, 3);
  for (int left = 0; left < 3; ++left) {
    const ThreadShortage shortage(left);
    const Error err = server->Listen("127.0.0.1:0");
    ASSERT_TRUE(err);
    EXPECT_EQ(err.SystemCode(), EAGAIN) << err.Message();
    EXPECT_NE(err.Message().find("hon-loop-" + std::to_string(left)), std::string::npos)
        << err.Message();
    EXPECT_EQ(server->Loops(), 0U);
    EXPECT_TRUE(server->Addresses().empty());
  }
  ASSERT_FALSE(server->Listen("127.0.0.1:0"));
  WirePeer peer(server->Addresses().front());
  EXPECT_EQ(Ask(peer), "hello");
}

TEST_P(ThreadsTest, WithoutAWatchdogRequestsAreServed) {
  engine::Engine engine(mux_, engine::WithEventHook(log_.Hook()));
  const auto server = New(engine, 1);
  {
    const ThreadShortage shortage(1);  // the loop
    ASSERT_FALSE(server->Listen("127.0.0.1:0"));
    EXPECT_EQ(ThreadShortage::Refused(), 1);
  }
  EXPECT_TRUE(Reported("http: stalls are not noticed: start thread hon-watchdog"));
  WirePeer peer(server->Addresses().front());
  EXPECT_EQ(Ask(peer), "hello");
  // The loop of another server of this engine starts the watchdog.
  const auto other = New(engine, 1);
  ASSERT_FALSE(other->Listen("127.0.0.1:0"));
  ASSERT_TRUE(peer.Send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_TRUE(test::Eventually([&] { return !log_.Stalls().empty(); }));
  holding_ = false;
  EXPECT_EQ(peer.ReadAnswer().body, "held");
}

// The first worker needs two threads: the monitor of the pool and its own.
TEST_P(ThreadsTest, WithoutAWorkerACallRunsOnItsLoop) {
  for (const int left : {0, 1}) {
    engine::Engine engine(mux_, engine::WithPlacement(engine::kWorkers));
    test::TestServer server(engine, GetParam());
    WirePeer peer(server.Address());
    {
      const ThreadShortage shortage(left);
      EXPECT_EQ(Ask(peer), "hello");
      EXPECT_GT(ThreadShortage::Refused(), 0);
    }
    EXPECT_EQ(Ask(peer), "hello");
  }
}

TEST_P(ThreadsTest, WithoutAStandbyLoopConnectionsWait) {
  engine::Engine engine(mux_, engine::WithPlacement(engine::kInline),
                        engine::WithEventHook(log_.Hook()));
  test::TestServer server(engine, GetParam());
  WirePeer holder(server.Address());
  const ThreadShortage shortage;
  ASSERT_TRUE(holder.Send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_TRUE(test::Eventually([] { return ThreadShortage::Refused() > 0; }));
  EXPECT_TRUE(test::Eventually(
      [this] { return Reported("http: no standby loop: start thread hon-standby"); }));
  WirePeer waiting(server.Address());
  ASSERT_TRUE(waiting.Send(kGet));
  holding_ = false;
  EXPECT_EQ(holder.ReadAnswer().body, "held");
  EXPECT_EQ(waiting.ReadAnswer().body, "hello");
}

TEST_P(ThreadsTest, ShutdownFunctionsRunWithoutAThread) {
  engine::Engine engine(mux_);
  test::TestServer server(engine, GetParam());
  std::atomic<int> ran{0};
  server.Get().RegisterOnShutdown([&] { ++ran; });
  server.Get().RegisterOnShutdown([&] {
    EXPECT_FALSE(server.Get().Shutdown(appcontext::Background()));  // works without a thread too
    ++ran;
  });
  const ThreadShortage shortage;
  EXPECT_FALSE(server.Get().Shutdown(appcontext::Background()));
  EXPECT_EQ(ran, 2);
  EXPECT_EQ(ThreadShortage::Refused(), 2);
}

TEST_P(ThreadsTest, ABlockingCallIsAnError) {
  engine::Engine engine(mux_, engine::WithPlacement(engine::kInline));
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  {
    const ThreadShortage shortage;
    EXPECT_EQ(Ask(peer, "/blocking"),
              "fiber: blocking call: start thread hon-blocking: Resource temporarily unavailable");
  }
  EXPECT_EQ(Ask(peer, "/blocking"), "done");
  const ThreadShortage shortage;  // from now on there is one
  EXPECT_EQ(Ask(peer, "/blocking"), "done");
}

TEST_P(ThreadsTest, ANameThatCannotBeLookedUpIsAnError) {
  auto loop = netpoll::Loop::Create({.backend = GetParam()});
  ASSERT_TRUE(loop);
  class Handler final : public netpoll::EventHandler {
    void OnRequest(netpoll::Connection&) override {}
  } handler;
  bool has_thread = false;  // the resolver's thread is kept
  for (const bool shortage : {true, false, true}) {
    Error why;
    bool over = false;
    std::optional<ThreadShortage> none;
    if (shortage) none.emplace();
    (*loop)->Dial("localhost:1", handler, 10s, [&](Result<netpoll::Connection*> result) {
      over = true;
      if (!result) why = result.error();
    });
    while (!over) (*loop)->Turn(10ms);
    EXPECT_EQ(why.SystemCode(), shortage && !has_thread ? EAGAIN : ECONNREFUSED) << why.Message();
    has_thread = has_thread || !shortage;
  }
}

HON_INSTANTIATE_BACKENDS(ThreadsTest);

// The first test, before the process has started the deadline thread.
TEST(ADeadlineTest, ADeadlineEndsTheContextAtOnceWithoutAThread) {
  {
    const ThreadShortage shortage;
    const auto c = appcontext::WithTimeout(appcontext::Background(), 1h);
    EXPECT_TRUE(c.context.Done());
    EXPECT_TRUE(c.context.Err().Is(appcontext::ErrDeadlineExceeded));
    EXPECT_EQ(c.context.Cause().SystemCode(), EAGAIN) << c.context.Cause().Message();
  }
  const auto c = appcontext::WithTimeout(appcontext::Background(), 1h);
  EXPECT_FALSE(c.context.Done());
}

}  // namespace
}  // namespace hon
