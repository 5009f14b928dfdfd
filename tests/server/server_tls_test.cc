// The server's calls for TLS: the source of the Config, and the offered protocols.

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "hon/engine/engine.h"
#include "hon/server/server.h"
#include "hon/tls/config.h"
#include "hon/tls/limits.h"
#include "support/eventually.h"
#include "support/loopback_listener.h"
#include "support/temp_dir.h"
#include "support/test_server.h"
#include "support/tls_peer.h"
#include "support/wire_peer.h"
#include "tls/certificate_data.h"

namespace hon::server {
namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";

tls::Config ConfigFor(const std::string& name) {
  return {.Certificates = {*tls::SelfSigned({name})}};
}

class ServerTlsTest : public test::BackendTest {
 protected:
  [[nodiscard]] std::string Shown(const std::string& address) const {
    test::TlsPeer peer(address, {.InsecureSkipVerify = true});
    if (peer.State() == nullptr) return peer.Failure().Message();
    peer.Send(kGet);
    EXPECT_TRUE(peer.Receive().ends_with("answered")) << address;
    return peer.State()->PeerCertificates.front().CommonName;
  }
  http::HandlerFunc handler_{[](http::ResponseWriter& w, http::Request&) { w.Write("answered"); }};
  engine::Engine engine_{handler_};
};

TEST_P(ServerTlsTest, FilesReplaceTheCertificatesOfWithTLS) {
  const support::TempDir folder;
  Server server(engine_, WithBackend(GetParam()), WithLoops(1), WithTLS(ConfigFor("of.test")));
  ASSERT_FALSE(server.ListenTLS("127.0.0.1:0"));
  ASSERT_FALSE(server.ListenTLS("127.0.0.1:0", ConfigFor("own.test")));
  EXPECT_EQ(Shown(server.Addresses()[0]), "of.test");
  EXPECT_EQ(Shown(server.Addresses()[1]), "own.test");
  const Error missing =
      server.ListenTLS("127.0.0.1:0", folder.Path("no.cert"), folder.Path("no.key"));
  EXPECT_EQ(missing.SystemCode(), ENOENT) << missing.Message();
  folder.Write("pair", tls::CertificatePEM(*tls::SelfSigned({"file.test"})));
  EXPECT_NE(server.ListenTLS("127.0.0.1:0", folder.Path("pair"), folder.Path("pair"))
                .Message()
                .find("no private key in the PEM data"),
            std::string::npos);
  Server none(engine_, WithBackend(GetParam()), WithLoops(1));
  EXPECT_EQ(none.ListenTLS("127.0.0.1:0").Message(),
            "tls: neither Certificates nor GetCertificate nor GetConfigForClient in the Config");
}

TEST_P(ServerTlsTest, ServesAnInheritedSocket) {
  test::LoopbackListener listener;
  const int fd = listener.Release();
  Server server(engine_, WithBackend(GetParam()), WithLoops(1), WithTLS(ConfigFor("of.test")));
  std::thread serving([&] { EXPECT_TRUE(server.ServeTLS(fd, "", "").Is(http::ErrServerClosed)); });
  EXPECT_EQ(Shown(listener.Address()), "of.test");
  EXPECT_FALSE(server.Close());
  serving.join();
}

// A listener offers the server's protocols, for any NextProtos.
TEST_P(ServerTlsTest, OffersTheProtocolsThatAreServed) {
  tls::Config config = ConfigFor("of.test");
  config.NextProtos = {"foo"};
  http::Protocols one;
  one.SetHTTP1(true);
  Server server(engine_, WithBackend(GetParam()), WithLoops(1), WithProtocols(one));
  ASSERT_FALSE(server.ListenTLS("127.0.0.1:0", config));
  const auto agreed = [&](std::vector<std::string> protocols) {
    test::TlsPeer peer(server.Addresses()[0],
                       {.InsecureSkipVerify = true, .NextProtos = std::move(protocols)});
    return peer.State() == nullptr ? peer.Failure().Message() : peer.State()->NegotiatedProtocol;
  };
  EXPECT_EQ(agreed({"h2", "http/1.1"}), "http/1.1");
  EXPECT_EQ(agreed({"http/1.1", "foo"}), "foo");
  EXPECT_EQ(agreed({"h2"}), "remote error: tls: no application protocol");
  EXPECT_EQ(agreed({}), "");
  Server nothing(engine_, WithBackend(GetParam()), WithLoops(1), WithProtocols({}));
  EXPECT_EQ(nothing.ListenTLS("127.0.0.1:0", config).Message(),
            "http: WithProtocols leaves no protocol that is served");
}

// RFC 9113 §9.2.2 [S9]; irrelevant where HTTP/2 is not served.
TEST_P(ServerTlsTest, SuitesWithoutTheOneOfHttp2AreRefused) {
  tls::Config config = ConfigFor("of.test");
  config.CipherSuites = {tls::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384};
  Server server(engine_, WithBackend(GetParam()), WithLoops(1));
  const Error why = server.ListenTLS("127.0.0.1:0", config);
  EXPECT_TRUE(why.Message().starts_with("http2: TLSConfig.CipherSuites is missing"));
  config.MinVersion = tls::VersionTLS13;
  EXPECT_FALSE(server.ListenTLS("127.0.0.1:0", config));
}

// Handshakes with an RSA key sign on another thread; an older client of a name with both kinds of
// keys gets the RSA certificate.
TEST_P(ServerTlsTest, ClientsGetTheCertificateThatTheyCanVerify) {
  tls::Config config = ConfigFor("both.test");
  config.Certificates.push_back(*tls::MakeSelfSigned({"both.test"}, {.rsa = true}));
  Server server(engine_, WithBackend(GetParam()), WithLoops(1));
  ASSERT_FALSE(server.ListenTLS("127.0.0.1:0", config));
  tls::Config client;
  client.InsecureSkipVerify = true;
  client.MaxVersion = tls::VersionTLS12;
  for (const uint16_t suite :
       {tls::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}) {
    client.CipherSuites = {suite};
    for (int i = 0; i < 5; ++i) {
      test::TlsPeer peer(server.Addresses()[0], client, "both.test");
      ASSERT_NE(peer.State(), nullptr) << peer.Failure().Message();
      EXPECT_EQ(peer.State()->CipherSuite, suite);
      peer.Send(kGet);
      EXPECT_TRUE(peer.Receive().ends_with("answered"));
    }
  }
}

TEST_P(ServerTlsTest, AFloodOfRecordsIsCutAndIsAnEvent) {
  test::EventLog log;
  http::HandlerFunc reader([](http::ResponseWriter&, http::Request& r) {
    static_cast<void>(r.Body.ReadAll(1'000'000));
  });
  engine::Engine engine(reader, engine::WithEventHook(log.Hook()));
  const auto context = *tls::ServerContext::Create(ConfigFor("flood.test"));
  Server server(engine, WithBackend(GetParam()), WithLoops(1));
  ASSERT_FALSE(server.ListenTLS("127.0.0.1:0", context));
  test::TlsPeer peer(server.Addresses()[0], {.InsecureSkipVerify = true});
  ASSERT_NE(peer.State(), nullptr);
  // A body of tiny records; the server may cut the connection before all is sent.
  peer.Send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n");
  for (size_t i = 0; i < tls::kTinyRecordsMax + 1; ++i) peer.Send("x");
  ASSERT_TRUE(test::Eventually([&] { return !log.Entries().empty(); }));
  EXPECT_EQ(log.Entries().front().kind, engine::Event::Kind::kFlood);
  EXPECT_TRUE(log.Entries().front().detail.starts_with("http: TLS connection from 127.0.0.1:"));
  EXPECT_TRUE(log.Entries().front().detail.ends_with("tls: too many records of few bytes"));
  EXPECT_EQ(context->GetStats().floods, 1U);
}

// A file with a certificate and its key, which a server reads every 5 ms.
class PairFile {
 public:
  explicit PairFile(const std::string& name) { Replace(name); }
  void Replace(const std::string& name) const {
    const tls::Certificate made = *tls::SelfSigned({name});
    folder_.Write("new", tls::CertificatePEM(made) + tls::PrivateKeyPEM(made));
    std::filesystem::rename(folder_.Path("new"), path_);
  }
  [[nodiscard]] tls::Config Config() const {
    return {.Certificates = {*tls::LoadX509KeyPair(path_, path_)},
            .CertificateReloadInterval = std::chrono::milliseconds(5)};
  }

