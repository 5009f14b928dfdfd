// httptest::Server over TLS. Builds without TLS: server_tls_none.cc.

#include <utility>

#include "hon/httptest/server.h"
#include "hon/tls/config.h"

namespace hon::httptest {

void Server::StartTLS() {
  Make();
  Result<tls::Certificate> certificate = tls::SelfSigned({"127.0.0.1", "::1", "example.com"});
  if (!certificate) return Started(certificate.error(), {});
  certificate_pem_ = tls::CertificatePEM(*certificate);
  tls::Config config;
  config.Certificates.push_back(std::move(*certificate));
  Started(server_->ListenTLS("127.0.0.1:0", std::move(config)), "https://");
}

}  // namespace hon::httptest
