// The settings of a Config and their effects: protocols, suites, key exchanges, the choice of a
// context for a client, ticket keys.

#include "hon/tls/config.h"

#include <gtest/gtest.h>

#include <string>

#include "tls/certificate_data.h"
#include "tls/server_layer.h"
#include "tls_pair.h"

namespace hon::tls {
namespace {

TEST(ConfigTest, SuitesOfTls13AreInGosOrder) {
  Pair pair(ServerConfig(), ClientConfig());
  pair.Exchange();
  ASSERT_TRUE(pair.Done());
  EXPECT_EQ(pair.Seen().CipherSuiteName, "TLS_AES_128_GCM_SHA256");
}

// As Go's adjustNextProtos [S3].
TEST(AdjustNextProtosTest, AsGo) {
  using List = std::vector<std::string>;
  struct Row {
    List next_protos, offered, adjusted;
  };
  const Row kRows[] = {
      {{}, {"h2", "http/1.1"}, {"h2", "http/1.1"}},
      {{"foo"}, {"h2", "http/1.1"}, {"foo", "h2", "http/1.1"}},
      {{"http/1.1"}, {"h2", "http/1.1"}, {"http/1.1", "h2"}},
      {{"h2", "foo"}, {"http/1.1"}, {"foo", "http/1.1"}},
      {{"http/1.1"}, {"h2"}, {"h2"}},
      {{"h2", "foo"}, {}, {"h2", "foo"}},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(AdjustNextProtos(row.next_protos, row.offered), row.adjusted) << &row - kRows;
  }
}

TEST(ConfigTest, CipherSuitesAreOfTls12AndOfOurSix) {
  Config server = ServerConfig();
  server.CipherSuites = {TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384};
  server.MaxVersion = VersionTLS12;
  Pair pair(server, ClientConfig());
  pair.Exchange();
  ASSERT_TRUE(pair.Done());
  EXPECT_EQ(pair.Seen().CipherSuite, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384);
  EXPECT_EQ(pair.Seen().CipherSuiteName, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
  server.CipherSuites = {0x002F};  // RSA key exchange, CBC
  EXPECT_EQ(ServerContext::Create(server).error().Message(),
            "tls: CipherSuites: 0x002F is none of TLS 1.2 with ECDHE and AEAD");
  // No suite that fits the certificate.
  server.CipherSuites = {TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256};
  Pair none(server, ClientConfig());
  none.Exchange();
  EXPECT_FALSE(none.Done());
}

TEST(ConfigTest, CurvePreferencesAreTheKeyExchanges) {
  for (const uint16_t curve : {CurveP256, CurveP384, CurveP521, X25519}) {
    Config server = ServerConfig();
    server.CurvePreferences = {X25519MLKEM768, curve};
    if (curve == CurveP521) server.CurvePreferences.erase(server.CurvePreferences.begin());
    Config client = ClientConfig();
    client.CurvePreferences = {curve};
    for (const uint16_t version : {VersionTLS12, VersionTLS13}) {
      // In TLS 1.2 the key of an ECDSA certificate is among the client's groups, too.
      if (version == VersionTLS12 && curve != CurveP256) continue;
      client.MaxVersion = version;
      Pair pair(server, client);
      pair.Exchange();
      ASSERT_TRUE(pair.Done()) << curve << pair.server_failure.Message();
      EXPECT_EQ(pair.Seen().CurveID, curve);
    }
  }
  Config server = ServerConfig();
  server.CurvePreferences = {1};
  EXPECT_EQ(ServerContext::Create(server).error().Message(),
            "tls: CurvePreferences: no such key exchange: 1");
}

TEST(ConfigTest, GetConfigForClientReplacesTheWholeConfig) {
  Config tenant = {.Certificates = {CertificateFor("tenant.test")}};
  tenant.MinVersion = VersionTLS13;
  tenant.NextProtos = {"own"};
  const auto tenant_context = *ServerContext::Create(tenant);
  const auto bare_context = *ServerContext::Create({.Certificates = {CertificateFor("bare.test")}});
  std::vector<uint16_t> suites;
  std::vector<std::string> protocols;
  Config server = ServerConfig();
  server.NextProtos = {"h2", "http/1.1"};
  server.GetConfigForClient =
      [&](const ClientHelloInfo& hello) -> Result<std::shared_ptr<ServerContext>> {
    suites = hello.CipherSuites;
    protocols = hello.SupportedProtos;
    EXPECT_FALSE(hello.SupportedCurves.empty());
    EXPECT_FALSE(hello.SignatureSchemes.empty());
    EXPECT_EQ(hello.SupportedVersions.back(), VersionTLS12);
    if (hello.ServerName == "tenant.test") return tenant_context;
    if (hello.ServerName == "bare.test") return bare_context;
    if (hello.ServerName == "bad.test") return Fail(Error::New("no such tenant"));
    return std::shared_ptr<ServerContext>();
  };
  Config client;
  client.InsecureSkipVerify = true;
  client.NextProtos = {"own", "http/1.1"};
  struct Row {
    std::string host, shown, protocol;
  };
  const Row kRows[] = {{"tenant.test", "tenant.test", "own"},
                       {"bare.test", "bare.test", "http/1.1"},  // the listener's, unlike Go [S4]
                       {"a.test", "a.test", "http/1.1"}};
  for (const Row& row : kRows) {
    Pair pair(server, client, row.host);
    pair.Exchange();
    ASSERT_TRUE(pair.Done()) << row.host << pair.server_failure.Message();
    EXPECT_EQ(pair.client.Layer().State()->PeerCertificates.front().CommonName, row.shown);
    EXPECT_EQ(pair.Seen().NegotiatedProtocol, row.protocol);
    EXPECT_EQ(protocols, client.NextProtos);
    EXPECT_NE(std::find(suites.begin(), suites.end(), 0x1301), suites.end());
  }
  Pair refused(server, client, "bad.test");
  refused.Exchange();
  EXPECT_EQ(refused.server_failure.Message(), "tls: no such tenant");
  client.MaxVersion = VersionTLS12;
  Pair old(server, client, "tenant.test");
  old.Exchange();
  EXPECT_EQ(old.server_failure.Message(), "tls: client offered only unsupported versions");
}

TEST(ConfigTest, VerifiedChainsLeadToTheRoot) {
  Config client = ClientConfig();
  Pair pair(ServerConfig(), client);
  pair.Exchange();
  ASSERT_TRUE(pair.Done());
  const ConnectionState& seen = *pair.client.Layer().State();
  ASSERT_EQ(seen.VerifiedChains.size(), 1U);
  const PeerCertificate& own = seen.VerifiedChains.front().front();
  EXPECT_EQ(own.Subject, "CN=a.test");
  EXPECT_EQ(own.Issuer, "CN=a.test");
  EXPECT_EQ(own.IPAddresses, std::vector<std::string>{"127.0.0.1"});
  EXPECT_EQ(own.SerialNumber.size() % 2, 0U);
  EXPECT_GT(own.NotAfter, std::chrono::system_clock::now());
  EXPECT_LT(own.NotBefore, std::chrono::system_clock::now());
  Pair blind(ServerConfig(), {.InsecureSkipVerify = true});
  blind.Exchange();
  EXPECT_TRUE(blind.client.Layer().State()->VerifiedChains.empty());
  EXPECT_FALSE(blind.client.Layer().State()->PeerCertificates.empty());
}

TEST(ConfigTest, SessionTicketKeysAreOneToSeven) {
  Config server = ServerConfig();
  server.SessionTicketKeys.resize(kSessionTicketKeysMax);
  const auto context = ServerContext::Create(server);
  ASSERT_TRUE(context);
  EXPECT_EQ((*context)->SetSessionTicketKeys({}).Message(), "tls: keys must have at least one key");
  server.SessionTicketKeys.resize(kSessionTicketKeysMax + 1);
  EXPECT_EQ(ServerContext::Create(server).error().Message(),
            "tls: more than 7 session ticket keys");
}

}  // namespace
}  // namespace hon::tls