 private:
  const support::TempDir folder_;
  const std::string path_ = folder_.Path("pair");
};

TEST_P(ServerTlsTest, ChangedFilesAreReadAndAreAnEvent) {
  const PairFile pair("old.test");
  test::EventLog log;
  engine::Engine engine(handler_, engine::WithEventHook(log.Hook()));
  Server server(engine, WithBackend(GetParam()), WithLoops(1));
  ASSERT_FALSE(server.ListenTLS("127.0.0.1:0", pair.Config()));
  EXPECT_EQ(Shown(server.Addresses()[0]), "old.test");
  pair.Replace("new.test");
  ASSERT_TRUE(test::Eventually([&] { return !log.Entries().empty(); }));
  EXPECT_EQ(log.Entries().front().kind, engine::Event::Kind::kCertificate);
  EXPECT_EQ(Shown(server.Addresses()[0]), "new.test");
}

TEST_P(ServerTlsTest, ListenersOfOneContextReadItsFilesOnce) {
  const PairFile pair("old.test");
  test::EventLog log;
  engine::Engine engine(handler_, engine::WithEventHook(log.Hook()));
  const auto context = *tls::ServerContext::Create(pair.Config());
  Server server(engine, WithBackend(GetParam()), WithLoops(2));
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(server.ListenTLS("127.0.0.1:0", context));
  for (uint64_t i = 1; i <= 3; ++i) {
    pair.Replace("new.test");
    ASSERT_TRUE(test::Eventually([&] { return log.Entries().size() >= i; }));
    EXPECT_EQ(context->GetStats().reloads, i);
  }
  EXPECT_EQ(log.Entries().size(), 3U);
}

// The PROXY protocol in front of TLS (haproxy.org, proxy-protocol.txt, section 2).
class ProxyTlsTest : public ServerTlsTest {
 protected:
  /// What a client gets that sends `header`, then shakes hands and asks for its address; every
  /// `cut` bytes go in a piece of their own.
  static std::string Ask(const std::string& address, const std::string& header, size_t cut) {
    test::TlsPeer peer(address, {.InsecureSkipVerify = true}, header, cut);
    if (peer.State() == nullptr) return "";
    peer.Send(kGet);
    const std::string answer = peer.Receive();
    return answer.substr(answer.find("\r\n\r\n") + 4);
  }

