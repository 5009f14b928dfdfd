// The standby loop is one of the server's loops: statistics and actions on all connections include
// it.

#include "server/loops.h"

#include <atomic>
#include <numeric>
#include <thread>

#include "support/eventually.h"
#include "support/test_server.h"

namespace hon {
namespace {

using test::kGet;
using test::WirePeer;
using namespace std::chrono_literals;

class LoopsTest : public test::BackendTest {
 protected:
  LoopsTest() {
    mux_.HandleFunc("/", [](http::ResponseWriter& w, http::Request&) { w.Write("hello"); });
    mux_.HandleFunc("/held", [this](http::ResponseWriter& w, http::Request&) {
      ++held_;
      while (holding_) std::this_thread::sleep_for(1ms);
      --held_;
      w.Write("held");
    });
  }
  ~LoopsTest() override { holding_ = false; }

  // A peer whose request holds its loop. From here on the standby loop accepts.
  std::unique_ptr<WirePeer> Hold(test::TestServer& server) {
    auto peer = std::make_unique<WirePeer>(server.Address());
    EXPECT_TRUE(peer->Send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n"));
    EXPECT_TRUE(test::Eventually([&] { return held_ == 1; }));
    return peer;
  }
  static std::string Ask(WirePeer& peer) { return peer.Send(kGet) ? peer.ReadAnswer().body : ""; }
  // Ends the hold, independent of the test's own wait.
  std::thread ReleaseAfter(Duration time) {
    return std::thread([this, time] {
      std::this_thread::sleep_for(time);
      holding_ = false;
    });
  }

  http::ServeMux mux_;
  std::atomic<int> held_{0};
  std::atomic<bool> holding_{true};
  engine::Engine engine_{mux_, engine::WithPlacement(engine::kInline),
                         engine::WithEventHook([](const engine::Event&) {})};
};

TEST_P(LoopsTest, StatsCountTheStandbyLoop) {
  test::TestServer server(engine_, GetParam());
  EXPECT_EQ(server.Get().GetStats().requests, 0U);
  EXPECT_EQ(server.Get().GetStats().loop_connections, (std::vector<size_t>{0}));
  const auto holder = Hold(server);
  WirePeer peer(server.Address());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Ask(peer), "hello");
  const server::Stats stats = server.Get().GetStats();
  EXPECT_EQ(stats.requests, 6U);
  EXPECT_EQ(stats.loop_connections, (std::vector<size_t>{1, 1}));
  EXPECT_EQ(server.Get().Loops(), 1U);
  holding_ = false;
  EXPECT_EQ(holder->ReadAnswer().body, "held");
}

TEST_P(LoopsTest, StatsCountEveryLoop) {
  test::TestServer server(engine_, GetParam(), server::WithLoops(3));
  std::vector<std::unique_ptr<WirePeer>> peers;
  for (int i = 0; i < 30; ++i) {
    peers.push_back(std::make_unique<WirePeer>(server.Address()));
    EXPECT_EQ(Ask(*peers.back()), "hello");
    EXPECT_EQ(Ask(*peers.back()), "hello");
  }
  server::Stats stats = server.Get().GetStats();
  EXPECT_EQ(stats.requests, 60U);
  EXPECT_GE(stats.loop_connections.size(), 3U);
  const auto sum = [&] {
    const std::vector<size_t>& all = stats.loop_connections;
    return std::accumulate(all.begin(), all.end(), size_t{0});
  };
  EXPECT_EQ(sum(), 30U);
  peers.clear();
  EXPECT_TRUE(test::Eventually([&] {
    stats = server.Get().GetStats();
    return sum() == 0;
  }));
  EXPECT_EQ(stats.requests, 60U);
}

TEST_P(LoopsTest, CloseConnectionsCutsThoseOfTheStandbyLoop) {
  test::TestServer server(engine_, GetParam());
  const auto holder = Hold(server);
  WirePeer peer(server.Address());
  EXPECT_EQ(Ask(peer), "hello");
  server.Get().CloseConnections();
  EXPECT_TRUE(peer.ExpectEnd());  // while the other loop is held
  EXPECT_EQ(held_, 1);
  WirePeer next(server.Address());  // the server goes on
  EXPECT_EQ(Ask(next), "hello");
  holding_ = false;
  EXPECT_EQ(holder->ReadAll(), "");
}

TEST_P(LoopsTest, KeepAlivesOfTheStandbyLoopCanBeTurnedOff) {
  for (const bool before : {true, false}) {
    holding_ = true;
    test::TestServer server(engine_, GetParam());
    const auto holder = Hold(server);
    if (before) server.Get().SetKeepAlivesEnabled(false);
    WirePeer peer(server.Address());
    if (!before) {
      EXPECT_EQ(Ask(peer), "hello");
      server.Get().SetKeepAlivesEnabled(false);
    } else {
      ASSERT_TRUE(peer.Send(kGet));
      EXPECT_EQ(peer.ReadAnswer().Get("Connection"), "close");
    }
    EXPECT_TRUE(peer.ExpectEnd());
    holding_ = false;
    EXPECT_EQ(holder->ReadAnswer().body, "held");
  }
}

TEST_P(LoopsTest, ShutdownDrainsTheStandbyLoop) {
  test::TestServer server(engine_, GetParam());
  const auto holder = Hold(server);
  WirePeer idle(server.Address());
  EXPECT_EQ(Ask(idle), "hello");
  WirePeer begun(server.Address());
  EXPECT_EQ(Ask(begun), "hello");
  ASSERT_TRUE(begun.Send(kGet.substr(0, 20)));
  EXPECT_EQ(Ask(idle), "hello");  // the loop has received the half head before
  std::thread stopper([&] { EXPECT_FALSE(server.Get().Shutdown(appcontext::Background())); });
  // While the other loop is held.
  EXPECT_TRUE(idle.ExpectEnd());
  ASSERT_TRUE(begun.Send(kGet.substr(20)));
  EXPECT_EQ(begun.ReadAnswer().body, "hello");
  EXPECT_TRUE(begun.ExpectEnd());
  EXPECT_EQ(held_, 1);
  holding_ = false;
  EXPECT_EQ(holder->ReadAnswer().body, "held");
  stopper.join();
}

TEST_P(LoopsTest, ShutdownEndsWithItsContextWhileALoopIsHeld) {
  test::TestServer server(engine_, GetParam());
  const auto holder = Hold(server);
  const auto grace = appcontext::WithTimeout(appcontext::Background(), 50ms);
  EXPECT_TRUE(server.Get().Shutdown(grace.context).Is(appcontext::ErrDeadlineExceeded));
  EXPECT_EQ(held_, 1);
  holding_ = false;
  EXPECT_EQ(holder->ReadAnswer().body, "held");
  EXPECT_FALSE(server.Get().Shutdown(appcontext::Background()));
}

TEST_P(LoopsTest, CloseCutsTheStandbyLoop) {
  test::TestServer server(engine_, GetParam());
  const auto holder = Hold(server);
  WirePeer peer(server.Address());
  EXPECT_EQ(Ask(peer), "hello");
  std::thread releaser = ReleaseAfter(20ms);
  EXPECT_FALSE(server.Get().Close());
  EXPECT_TRUE(peer.ExpectEnd());
  EXPECT_EQ(server.Get().GetStats().requests, 2U);
  releaser.join();
}

// A handler may ask for the counters while the server begins its end, which waits for that
// handler's loop.
TEST_P(LoopsTest, StatsCanBeHadDuringTheEnd) {
  std::atomic<server::Server*> asked{nullptr};
  std::atomic<bool> entered{false};
  std::atomic<uint64_t> seen{0};
  mux_.HandleFunc("/stats", [&](http::ResponseWriter&, http::Request&) {
    entered = true;
    std::this_thread::sleep_for(100ms);
    seen = asked.load()->GetStats().requests;
  });
  test::TestServer server(engine_, GetParam());
  asked = &server.Get();
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send("GET /stats HTTP/1.1\r\nHost: t\r\n\r\n"));
  ASSERT_TRUE(test::Eventually([&] { return entered.load(); }));
  EXPECT_FALSE(server.Get().Shutdown(appcontext::Background()));
  EXPECT_EQ(peer.ReadAnswer().status, 200);
  EXPECT_EQ(seen, 1U);
}

HON_INSTANTIATE_BACKENDS(LoopsTest);

}  // namespace
}  // namespace hon
