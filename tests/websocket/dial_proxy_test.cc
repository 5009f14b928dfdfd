// Dial through proxies that follow a script. Behind its answer to CONNECT, or to a SOCKS request,
// the script is the server.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hon/client/transport.h"
#include "hon/http/client_error.h"
#include "hon/http/proxy.h"
#include "hon/websocket/dial.h"
#include "http/websocket_key.h"
#include "support/scripted_server.h"
#include "websocket/server_fixture.h"

namespace hon::websocket {
namespace {

using hon::test::ScriptedConn;
using hon::test::ScriptedServer;
using hon::test::SharedText;

constexpr std::string_view kUrl = "ws://chat.test:8080/room?id=1";

class DialProxyTest : public hon::test::BackendTest {
 protected:
  // The answer of a server to the handshake with `head`.
  static std::string AnswerTo(const std::string& head) {
    static constexpr std::string_view kField = "Sec-Websocket-Key: ";
    const size_t at = head.find(kField);
    if (at == std::string::npos) return "HTTP/1.1 400 No Key\r\n\r\n";
    const std::string key = head.substr(at + kField.size(), 24);
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           http::internal::WebSocketAccept(key) + "\r\n\r\n";
  }
  // A server that greets together with its answer, and leaves behind the client's first frame.
  void ServeGreeting(ScriptedConn& conn) {
    const std::string head = conn.ReadHead();
    handshake_.Set(head);
    conn.Send(AnswerTo(head) + test::Frame("hello", {.masked = false}));
    static_cast<void>(conn.ReadExactly(2 + 4 + 3));  // "bye", masked
    conn.Send(test::Frame(test::CloseBody(1000), {.opcode = 8, .masked = false}));
    static_cast<void>(conn.ReadExactly(2 + 4 + 2));  // the close frame; a server closes first
  }
  static DialOptions Through(const std::string& proxy) {
    client::TransportOptions options;
    options.Proxy = http::ProxyURL(*url::Parse(proxy));
    return {.transport = std::make_shared<client::Transport>(std::move(options))};
  }
  void ExpectGreeting(const DialOptions& options, std::string_view url = kUrl) {
    test::OnFiber(GetParam(), [&] {
      Result<Conn> conn = Dial(url, options);
      ASSERT_TRUE(conn) << conn.error().Message();
      const Result<Message> greeting = conn->ReadMessage();
      ASSERT_TRUE(greeting) << greeting.error().Message();
      EXPECT_EQ(greeting->data, "hello");
      EXPECT_FALSE(conn->WriteText("bye"));
      EXPECT_FALSE(conn->Wait());
      EXPECT_EQ(conn->Status().code, 1000);
    });
  }
  Error ExpectFailure(const DialOptions& options) {
    Error why;
    test::OnFiber(GetParam(), [&] {
      Result<Conn> conn = Dial(kUrl, options);
      ASSERT_FALSE(conn);
      why = conn.error();
      options.transport->CloseIdleConnections();
    });
    return why;
  }

