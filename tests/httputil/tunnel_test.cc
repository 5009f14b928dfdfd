// Upgraded connections through a ReverseProxy.

#include "httputil/tunnel.h"

#include <atomic>

#include "httputil/proxy_fixture.h"

namespace hon {
namespace {

using test::Answer;
using test::ScriptedConn;
using test::ScriptedServer;
using test::WirePeer;
using namespace std::chrono_literals;

constexpr std::string_view kAgreed =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: Echo\r\nX-Back: 1\r\n"
    "Keep-Alive: 1\r\n\r\n";
constexpr std::string_view kAsks = "Connection: keep-alive, upgrade\r\nUpgrade: echo\r\n";

class Tunnel : public test::ProxyTest {};

TEST_P(Tunnel, BytesGoBothWaysAlsoThoseBehindTheHeads) {
  test::SharedText head;
  const ScriptedServer back([&](ScriptedConn& conn) {
    head.Set(conn.ReadHead());
    conn.Send(std::string(kAgreed) + "first ");
    for (std::string got; !(got = conn.ReadExactly(4)).empty();) conn.Send("<" + got + ">");
  });
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/", kAsks) + "abcd"));
  const std::string answer = peer.ReadThrough("\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << answer;
  EXPECT_NE(answer.find("Upgrade: Echo\r\n"), std::string::npos);
  EXPECT_NE(answer.find("X-Back: 1\r\n"), std::string::npos);
  EXPECT_EQ(answer.find("Keep-Alive"), std::string::npos);
  EXPECT_EQ(peer.ReadThrough("<abcd>"), "first <abcd>");
  ASSERT_TRUE(peer.Send("efgh"));
  EXPECT_EQ(peer.ReadThrough(">"), "<efgh>");
  peer.EndSending();
  EXPECT_EQ(peer.ReadAll(), "");
  EXPECT_NE(head.Get().find("Connection: Upgrade\r\nUpgrade: echo\r\n"), std::string::npos)
      << head.Get();
}

// The end of one side's output reaches the other side, whose output may go on.
TEST_P(Tunnel, HalfOfAConnectionMayEnd) {
  const ScriptedServer back([&](ScriptedConn& conn) {
    conn.ReadHead();
    conn.Send(kAgreed);
    const std::string all = conn.ReadAll();
    conn.Send("got " + all);
  });
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/", kAsks)));
  peer.ReadThrough("\r\n\r\n");
  ASSERT_TRUE(peer.Send("everything"));
  peer.EndSending();
  EXPECT_EQ(peer.ReadAll(), "got everything");
}

// The last bytes of a server that has closed wait for a client that reads slowly.
TEST_P(Tunnel, TheEndOfBothDirectionsLosesNothing) {
  const std::string much = std::string(12 << 20, 'm') + "end";
  const ScriptedServer back([&](ScriptedConn& conn) {
    conn.ReadHead();
    conn.Send(kAgreed);
    conn.ReadAll();
    conn.Send(much);
  });
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/", kAsks)));
  peer.ReadThrough("\r\n\r\n");
  peer.EndSending();
  // By now the connections are full.
  std::this_thread::sleep_for(100ms);
  const std::string all = peer.ReadAll();
  EXPECT_EQ(all.size(), much.size());
  EXPECT_TRUE(all == much);
}

TEST_P(Tunnel, ASideThatIsCutCutsTheOther) {
  std::atomic<bool> ended{false};
  const ScriptedServer back([&](ScriptedConn& conn) {
    if (conn.ReadHead().find("/cut") != std::string::npos) {
      conn.Send(kAgreed);
      conn.ReadExactly(1);
      conn.Reset();
      return;
    }
    conn.Send(kAgreed);
    ended = conn.PeerEnds();
  });
  To(back.Url());
  const std::string address = Serve();
  WirePeer cut(address);
  ASSERT_TRUE(cut.Send(Get("/cut", kAsks)));
  cut.ReadThrough("\r\n\r\n");
  ASSERT_TRUE(cut.Send("x"));
  EXPECT_EQ(cut.ReadAll(), "");
  WirePeer peer(address);
  ASSERT_TRUE(peer.Send(Get("/", kAsks)));
  peer.ReadThrough("\r\n\r\n");
  peer.Reset();
  EXPECT_TRUE(test::Eventually([&] { return ended.load(); }));
}

// The proxy holds a bounded number of bytes: much more than its buffers passes through.
TEST_P(Tunnel, AReaderThatStopsPausesTheSender) {
  constexpr size_t kBytes = size_t{20} << 20;
  std::atomic<bool> sent{false};
  const ScriptedServer back([&](ScriptedConn& conn) {
    conn.ReadHead();
    conn.Send(kAgreed);
    const std::string part(100'000, 'x');
    for (size_t n = 0; n < kBytes; n += part.size()) conn.Send(part);
    sent = true;
    conn.EndSending();
    conn.PeerEnds();
  });
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/", kAsks)));
  peer.ReadThrough("\r\n\r\n");
  std::this_thread::sleep_for(100ms);
  EXPECT_FALSE(sent);
  EXPECT_GE(peer.ReadAll().size(), kBytes);
}

TEST_P(Tunnel, ASideThatTakesNothingEndsBoth) {
  std::atomic<bool> ended{false};
  const ScriptedServer back([&](ScriptedConn& conn) {
    conn.ReadHead();
    conn.Send(kAgreed);
    const std::string part(100'000, 'x');
    while (conn.Send(part)) {
    }
    ended = true;
  });
  To(back.Url());
  proxy_.TunnelStallTimeout = 50ms;
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/", kAsks)));
  EXPECT_TRUE(test::Eventually([&] { return ended.load(); }));
}

TEST_P(Tunnel, AnotherProtocolThanTheOneAskedForIs502) {
  const ScriptedServer back([&](ScriptedConn& conn) {
    conn.ReadHead();
    conn.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n");
    conn.PeerEnds();
  });
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/", kAsks)));
  EXPECT_EQ(peer.ReadAnswer().status, 502);
  ASSERT_TRUE(peer.Send(Get("/")));  // unasked
  EXPECT_EQ(peer.ReadAnswer().status, 502);
  ASSERT_EQ(Logged().size(), 2u);
  EXPECT_EQ(Logged()[0],
            "httputil: ReverseProxy proxy error: backend tried to switch protocol \"other\" when "
            "\"echo\" was requested");
}

TEST_P(Tunnel, AServerMayRefuse) {
  const ScriptedServer back([&](ScriptedConn& conn) {
    conn.ReadHead();
    conn.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
  });
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/", kAsks)));
  EXPECT_EQ(peer.ReadAnswer().body, "no");
}

// RFC 9113 §3.1 deprecates the token "h2c"; the proxy would not see the preface.
TEST_P(Tunnel, AnUpgradeToHttp2IsNotPassedOn) {
  test::SharedText head;
  const ScriptedServer back([&](ScriptedConn& conn) {
    head.Set(conn.ReadHead());
    conn.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/",
                            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: "
                            "h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n")));
  EXPECT_EQ(peer.ReadAnswer().body, "ok");
  EXPECT_EQ(head.Get(), "GET / HTTP/1.1\r\nHost: " + back.Address() + "\r\n\r\n");
}

HON_INSTANTIATE_BACKENDS(Tunnel);

}  // namespace
}  // namespace hon
