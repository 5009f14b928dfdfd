// The parts of Server that need hon::tls. Builds without TLS: server_tls_none.cc.

#include <algorithm>
#include <memory>
#include <utility>

#include "hon/server/server.h"
#include "hon/tls/certificate_watch.h"
#include "hon/tls/context.h"

namespace hon::server {
namespace {

class TlsLayers final : public RecordLayers {
 public:
  TlsLayers(std::shared_ptr<tls::ServerContext> context, std::vector<std::string> offered,
            std::shared_ptr<tls::CertificateWatch> watch)
      : loop_(std::move(context), std::move(offered)), watch_(std::move(watch)) {}
  std::unique_ptr<io::RecordLayer> NewLayer() override { return loop_.NewLayer(); }
  [[nodiscard]] Duration HandshakeTimeout() const override { return loop_.HandshakeTimeout(); }

 private:
  tls::LoopContext loop_;
  std::shared_ptr<tls::CertificateWatch> watch_;  // may be null
};

// The protocols that listeners with TLS offer by ALPN, best first.
std::vector<std::string> OfferedProtocols(http::Protocols protocols) {
  std::vector<std::string> offered;
  if (protocols.HTTP2()) offered.emplace_back("h2");
  if (protocols.HTTP1()) offered.emplace_back("http/1.1");
  return offered;
}

// RFC 9113 §9.2.2 demands a suite; a client with only that suite could not use HTTP/2.
Error CheckSuites(const tls::Config& config, http::Protocols protocols) {
  const std::vector<uint16_t>& suites = config.CipherSuites;
  if (!protocols.HTTP2() || suites.empty() || config.MinVersion >= tls::VersionTLS13) return {};
  const bool has = std::any_of(suites.begin(), suites.end(), [](uint16_t suite) {
    return suite == tls::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 ||
           suite == tls::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
  });
  if (has) return {};
  return Error::New(
      "http2: TLSConfig.CipherSuites is missing an HTTP/2-required AES_128_GCM_SHA256 cipher (need "
      "at least one of TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or "
      "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)");
}

using Report = std::function<void(const engine::Event&)>;

// Null without files to check, or without a thread.
std::shared_ptr<tls::CertificateWatch> Watch(const std::shared_ptr<tls::ServerContext>& context,
                                             const Server& server, const Report& report) {
  const Duration interval = context->GetConfig().CertificateReloadInterval;
  if (interval == kUnlimited || context->CertificateFiles().empty()) return nullptr;
  const auto tell = [report](std::string_view line) {
    report({.kind = engine::Event::Kind::kCertificate, .detail = line});
  };
  auto watch = tls::CertificateWatch::Start(context, interval, tell, &server);
  if (watch) return std::move(*watch);
  const std::string line = "http: certificates are not looked at: " + watch.error().Message();
  report({.kind = engine::Event::Kind::kCertificate, .detail = line});
  return nullptr;
}

Result<NewRecordLayers> LayersOf(std::shared_ptr<tls::ServerContext> context,
                                 http::Protocols protocols, const Server& server,
                                 const Report& report) {
  if (Error why = CheckSuites(context->GetConfig(), protocols)) return Fail(std::move(why));
  const auto watch = Watch(context, server, report);
  return NewRecordLayers([context = std::move(context), offered = OfferedProtocols(protocols),
                          watch] { return std::make_unique<TlsLayers>(context, offered, watch); });
}

Result<tls::Config> ConfigOf(const Options& options, const std::string& cert_file,
                             const std::string& key_file) {
  tls::Config config;
  if (options.tls != nullptr) config = *options.tls;
  if (!cert_file.empty() || !key_file.empty()) {
    HON_TRY(tls::Certificate certificate, tls::LoadX509KeyPair(cert_file, key_file));
    config.Certificates.clear();
    config.Certificates.push_back(std::move(certificate));
  }
  return config;
}

}  // namespace

Option WithTLS(tls::Config config) {
  return [config = std::make_shared<const tls::Config>(std::move(config))](Options& options) {
    options.tls = config;
  };
}

Error Server::ListenTLS(std::string_view address, std::shared_ptr<tls::ServerContext> context) {
  Result<NewRecordLayers> layers =
      LayersOf(std::move(context), GetOptions().protocols, *this, Reporter());
  return layers ? ListenRecords(address, std::move(*layers)) : std::move(layers.error());
}

Error Server::ListenTLS(std::string_view address, tls::Config config) {
  auto context = tls::ServerContext::Create(std::move(config));
  return context ? ListenTLS(address, std::move(*context)) : std::move(context.error());
}

Error Server::ListenTLS(std::string_view address, const std::string& cert_file,
                        const std::string& key_file) {
  Result<tls::Config> config = ConfigOf(GetOptions(), cert_file, key_file);
  return config ? ListenTLS(address, std::move(*config)) : std::move(config.error());
}

Error Server::ListenTLS(std::string_view address) { return ListenTLS(address, "", ""); }

Error Server::ServeTLS(int fd, const std::string& cert_file, const std::string& key_file) {
  Result<tls::Config> config = ConfigOf(GetOptions(), cert_file, key_file);
  if (!config) return std::move(config.error());
  auto context = tls::ServerContext::Create(std::move(*config));
  if (!context) return std::move(context.error());
  Result<NewRecordLayers> layers =
      LayersOf(std::move(*context), GetOptions().protocols, *this, Reporter());
  if (!layers) return std::move(layers.error());
  HON_RETURN_IF_ERROR(ListenFd(fd, std::move(*layers)));
  return Serve();
}

Error Server::ListenAndServeTLS(std::string_view address, const std::string& cert_file,
                                const std::string& key_file) {
  if (address.empty()) address = ":https";
  HON_RETURN_IF_ERROR(ListenTLS(address, cert_file, key_file));
  return Serve();
}

Error ListenAndServeTLS(std::string_view address, const std::string& cert_file,
                        const std::string& key_file, http::Handler& handler) {
  engine::Engine engine(handler);
  Server server(engine);
  return server.ListenAndServeTLS(address, cert_file, key_file);
}

}  // namespace hon::server
