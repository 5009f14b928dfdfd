// Clients that resume: by route, within limits, and never under another name.

#include <gtest/gtest.h>

#include <string>

#include "hon/tls/limits.h"
#include "tls_pair.h"

namespace hon::tls {
namespace {

class ClientSessionsTest : public testing::TestWithParam<uint16_t> {
 protected:
  ClientSessionsTest() : context_(*ServerContext::Create(ServerConfig())), loop_(context_) {
    config_ = ClientConfig();
    config_.RootCAs = {};
    config_.InsecureSkipVerify = true;
    config_.MaxVersion = GetParam();
    client_ = *ClientContext::Create(config_);
  }

  /// Whether the connection resumed a session.
  bool Connect(const std::string& host = "a.test", std::string_view route = {}) {
    RecordPeer server(loop_.NewLayer());
    RecordPeer client(*client_->NewLayer(host, route));
    for (int i = 0; i < 4; ++i) {
      EXPECT_FALSE(server.Receive(client.TakeSealed()));
      EXPECT_FALSE(client.Receive(server.TakeSealed()));
    }
    EXPECT_TRUE(client.Layer().HandshakeDone() && server.Layer().HandshakeDone());
    EXPECT_EQ(client.Layer().State()->DidResume, server.Layer().State()->DidResume);
    EXPECT_FALSE(client.Layer().State()->PeerCertificates.empty());
    return client.Layer().State()->DidResume;
  }

  using RecordPeer = test::RecordPeer;
  std::shared_ptr<ServerContext> context_;
  LoopContext loop_;
  Config config_;
  std::shared_ptr<ClientContext> client_;
};

TEST_P(ClientSessionsTest, ResumeByNameAndRoute) {
  EXPECT_FALSE(Connect());
  EXPECT_TRUE(Connect());
  EXPECT_TRUE(Connect());
  EXPECT_FALSE(Connect("b.test"));
  EXPECT_FALSE(Connect("a.test", "8443"));
  EXPECT_TRUE(Connect("a.test", "8443"));
  EXPECT_TRUE(Connect());
  EXPECT_EQ(context_->GetStats().resumed, 4U);
  EXPECT_EQ(context_->GetStats().handshakes, 7U);
}

TEST_P(ClientSessionsTest, AreKeptForAsManyHostsAsTheLimit) {
  Connect("first.test");
  for (size_t i = 1; i < kClientSessionHostsMax; ++i) Connect("h" + std::to_string(i) + ".test");
  EXPECT_TRUE(Connect("first.test"));  // the most recently used from now on
  Connect("one.more.test");
  EXPECT_TRUE(Connect("first.test"));
  EXPECT_FALSE(Connect("h1.test"));
}

TEST_P(ClientSessionsTest, AreNotKeptWhereTicketsAreDisabled) {
  config_.SessionTicketsDisabled = true;
  client_ = *ClientContext::Create(config_);
  EXPECT_FALSE(Connect());
  EXPECT_FALSE(Connect());
}

// A verified session stays verified, under its own name only.
TEST_P(ClientSessionsTest, OfVerifiedServersAreVerified) {
  config_.InsecureSkipVerify = false;
  config_.RootCAs = PoolOf(CertificateFor("a.test"));
  client_ = *ClientContext::Create(config_);
  for (const bool resumes : {false, true}) {
    RecordPeer server(loop_.NewLayer());
    RecordPeer client(*client_->NewLayer("a.test"));
    for (int i = 0; i < 4; ++i) {
      EXPECT_FALSE(server.Receive(client.TakeSealed()));
      EXPECT_FALSE(client.Receive(server.TakeSealed()));
    }
    EXPECT_EQ(client.Layer().State()->DidResume, resumes);
    EXPECT_TRUE(client.Layer().State()->Verified);
  }
  RecordPeer server(loop_.NewLayer());
  RecordPeer client(*client_->NewLayer("b.test"));
  static_cast<void>(server.Receive(client.TakeSealed()));
  EXPECT_EQ(client.Receive(server.TakeSealed()).Message(),
            "tls: failed to verify certificate: x509: hostname mismatch");
}

INSTANTIATE_TEST_SUITE_P(Versions, ClientSessionsTest, testing::Values(VersionTLS12, VersionTLS13));

}  // namespace
}  // namespace hon::tls
