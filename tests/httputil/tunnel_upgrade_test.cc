// WebSockets and other upgrades through a ReverseProxy, over each version of HTTP on either side.

#include <string>
#include <thread>

#include "hon/httputil/load_balancer.h"
#include "httputil/upgrade_fixture.h"
#include "support/scripted_server.h"

namespace hon {
namespace {

using test::Only;
using test::WirePeer;

class ProxiedUpgrade : public test::ProxiedUpgradeTest {};

const std::string kWebSocketFields =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";

TEST_P(ProxiedUpgrade, ToAServerOfHttp1) {
  StartBack(Only(true, false, false), false);
  StartFront(back_->URL, {});
  ExpectEchoesOnBothFronts(1);
}

TEST_P(ProxiedUpgrade, ToAServerThatIsAskedWithHttp2Alone) {  // RFC 8441
  StartBack(Only(false, false, true), false);
  StartFront(back_->URL, Only(false, false, true));
  ExpectEchoesOnBothFronts(2);
}

TEST_P(ProxiedUpgrade, OfAnotherProtocolOverHttp2) {
  StartBack(Only(false, false, true), false);
  StartFront(back_->URL, Only(false, false, true));
  WirePeer peer(front_->Address);
  ASSERT_TRUE(
      peer.Send("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "
                "echo\r\n\r\nabcd"));
  const std::string head = peer.ReadThrough("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << head;
  EXPECT_NE(head.find("Upgrade: echo\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("Sec-WebSocket"), std::string::npos) << head;
  EXPECT_EQ(peer.ReadThrough("abcd"), "abcd");
  EXPECT_EQ(protocol_, 2);
  const std::string much = std::string(500'000, 'm') + "end";
  std::thread sender([&] { EXPECT_TRUE(peer.Send(much)); });
  EXPECT_EQ(peer.ReadThrough("end"), much);
  sender.join();
  peer.EndSending();
  EXPECT_EQ(peer.ReadAll(), "");
}

// RFC 6455 §4.2.1: over HTTP/2 the server behind sees no key.
TEST_P(ProxiedUpgrade, WithoutAKeyOverHttp2IsTheClientsFault) {
  StartBack(Only(false, false, true), false);
  StartFront(back_->URL, Only(false, false, true));
  EXPECT_EQ(Ask("/ws", kWebSocketFields).status, 400);
  EXPECT_EQ(Ask("/ws", kWebSocketFields + "Sec-WebSocket-Key: short\r\n").status, 400);
  // RFC 6455 §1.3
  const test::Answer agreed =
      Ask("/ws", kWebSocketFields + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  EXPECT_EQ(agreed.status, 101);
  EXPECT_EQ(agreed.Get("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(agreed.Get("Upgrade"), "websocket");
}

TEST_P(ProxiedUpgrade, ThatTheServerRefusesOverHttp2) {
  StartBack(Only(false, false, true), false);
  StartFront(back_->URL, Only(false, false, true));
  const test::Answer refused = Ask("/refused", kWebSocketFields);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body, "no");
}

// RFC 8441 §3: the server has not sent SETTINGS_ENABLE_CONNECT_PROTOCOL.
TEST_P(ProxiedUpgrade, ToAServerWithoutExtendedConnectIs502) {
  const test::ScriptedServer back([](test::ScriptedConn& conn) {
    conn.Send(std::string("\0\0\0\x04\0\0\0\0\0", 9));  // empty SETTINGS
    conn.ReadAll();
  });
  StartFront(back.Url(), Only(false, false, true));
  EXPECT_EQ(Ask("/ws", kWebSocketFields).status, 502);
  front_.reset();  // ends the connection, for which the script waits
}

TEST_P(ProxiedUpgrade, GoesThroughABalancer) {
  StartBack(Only(false, false, true), false);
  StartFront(back_->URL, Only(false, false, true));
  front_.reset();
  const auto over = proxy_.Transport;
  proxy_.Transport = std::make_shared<httputil::LoadBalancer>(
      std::vector{*url::Parse(back_->URL)}, httputil::LoadBalancerOptions{.Transport = over});
  proxy_.Rewrite = [](httputil::ProxyRequest&) {};
  StartFront();
  ExpectEchoesOnBothFronts(2);
}

// The tunnel has no fiber, so its connections must belong to one loop; a handler around the proxy
// may run on any thread.
TEST_P(ProxiedUpgrade, FromAHandlerOnAWorker) {
  StartBack(Only(true, false, true), false);
  StartFront(back_->URL, {});
  const auto place = [this] {
    front_ = std::make_unique<httptest::Server>(engine::Place(
        engine::Placement::kWorkers, [this](http::ResponseWriter& w, http::Request& r) {
          proxy_.ServeHTTP(w, r);
          after_proxy_ = true;
        }));
    front_->Configure(server::WithBackend(GetParam()));
    front_->Configure(server::WithProtocols(Only(true, true, true)));
    front_->Start();
  };
  place();
  ExpectEchoesOnBothFronts(1);
  const test::Answer refused = Ask("/refused", kWebSocketFields + "Content-Length: 0\r\n");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body, "no");
  // A request to upgrade may have a body, and its answer may be any.
  WirePeer peer(front_->Address);
  const std::string much(300'000, 'm');
  ASSERT_TRUE(peer.Send("POST /copy HTTP/1.1\r\nHost: a\r\n" + kWebSocketFields +
                        "Content-Length: " + std::to_string(much.size()) + "\r\n\r\n" + much));
  const test::Answer copied = peer.ReadAnswer();
  EXPECT_EQ(copied.status, 200);
  EXPECT_EQ(copied.body, much);
  // The server behind has gone, and its answer breaks off.
  EXPECT_EQ(Ask("/abort", kWebSocketFields).complete, false);
  StartFront(back_->URL, Only(false, false, true));
  place();
  ExpectEchoesOnBothFronts(2);
  back_.reset();
  EXPECT_EQ(Ask("/ws", kWebSocketFields).status, 502);
  EXPECT_TRUE(after_proxy_);
}

HON_INSTANTIATE_BACKENDS(ProxiedUpgrade);

}  // namespace
}  // namespace hon
