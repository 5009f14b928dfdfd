#include "tls_listener.h"

#include <cstdio>
#include <memory>
#include <utility>

#include "hon/tls/context.h"

namespace hon::app {
namespace {

Result<tls::Certificate> CertificateOf(const Flags& flags) {
  if (!flags.cert.empty()) {
    return tls::LoadX509KeyPair(flags.cert, flags.key.empty() ? flags.cert : flags.key);
  }
  std::fprintf(stderr,
               "hon: no --cert: using a self-signed certificate for localhost, which no client "
               "trusts\n");
  return tls::SelfSigned({"localhost", "127.0.0.1", "::1"});
}

}  // namespace

Error ListenTls(server::Server& server, const Flags& flags, std::function<Error()>* reload) {
  Result<tls::Certificate> certificate = CertificateOf(flags);
  if (!certificate) return std::move(certificate.error());
  tls::Config config;
  config.Certificates.push_back(std::move(*certificate));
  Result<std::shared_ptr<tls::ServerContext>> context =
      tls::ServerContext::Create(std::move(config));
  if (!context) return std::move(context.error());
  *reload = [context = *context] { return context->Reload(); };
  return server.ListenTLS(flags.tls_address, std::move(*context));
}

}  // namespace hon::app