  const std::string text_ = "PROXY TCP4 192.0.2.1 198.51.100.2 12345 443\r\n";
  const std::string binary_ = std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C", 16) +
                              std::string("\xC0\x00\x02\x01\xC6\x33\x64\x02\x30\x39\x01\xBB", 12);
  test::EventLog log_;
  http::HandlerFunc address_{
      [](http::ResponseWriter& w, http::Request& r) { w.Write(r.RemoteAddr); }};
  engine::Engine proxied_{address_, engine::WithEventHook(log_.Hook())};
};

TEST_P(ProxyTlsTest, TheHandlerSeesTheClientWhateverTheCut) {
  Server server(proxied_, WithBackend(GetParam()), WithLoops(1),
                WithProxyProtocol({.trusted = {"127.0.0.0/8"}}));
  ASSERT_FALSE(server.ListenTLS("127.0.0.1:0", ConfigFor("proxied.test")));
  const std::string address = server.Addresses()[0];
  for (const std::string& header : {text_, binary_}) {
    // The first piece ends at every byte of the header, and inside of the ClientHello behind it.
    for (size_t cut = 1; cut <= header.size() + 8; ++cut) {
      EXPECT_EQ(Ask(address, header, cut), "192.0.2.1:12345") << cut;
    }
    EXPECT_EQ(Ask(address, header, SIZE_MAX), "192.0.2.1:12345");
  }
  EXPECT_TRUE(log_.Entries().empty());
}

TEST_P(ProxyTlsTest, WithoutAHeaderOrWithAWrongOneTheConnectionIsCut) {
  Server server(proxied_, WithBackend(GetParam()), WithLoops(1),
                WithProxyProtocol({.trusted = {"127.0.0.1"}}));
  ASSERT_FALSE(server.ListenTLS("127.0.0.1:0", ConfigFor("proxied.test")));
  for (const std::string& header : {std::string(), std::string("PROXY TCP4 x y 1 2\r\n")}) {
    EXPECT_EQ(Ask(server.Addresses()[0], header, SIZE_MAX), "");
  }
  ASSERT_TRUE(test::Eventually([&] { return log_.Entries().size() == 2; }));
  EXPECT_EQ(log_.Entries()[0].kind, engine::Event::Kind::kBadRequest);
  EXPECT_TRUE(log_.Entries()[0].detail.starts_with("http: no PROXY header from 127.0.0.1:"));
  EXPECT_TRUE(log_.Entries()[1].detail.starts_with("http: a wrong PROXY header from 127.0.0.1:"));
}

TEST_P(ProxyTlsTest, AHeaderMustComeInTimeAndMayBeOptional) {
  Server slow(proxied_, WithBackend(GetParam()), WithLoops(1),
              WithProxyProtocol({.trusted = {"127.0.0.1"},
                                 .required = false,
                                 .header_timeout = std::chrono::milliseconds(50)}));
  ASSERT_FALSE(slow.ListenTLS("127.0.0.1:0", ConfigFor("proxied.test")));
  test::WirePeer silent(slow.Addresses()[0]);
  ASSERT_TRUE(silent.Send("PROXY TCP4 "));
  EXPECT_EQ(silent.ReadAll(), "");
  ASSERT_TRUE(test::Eventually([&] { return !log_.Entries().empty(); }));
  EXPECT_TRUE(log_.Entries()[0].detail.starts_with("http: no PROXY header in time from "));
  Server server(proxied_, WithBackend(GetParam()), WithLoops(1),
                WithProxyProtocol({.trusted = {"127.0.0.1"}, .required = false}));
  ASSERT_FALSE(server.ListenTLS("127.0.0.1:0", ConfigFor("proxied.test")));
  EXPECT_TRUE(Ask(server.Addresses()[0], "", SIZE_MAX).starts_with("127.0.0.1:"));
}

// A header of an address that is no trusted proxy's is no ClientHello.
TEST_P(ProxyTlsTest, AHeaderOfAnybodyElseIsAFailedHandshake) {
  Server server(proxied_, WithBackend(GetParam()), WithLoops(1),
                WithProxyProtocol({.trusted = {"10.0.0.0/8"}}));
  ASSERT_FALSE(server.ListenTLS("127.0.0.1:0", ConfigFor("proxied.test")));
  EXPECT_EQ(Ask(server.Addresses()[0], text_, SIZE_MAX), "");
  ASSERT_TRUE(test::Eventually([&] { return !log_.Entries().empty(); }));
  EXPECT_EQ(log_.Entries()[0].kind, engine::Event::Kind::kHandshake);
  EXPECT_TRUE(Ask(server.Addresses()[0], "", SIZE_MAX).starts_with("127.0.0.1:"));
}

// Connections count for the client that the header names, not for the proxy.
TEST_P(ProxyTlsTest, LimitsCountTheClient) {
  Server server(proxied_, WithBackend(GetParam()), WithLoops(1), WithMaxConnectionsPerIP(1),
                WithProxyProtocol({.trusted = {"127.0.0.1"}}));
  ASSERT_FALSE(server.ListenTLS("127.0.0.1:0", ConfigFor("proxied.test")));
  const std::string address = server.Addresses()[0];
  test::TlsPeer first(address, {.InsecureSkipVerify = true}, text_, SIZE_MAX);
  ASSERT_NE(first.State(), nullptr);
  test::TlsPeer second(address, {.InsecureSkipVerify = true}, text_, SIZE_MAX);
  second.Send(kGet);
  EXPECT_TRUE(second.Receive().starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(Ask(address, "PROXY TCP4 192.0.2.9 198.51.100.2 1 443\r\n", SIZE_MAX), "192.0.2.9:1");
}

HON_INSTANTIATE_BACKENDS(ServerTlsTest);
HON_INSTANTIATE_BACKENDS(ProxyTlsTest);

}  // namespace
}  // namespace hon::server
