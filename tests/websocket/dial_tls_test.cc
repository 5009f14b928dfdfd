// Dial over TLS, to a server of this library.

#include "websocket/dial_tls.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "hon/client/transport.h"
#include "hon/http/client.h"
#include "hon/httptest/server.h"
#include "hon/tls/context.h"
#include "websocket/server_fixture.h"

namespace hon::websocket {
namespace {

class DialTlsTest : public hon::test::BackendTest {
 protected:
  DialTlsTest() {
    mux_.HandleFunc("/ws", [this](http::ResponseWriter& w, http::Request& r) {
      EXPECT_NE(r.TLS, nullptr);
      protocol_ = r.ProtoMajor;
      auto conn = upgrader_.Upgrade(w, r);
      if (conn) test::EchoAll(*conn);
    });
    server_ = std::make_unique<httptest::Server>(mux_);
    server_->Configure(server::WithBackend(GetParam()));
    server_->StartTLS();
  }
  [[nodiscard]] std::string Url(std::string_view host = "127.0.0.1") const {
    return "wss://" + std::string(host) + server_->Address.substr(server_->Address.find(':')) +
           "/ws";
  }
  [[nodiscard]] DialOptions Trusting() const {
    tls::Config config;
    EXPECT_FALSE(config.RootCAs.AddPEM(server_->CertificatePEM()));
    DialOptions options;
    options.tls = *tls::ClientContext::Create(std::move(config));
    return options;
  }

  Upgrader upgrader_{UpgraderOptions{}};
  http::ServeMux mux_;
  std::atomic<int> protocol_{0};  // of the last WebSocket
  std::unique_ptr<httptest::Server> server_;
};

TEST_P(DialTlsTest, MessagesPassInBothDirections) {
  test::OnFiber(GetParam(), [&] {
    auto conn = Dial(Url(), Trusting());
    ASSERT_TRUE(conn) << conn.error().Message();
    for (const size_t size : {0UL, 1UL, 1000UL, 200'000UL}) {
      const std::string text(size, 'w');
      ASSERT_FALSE(conn->WriteText(text));
      auto message = conn->ReadMessage();
      ASSERT_TRUE(message);
      EXPECT_EQ(message->data, text);
    }
    EXPECT_FALSE(conn->Close(1000, ""));
    EXPECT_FALSE(conn->Wait());
  });
}

TEST_P(DialTlsTest, CertificatesAreVerifiedByDefaultAndByName) {
  test::OnFiber(GetParam(), [&] {
    const Error unknown = Dial(Url()).error();
    EXPECT_NE(unknown.Message().find("tls: failed to verify certificate: x509: self-signed"),
              std::string::npos)
        << unknown.Message();
    const Error name = Dial(Url("localhost"), Trusting()).error();
    EXPECT_NE(name.Message().find("x509: hostname mismatch"), std::string::npos) << name.Message();
  });
}

// Says `text`, and returns what comes back.
std::string Echo(Result<Conn>& conn, const std::string& text) {
  if (!conn) return conn.error().Message();
  if (const Error err = conn->WriteText(text)) return err.Message();
  auto message = conn->ReadMessage();
  return message ? std::string(message->data) : message.error().Message();
}

class DialOverTransportTest : public DialTlsTest {
 protected:
  DialOverTransportTest() {
    mux_.HandleFunc("/", [](http::ResponseWriter& w, http::Request&) { w.Write("page"); });
  }
  [[nodiscard]] std::shared_ptr<client::Transport> NewTransport(http::Protocols protocols = {}) {
    tls::Config config;
    EXPECT_FALSE(config.RootCAs.AddPEM(server_->CertificatePEM()));
    config.NextProtos = {"h2", "http/1.1"};
    client::TransportOptions options;
    options.TLS = *tls::ClientContext::Create(std::move(config));
    options.Protocols = protocols;
    return std::make_shared<client::Transport>(options);
  }
  static void ExpectEchoes(Result<Conn> conn) {
    ASSERT_TRUE(conn) << conn.error().Message();
    for (const size_t size : {0UL, 1UL, 1000UL, 300'000UL}) {
      const std::string text(size, 'w');
      EXPECT_EQ(Echo(conn, text), text);
    }
    EXPECT_FALSE(conn->Close(1000, "bye"));
    EXPECT_FALSE(conn->Wait());
  }
};

TEST_P(DialOverTransportTest, WithoutAnotherConnectionIsHttp1) {
  test::OnFiber(GetParam(), [&] {
    ExpectEchoes(Dial(Url(), {.transport = NewTransport()}));
    EXPECT_EQ(protocol_, 1);
  });
}

TEST_P(DialOverTransportTest, SharesAConnectionOfHttp2) {  // RFC 8441
  test::OnFiber(GetParam(), [&] {
    const auto transport = NewTransport();
    http::Client client{.Transport = transport};
    ASSERT_EQ(client.Get(server_->URL)->ProtoMajor, 2);
    DialOptions options{.subprotocols = {"chat"}, .transport = transport};
    options.conn.deflate.enabled = true;
    auto one = Dial(Url(), options);
    auto two = Dial(Url(), options);
    EXPECT_EQ(Echo(two, "second"), "second");
    EXPECT_EQ(Echo(one, "first"), "first");
    EXPECT_EQ(client.Get(server_->URL)->Body.ReadAll().value_or("?"), "page");
    EXPECT_EQ(server_->Get().Connections(), 1U);
    EXPECT_EQ(protocol_, 2);
    ExpectEchoes(std::move(one));
    ExpectEchoes(std::move(two));
  });
}

TEST_P(DialOverTransportTest, IsHttp2WhereHttp1IsExcluded) {  // RFC 8441
  test::OnFiber(GetParam(), [&] {
    http::Protocols only;
    only.SetHTTP2(true);
    const auto transport = NewTransport(only);
    ExpectEchoes(Dial(Url(), {.transport = transport}));
    EXPECT_EQ(protocol_, 2);
    auto lost = Dial(Url(), {.transport = transport});
    ASSERT_TRUE(lost);
    server_->CloseClientConnections();
    EXPECT_FALSE(lost->ReadMessage());
  });
}

TEST_P(DialOverTransportTest, DroppingAConnectionOfHttp2ResetsItsStreamAlone) {
  test::OnFiber(GetParam(), [&] {
    http::Protocols only;
    only.SetHTTP2(true);
    const auto transport = NewTransport(only);
    auto kept = Dial(Url(), {.transport = transport});
    { auto dropped = Dial(Url(), {.transport = transport}); }
    EXPECT_EQ(Echo(kept, "still here"), "still here");
  });
}

HON_INSTANTIATE_BACKENDS(DialTlsTest);
HON_INSTANTIATE_BACKENDS(DialOverTransportTest);

}  // namespace
}  // namespace hon::websocket