  SharedText connect_;    // what the proxy was asked
  SharedText handshake_;  // what the server was asked
};

TEST_P(DialProxyTest, AnHttpProxyIsAskedForATunnel) {
  const ScriptedServer proxy([this](ScriptedConn& conn) {
    connect_.Set(conn.ReadHead());
    conn.Send("HTTP/1.1 200 Connection established\r\nX-Proxy: 1\r\n\r\n");
    ServeGreeting(conn);
  });
  ExpectGreeting(Through("http://user:secret@" + proxy.Address()));
  EXPECT_EQ(
      connect_.Get(),
      "CONNECT chat.test:8080 HTTP/1.1\r\nHost: chat.test:8080\r\n"
      "User-Agent: hon-http-client/1.1\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n");
  const std::string handshake = handshake_.Get();
  EXPECT_TRUE(handshake.starts_with("GET /room?id=1 HTTP/1.1\r\nHost: chat.test:8080\r\n"))
      << handshake;
  EXPECT_EQ(handshake.find("Proxy-"), std::string::npos) << handshake;
  EXPECT_EQ(handshake.find("dXNlcjpzZWNyZXQ="), std::string::npos) << handshake;
}

TEST_P(DialProxyTest, AProxyThatRefusesIsTold) {
  for (const std::string status :
       {"407 Proxy Authentication Required", "502 Bad Gateway", "403 Forbidden", "302 Found"}) {
    SCOPED_TRACE(status);
    const ScriptedServer proxy([&](ScriptedConn& conn) {
      static_cast<void>(conn.ReadHead());
      conn.Send("HTTP/1.1 " + status + "\r\nContent-Length: 2\r\n\r\nno");
      EXPECT_TRUE(conn.PeerEnds()) << "a connection to a proxy that refused is not kept";
    });
    const Error why = ExpectFailure(Through("http://user:secret@" + proxy.Address()));
    EXPECT_EQ(http::KindOf(why), http::ErrorKind::kProxy) << why.Message();
    EXPECT_NE(why.Message().find("the proxy answered " + status), std::string::npos)
        << why.Message();
    EXPECT_EQ(why.Message().find("secret"), std::string::npos) << why.Message();
  }
}

TEST_P(DialProxyTest, AServerThatRefusesBehindAProxyIsTold) {
  const ScriptedServer proxy([](ScriptedConn& conn) {
    static_cast<void>(conn.ReadHead());
    conn.Send("HTTP/1.1 200 OK\r\n\r\n");
    static_cast<void>(conn.ReadHead());
    conn.Send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    static_cast<void>(conn.PeerEnds());
  });
  const Error why = ExpectFailure(Through("http://" + proxy.Address()));
  EXPECT_TRUE(why.Is(ErrBadHandshake)) << why.Message();
  EXPECT_NE(why.Message().find("403 Forbidden"), std::string::npos) << why.Message();
}

// The time of DialOptions covers each step on the way; the connection ends with the time.
TEST_P(DialProxyTest, ASilentProxyEndsWithTheTimeOfTheDial) {
  for (const bool tunnel : {false, true}) {
    SCOPED_TRACE(tunnel ? "behind the tunnel" : "before the tunnel");
    const ScriptedServer proxy([tunnel](ScriptedConn& conn) {
      if (tunnel) {
        static_cast<void>(conn.ReadHead());
        conn.Send("HTTP/1.1 200 OK\r\n\r\n");
      }
      EXPECT_TRUE(conn.PeerEnds());
    });
    DialOptions options = Through("http://" + proxy.Address());
    options.timeout = std::chrono::milliseconds(100);
    const Error why = ExpectFailure(options);
    EXPECT_EQ(http::KindOf(why), http::ErrorKind::kTimeout) << why.Message();
  }
}

TEST_P(DialProxyTest, ASocksProxyGetsNameAndCredentials) {  // RFC 1928, RFC 1929
  const ScriptedServer proxy([this](ScriptedConn& conn) {
    std::string asked = conn.ReadExactly(4);
    conn.Send("\x05\x02");
    asked += conn.ReadExactly(3 + 4 + 6);
    conn.Send(std::string_view("\x01\x00", 2));
    asked += conn.ReadExactly(4 + 1 + 9 + 2);
    connect_.Set(asked);
    conn.Send(std::string_view("\x05\x00\x00\x01\x7F\x00\x00\x01\x00\x50", 10));
    ServeGreeting(conn);
  });
  for (const std::string_view scheme : {"socks5", "socks5h"}) {
    SCOPED_TRACE(scheme);
    ExpectGreeting(Through(std::string(scheme) + "://user:secret@" + proxy.Address()));
    EXPECT_EQ(connect_.Get(), std::string("\x05\x02\x00\x02", 4) + "\x01\x04user\x06secret" +
                                  std::string("\x05\x01\x00\x03\x09"
                                              "chat.test"
                                              "\x1F\x90",
                                              16));
    EXPECT_TRUE(handshake_.Get().starts_with("GET /room?id=1 HTTP/1.1\r\n")) << handshake_.Get();
  }
}

TEST_P(DialProxyTest, ASocksProxyThatRefusesIsTold) {
  struct Case {
    std::string answers;
    std::string_view why;
  };
  for (const Case& one :
       {Case{"\x05\xFF", "no acceptable authentication methods"},
        Case{std::string("\x05\x02\x01\x01", 4), "username/password authentication failed"},
        Case{std::string("\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", 12),
             "connection refused"}}) {
    SCOPED_TRACE(one.why);
    const ScriptedServer proxy([&one](ScriptedConn& conn) {
      static_cast<void>(conn.ReadExactly(4));
      conn.Send(one.answers);
      EXPECT_TRUE(conn.PeerEnds());
    });
    const Error why = ExpectFailure(Through("socks5://user:secret@" + proxy.Address()));
    EXPECT_EQ(http::KindOf(why), http::ErrorKind::kProxy) << why.Message();
    EXPECT_NE(why.Message().find(one.why), std::string::npos) << why.Message();
  }
}

// NO_PROXY and the setting for http URLs apply to ws URLs.
TEST_P(DialProxyTest, ADirectServerNeedsNoProxy) {
  const ScriptedServer proxy([this](ScriptedConn& conn) {
    connect_.Set(conn.ReadHead());
    conn.Send("HTTP/1.1 200 OK\r\n\r\n");
    ServeGreeting(conn);
  });
  const ScriptedServer server([this](ScriptedConn& conn) { ServeGreeting(conn); });
  const std::string port = server.Address().substr(server.Address().find(':'));
  httpproxy::Config config;
  config.HTTPProxy = "http://" + proxy.Address();
  config.HTTPSProxy = "http://127.0.0.1:1";
  config.NoProxy = "direct.test";
  client::TransportOptions options;
  options.LookupHost = [](const std::string&) -> Result<std::vector<std::string>> {
    return std::vector<std::string>{"127.0.0.1"};
  };
  options.Proxy = httpproxy::ProxyFuncOf(config);
  const DialOptions dial{.transport = std::make_shared<client::Transport>(std::move(options))};
  ExpectGreeting(dial, "ws://direct.test" + port + "/direct");
  EXPECT_EQ(connect_.Get(), "");
  EXPECT_TRUE(handshake_.Get().starts_with("GET /direct HTTP/1.1\r\n")) << handshake_.Get();
  ExpectGreeting(dial, "ws://other.test" + port + "/other");
  EXPECT_TRUE(connect_.Get().starts_with("CONNECT other.test" + port + " ")) << connect_.Get();
  test::OnFiber(GetParam(), [&] {
    const Result<Conn> secure = Dial("wss://other.test/", dial);
    ASSERT_FALSE(secure) << "wss URLs have the proxy of https URLs";
    const auto kind = HON_TEST_TLS != 0 ? http::ErrorKind::kProxy : http::ErrorKind::kTls;
    EXPECT_EQ(http::KindOf(secure.error()), kind) << secure.error().Message();
  });
}

HON_INSTANTIATE_BACKENDS(DialProxyTest);

}  // namespace
}  // namespace hon::websocket
