// Limits that a server's loops count together, at the limit and one past each (contract G21).

#include <atomic>

#include "hon/fiber/fiber.h"
#include "support/test_server.h"

namespace hon {
namespace {

using test::Answer;
using test::kGet;
using test::WirePeer;
using namespace std::chrono_literals;

constexpr std::string_view kWait = "GET /wait HTTP/1.1\r\nHost: t\r\n\r\n";
constexpr std::string_view kHijack = "GET /hijack HTTP/1.1\r\nHost: t\r\n\r\n";

class Limits : public test::BackendTest {
 protected:
  Limits() {
    mux_.HandleFunc("/", [](http::ResponseWriter& w, http::Request&) { w.Write("hello"); });
    mux_.HandleFunc("/wait", [this](http::ResponseWriter& w, http::Request& r) {
      ++waiting_;
      static_cast<void>(fiber::Wait(r.Context()));
      --waiting_;
      w.Write("waited");
    });
    mux_.HandleFunc("/hijack", [](http::ResponseWriter& w, http::Request&) {
      Result<std::unique_ptr<io::Conn>> conn = w.Hijack();
      if (!conn) return;
      (*conn)->Write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
      char byte;
      while (!(*conn)->Read({&byte, 1}).err) {
      }
    });
  }

  /// Requests until the answer is not 503, since the end of a connection is noticed with a delay.
  static bool SoonServed(const std::string& address) {
    for (int i = 0; i < 2000; ++i) {
      WirePeer peer(address);
      if (peer.Send(kGet) && peer.ReadAnswer().status == 200) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }
  static int StatusFor(const std::string& address) {
    return WirePeer(address).ReadAnswer().status;  // a refused connection gets its answer without a
                                                   // request
  }

  http::ServeMux mux_;
  std::atomic<int> waiting_{0};
  test::EventLog log_;
  engine::Engine engine_{mux_, engine::WithEventHook(log_.Hook()), test::SuitePlacement()};
};

TEST(LimitDefaults, EveryDeadlineIsOn) {  // D-025, with the figures of README.md
  const server::Options options;
  EXPECT_EQ(options.conn.read_header_timeout, 10s);
  EXPECT_EQ(options.conn.read_timeout, 30s);
  EXPECT_EQ(options.conn.write_timeout, 30s);
  EXPECT_EQ(options.conn.keep_alive_timeout, 120s);
  EXPECT_EQ(options.hijacked_grace, 10s);
}

TEST_P(Limits, ConnectionsOfOneAddressAreLimited) {
  test::TestServer server(engine_, GetParam(), server::WithMaxConnectionsPerIP(2));
  std::vector<WirePeer> peers;
  for (int i = 0; i < 2; ++i) {
    peers.emplace_back(server.Address());
    ASSERT_TRUE(peers.back().Send(kGet));
    EXPECT_EQ(peers.back().ReadAnswer().status, 200);
  }
  EXPECT_EQ(StatusFor(server.Address()), 503);
  EXPECT_EQ(StatusFor(server.Address()), 503);  // refused connections do not count
  peers.pop_back();
  EXPECT_TRUE(SoonServed(server.Address()));
  size_t refused = 0;
  for (const auto& event : log_.Entries()) {
    EXPECT_NE(event.kind, engine::Event::Kind::kAccept) << event.detail;
    if (event.kind == engine::Event::Kind::kBadRequest) ++refused;
  }
  EXPECT_GE(refused, 2);
}

TEST_P(Limits, ThePublicProfileCapsTheConnectionsOfAnAddress) {
  test::TestServer server(engine_, GetParam(), server::WithPublicProfile());
  std::vector<WirePeer> peers;
  for (size_t i = 0; i < server::kPublicConnectionsPerIPMax; ++i) {
    peers.emplace_back(server.Address());
    ASSERT_TRUE(peers.back().Send(kGet));
    ASSERT_EQ(peers.back().ReadAnswer().status, 200) << i;
  }
  EXPECT_EQ(StatusFor(server.Address()), 503);
  peers.pop_back();
  EXPECT_TRUE(SoonServed(server.Address()));
}

TEST_P(Limits, HijackedConnectionsCountUntilTheyEnd) {
  for (const bool per_ip : {false, true}) {
    test::TestServer server(
        engine_, GetParam(),
        per_ip ? server::WithMaxConnectionsPerIP(1) : server::WithMaxConnections(1));
    {
      WirePeer raw(server.Address());
      ASSERT_TRUE(raw.Send(kHijack));
      EXPECT_EQ(raw.ReadAnswer().status, 101);
      EXPECT_EQ(StatusFor(server.Address()), 503);
    }
    EXPECT_TRUE(SoonServed(server.Address()));
  }
}

TEST_P(Limits, RequestsInFlight) {
  test::TestServer server(engine_, GetParam(), server::WithMaxInFlight(2));
  std::vector<WirePeer> waiting;
  for (int i = 0; i < 2; ++i) {
    waiting.emplace_back(server.Address());
    ASSERT_TRUE(waiting.back().Send(kWait));
  }
  while (waiting_ != 2) std::this_thread::sleep_for(1ms);
  WirePeer third(server.Address());
  ASSERT_TRUE(third.Send(kGet));
  const Answer answer = third.ReadAnswer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.Get("Connection"), "close");
  EXPECT_TRUE(third.ExpectEnd());
  waiting.pop_back();
  EXPECT_TRUE(SoonServed(server.Address()));
  for (int i = 0; i < 3; ++i) {  // malformed requests do not count
    WirePeer bad(server.Address());
    ASSERT_TRUE(bad.Send("GET / HTTP/1.1\r\n\r\n"));
    EXPECT_EQ(bad.ReadAnswer().status, 400);
  }
  EXPECT_TRUE(SoonServed(server.Address()));
}

HON_INSTANTIATE_BACKENDS(Limits);

}  // namespace
}  // namespace hon
