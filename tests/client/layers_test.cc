#include "client/layers.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "hon/client/transport.h"
#include "hon/http/client_error.h"
#include "support/xor_record_layer.h"

namespace hon::client {
namespace {

// One layer, with the bytes that the layer has sealed and opened.
struct Peer {
  explicit Peer(std::unique_ptr<io::RecordLayer> made) : layer(std::move(made)) {
    EXPECT_FALSE(layer->Start(sealed));
  }

  // `bytes` come from the other end, at once or one by one.
  Error Receive(std::string_view bytes, bool split) {
    if (!split) return ReceivePart(bytes);
    for (const char byte : bytes) {
      if (Error err = ReceivePart({&byte, 1})) return err;
    }
    return {};
  }
  Error ReceivePart(std::string_view bytes) {
    received.Write(bytes);
    return layer->Open(received, plain, sealed);
  }
  std::string Sent() { return *sealed.ReadString(sealed.Len()); }
  std::string Opened() { return *plain.ReadString(plain.Len()); }

  std::unique_ptr<io::RecordLayer> layer;
  io::BlockPool pool;
  io::LinkBuffer received{pool};
  io::LinkBuffer plain{pool};
  io::LinkBuffer sealed{pool};
};

class LayersTest : public testing::TestWithParam<bool> {};

TEST_P(LayersTest, ConnectAsksAndKeepsWhatFollowsTheAnswer) {
  Peer peer(*NewConnectLayer({.target = "h.test:443", .user = url::UserPassword("u", "p")}));
  EXPECT_EQ(peer.Sent(),
            "CONNECT h.test:443 HTTP/1.1\r\nHost: h.test:443\r\nUser-Agent: hon-http-client/1.1\r\n"
            "Proxy-Authorization: Basic dTpw\r\n\r\n");
  EXPECT_FALSE(peer.Receive(
      "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbytes",
      GetParam()));
  EXPECT_TRUE(peer.layer->HandshakeDone());
  EXPECT_EQ(peer.Opened(), "bytes") << "a tunnel has no Content-Length";
  EXPECT_FALSE(peer.layer->Seal("out", peer.sealed));
  EXPECT_EQ(peer.Sent(), "out");
}

TEST_P(LayersTest, ConnectFailsWithTheProxysStatus) {
  for (const auto& [answer, reason] : std::initializer_list<std::pair<std::string, std::string>>{
           {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            "the proxy answered 407 Proxy Authentication Required"},
           {"HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", "the proxy answered 302 Found"},
           {"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "the proxy answered 101 Switching Protocols"},
           {"SSH-2.0-x\r\n\r\n", "malformed answer"}}) {
    Peer peer(*NewConnectLayer({.target = "h:1"}));
    const Error err = peer.Receive(answer, GetParam());
    EXPECT_TRUE(err.Is(http::ErrProxy)) << answer;
    EXPECT_NE(err.Message().find(reason), std::string::npos) << err.Message();
    EXPECT_FALSE(peer.layer->HandshakeDone());
  }
}

TEST_P(LayersTest, ConnectAnswersHaveALimit) {
  const std::string start = "HTTP/1.1 200 OK\r\nX: ";
  const std::string end = "\r\n\r\n";
  for (const size_t over : {size_t{0}, size_t{1}}) {
    const std::string fill(kProxyAnswerBytesMax - start.size() - end.size() + over, 'x');
    Peer peer(*NewConnectLayer({.target = "h:1"}));
    const Error err = peer.ReceivePart(start + fill + end);
    EXPECT_EQ(err.Is(http::ErrProxy), over == 1);
    EXPECT_EQ(peer.layer->HandshakeDone(), over == 0);
  }
}

TEST_P(LayersTest, SocksLeavesTheNameToTheProxy) {
  Peer peer(*NewSocksLayer("h.test", "80", nullptr));
  EXPECT_EQ(peer.Sent(), std::string("\5\1\0", 3));
  EXPECT_FALSE(peer.Receive(std::string("\5\0", 2), GetParam()));
  EXPECT_EQ(peer.Sent(), std::string("\5\1\0\3\6h.test\0\x50", 13));
  EXPECT_FALSE(peer.Receive(std::string("\5\0\0\1\1\2\3\4\0\1", 10) + "hello", GetParam()));
  EXPECT_TRUE(peer.layer->HandshakeDone());
  EXPECT_EQ(peer.Opened(), "hello");
}

TEST_P(LayersTest, SocksAddressesGoAsAddresses) {
  Peer v4(*NewSocksLayer("127.0.0.1", "443", nullptr));
  EXPECT_FALSE(v4.Receive(std::string("\5\0", 2), GetParam()));
  EXPECT_EQ(v4.Sent().substr(3), std::string("\5\1\0\1\x7F\0\0\1\1\xBB", 10));
  Peer v6(*NewSocksLayer("::1", "1", nullptr));
  EXPECT_FALSE(v6.Receive(std::string("\5\0", 2), GetParam()));
  EXPECT_EQ(v6.Sent().substr(3),
            std::string("\5\1\0\4", 4) + std::string(15, '\0') + std::string("\1\0\1", 3));
  // Replies with an IPv6 address and with a name.
  EXPECT_FALSE(v6.Receive(std::string("\5\0\0\4", 4) + std::string(18, 'a'), GetParam()));
  EXPECT_TRUE(v6.layer->HandshakeDone());
  EXPECT_FALSE(
      v4.Receive(std::string("\5\0\0\3\2", 5) + "ab" + std::string(2, 'p') + "x", GetParam()));
  EXPECT_EQ(v4.Opened(), "x");
}

TEST_P(LayersTest, SocksWithAPassword) {
  Peer peer(*NewSocksLayer("h", "80", url::UserPassword("user", "pw")));
  EXPECT_EQ(peer.Sent(), std::string("\5\2\0\2", 4));
  EXPECT_FALSE(peer.Receive(std::string("\5\2", 2), GetParam()));
  EXPECT_EQ(peer.Sent(), "\1\4user\2pw");
  const Error err = peer.Receive(std::string("\1\1", 2), GetParam());
  EXPECT_EQ(err.Message(), "socks: username/password authentication failed");
  EXPECT_TRUE(err.Is(http::ErrProxy));
}

TEST_P(LayersTest, SocksErrors) {
  for (const auto& [answer, text] : std::initializer_list<std::pair<std::string, std::string>>{
           {std::string("\4\0", 2), "socks: unexpected protocol version 4"},
           {std::string("\5\xFF", 2), "socks: no acceptable authentication methods"},
           {std::string("\5\2", 2), "socks: no acceptable authentication methods"},
           {std::string("\5\0\5\5\0\1\0\0\0\0\0\0", 12), "socks: unknown error connection refused"},
           {std::string("\5\0\5\0\0\7\0\0\0\0\0\0", 12), "socks: unknown address type 7"}}) {
    Peer peer(*NewSocksLayer("h", "80", nullptr));
    EXPECT_EQ(peer.Receive(answer, GetParam()).Message(), text);
  }
  const std::string longest(255, 'n');
  EXPECT_TRUE(NewSocksLayer(longest, "80", url::UserPassword(longest, longest)));
  EXPECT_FALSE(NewSocksLayer(longest + "n", "80", nullptr));
  EXPECT_FALSE(NewSocksLayer("h", "80", url::UserPassword(longest + "n", "p")));
  EXPECT_FALSE(NewSocksLayer("h", "80", url::UserPassword("u", longest + "p")));
  EXPECT_FALSE(NewSocksLayer("h", "99999", nullptr));
}

INSTANTIATE_TEST_SUITE_P(Pieces, LayersTest, testing::Bool(),
                         [](const auto& one) { return one.param ? "ByteByByte" : "AtOnce"; });

// Moves each end's sealed bytes to the other until nothing is left.
void Exchange(Peer& a, Peer& b) {
  while (!a.sealed.Empty() || !b.sealed.Empty()) {
    const std::string to_b = a.Sent();
    const std::string to_a = b.Sent();
    ASSERT_FALSE(b.ReceivePart(to_b));
    ASSERT_FALSE(a.ReceivePart(to_a));
  }
}

TEST_P(LayersTest, FieldsOfAConnectRequest) {  // C15
  Peer peer(*NewConnectLayer({.target = "h:1",
                              .user = url::UserPassword("u", "p"),
                              .fields = {{"X-A", "1"}, {"User-Agent", "own"}}}));
  EXPECT_EQ(peer.Sent(),
            "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nX-A: 1\r\nUser-Agent: own\r\n"
            "Proxy-Authorization: Basic dTpw\r\n\r\n");
  for (const auto& [name, value] :
       ProxyFields{{"A b", "1"}, {"A", "1\r\nB: 2"}, {"Content-Length", "5"}, {"Host", "x"}}) {
    const auto refused = NewConnectLayer({.target = "h:1", .fields = {{name, value}}});
    ASSERT_FALSE(refused) << name;
    EXPECT_TRUE(refused.error().Is(http::ErrInvalidRequest));
  }
}

TEST_P(LayersTest, AHookSeesTheProxysAnswer) {  // C15
  int status = 0;
  std::string field;
  const auto make = [&](bool refuses) {
    ConnectRequest request{.target = "h:1"};
    request.on_answer = [&, refuses](const http::Response& answer) {
      status = answer.StatusCode;
      field = answer.Header.Get("X-P");
      return refuses ? Error::New("not this one") : Error();
    };
    return *NewConnectLayer(std::move(request));
  };
  Peer accepted(make(false));
  EXPECT_FALSE(
      accepted.Receive("HTTP/1.1 102 P\r\n\r\nHTTP/1.1 200 OK\r\nX-P: v\r\n\r\n", GetParam()));
  EXPECT_EQ(status, 200);
  EXPECT_EQ(field, "v");
  Peer refused(make(true));
  EXPECT_EQ(refused.Receive("HTTP/1.1 200 OK\r\n\r\n", GetParam()).Message(), "not this one");
  Peer hinted(*NewConnectLayer({.target = "h:1"}));
  const Error why = hinted.ReceivePart("HTTP/1.1 407 No\r\nContent-Length: 9\r\n\r\nask Betty");
  EXPECT_TRUE(why.Is(http::ErrProxy));
  EXPECT_NE(why.Message().find("407 No: \"ask Betty\""), std::string::npos) << why.Message();
}

TEST(StackedLayer, ShakesHandsOneLayerAfterTheOther) {
  using Xor = test::XorRecordLayer;
  const auto two = [](Xor::Role role) {
    return Stack(std::make_unique<Xor>(role), std::make_unique<Xor>(role, "inner"));
  };
  Peer client(two(Xor::Role::kClient));
  Peer server(two(Xor::Role::kServer));
  Exchange(client, server);
  ASSERT_TRUE(client.layer->HandshakeDone());
  ASSERT_TRUE(server.layer->HandshakeDone());
  EXPECT_EQ(client.layer->ApplicationProtocol(), "inner");
  const std::string text(io::kRecordBytesMax, 't');
  ASSERT_FALSE(client.layer->Seal(text, client.sealed));
  Exchange(client, server);
  EXPECT_EQ(server.Opened(), text);
  server.layer->CloseOutput(server.sealed);
  Exchange(client, server);
  EXPECT_TRUE(client.layer->InputEnded());
}

TEST(HandshakeLayer, NamesAPlainAnswer) {
  using Xor = test::XorRecordLayer;
  for (const bool split : {false, true}) {
    Peer peer(NewHandshakeLayer(std::make_unique<Xor>(Xor::Role::kClient)));
    EXPECT_TRUE(
        peer.Receive("HTTP/1.1 400 Bad Request\r\n\r\n", split).Is(http::ErrSchemeMismatch));
  }
  Peer peer(NewHandshakeLayer(std::make_unique<Xor>(Xor::Role::kClient)));
  EXPECT_TRUE(peer.ReceivePart("nonsense").Is(http::ErrHandshake));
}

TEST(StackedLayer, OneLayerNeedsNoStack) {
  EXPECT_EQ(Stack(nullptr, nullptr), nullptr);
  EXPECT_NE(Stack(*NewConnectLayer({.target = "h:1"}), nullptr), nullptr);
}

}  // namespace
}  // namespace hon::client
