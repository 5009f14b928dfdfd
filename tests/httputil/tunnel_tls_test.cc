// WebSockets through a ReverseProxy to servers over TLS, whose protocol ALPN chooses.

#include <memory>
#include <string>

#include "hon/http/client.h"
#include "hon/tls/context.h"
#include "httputil/upgrade_fixture.h"

namespace hon {
namespace {

using test::Only;

class ProxiedUpgradeOverTls : public test::ProxiedUpgradeTest {
 protected:
  /// Options that trust the server behind the proxy and offer both protocols.
  [[nodiscard]] client::TransportOptions Trusting() const {
    tls::Config config;
    EXPECT_FALSE(config.RootCAs.AddPEM(back_->CertificatePEM()));
    config.NextProtos = {"h2", "http/1.1"};
    client::TransportOptions options;
    options.TLS = *tls::ClientContext::Create(std::move(config));
    return options;
  }
  [[nodiscard]] std::string ProtocolOfAPage() const {
    http::Client client;
    auto answer = client.Get(front_->URL + "/");
    return answer ? answer->Body.ReadAll().value_or("?") : answer.error().Message();
  }
};

TEST_P(ProxiedUpgradeOverTls, ToAServerOfBothIsHttp1) {
  StartBack(Only(true, true, false), true);
  StartFront(back_->URL, {}, Trusting());
  ExpectEchoesOnBothFronts(1);
}

TEST_P(ProxiedUpgradeOverTls, SharesAConnectionOfHttp2) {  // RFC 8441
  StartBack(Only(true, true, false), true);
  StartFront(back_->URL, {}, Trusting());
  ASSERT_EQ(ProtocolOfAPage(), "HTTP/2.0");
  ExpectEchoesOnBothFronts(2);
}

TEST_P(ProxiedUpgradeOverTls, IsHttp2WhereHttp1IsExcluded) {
  StartBack(Only(false, true, false), true);
  StartFront(back_->URL, Only(false, true, false), Trusting());
  ExpectEchoesOnBothFronts(2);
}

HON_INSTANTIATE_BACKENDS(ProxiedUpgradeOverTls);

}  // namespace
}  // namespace hon
