// httptest::Server over TLS. Builds without TLS: server_tls_none.cc.

#include <stdexcept>
#include <utility>

#include "hon/client/transport.h"
#include "hon/httptest/server.h"
#include "hon/tls/config.h"
#include "hon/tls/context.h"

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

void Server::TrustOwn(client::TransportOptions& options) const {
  tls::Config config;
  if (const Error err = config.RootCAs.AddPEM(certificate_pem_)) {
    throw std::runtime_error("httptest: " + err.Message());
  }
  Result<std::shared_ptr<tls::ClientContext>> context =
      tls::ClientContext::Create(std::move(config));
  if (!context) throw std::runtime_error("httptest: " + context.error().Message());
  options.TLS = std::move(*context);
}

}  // namespace hon::httptest
