// Dial over TLS, to a server of this library.

#include "websocket/dial_tls.h"

#include <gtest/gtest.h>

#include <string>

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

HON_INSTANTIATE_BACKENDS(DialTlsTest);

}  // namespace
}  // namespace hon::websocket
