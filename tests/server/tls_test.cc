// The server's calls for TLS: the source of the Config, and the offered protocols.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <thread>

#include "hon/engine/engine.h"
#include "hon/server/server.h"
#include "hon/tls/config.h"
#include "support/temp_dir.h"
#include "support/test_server.h"
#include "support/tls_peer.h"

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
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof(any)), 0);
  ASSERT_EQ(::listen(fd, 16), 0);
  socklen_t size = sizeof(any);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&any), &size), 0);
  Server server(engine_, WithBackend(GetParam()), WithLoops(1), WithTLS(ConfigFor("of.test")));
  std::thread serving([&] { EXPECT_TRUE(server.ServeTLS(fd, "", "").Is(http::ErrServerClosed)); });
  EXPECT_EQ(Shown("127.0.0.1:" + std::to_string(ntohs(any.sin_port))), "of.test");
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

HON_INSTANTIATE_BACKENDS(ServerTlsTest);

}  // namespace
}  // namespace hon::server
