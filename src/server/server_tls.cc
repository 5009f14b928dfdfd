// The parts of Server that need hon::tls. Builds without TLS: server_tls_none.cc.

#include <memory>
#include <utility>

#include "hon/server/server.h"
#include "hon/tls/context.h"

namespace hon::server {
namespace {

class TlsLayers final : public RecordLayers {
 public:
  explicit TlsLayers(std::shared_ptr<tls::ServerContext> context) : loop_(std::move(context)) {}
  std::unique_ptr<io::RecordLayer> NewLayer() override { return loop_.NewLayer(); }
  [[nodiscard]] Duration HandshakeTimeout() const override { return loop_.HandshakeTimeout(); }

 private:
  tls::LoopContext loop_;
};

}  // namespace

Error Server::ListenTLS(std::string_view address, std::shared_ptr<tls::ServerContext> context) {
  return ListenRecords(
      address, [context = std::move(context)] { return std::make_unique<TlsLayers>(context); });
}

Error Server::ListenTLS(std::string_view address, tls::Config config) {
  if (config.NextProtos.empty()) config.NextProtos = {"http/1.1"};
  auto context = tls::ServerContext::Create(std::move(config));
  if (!context) return std::move(context.error());
  return ListenTLS(address, std::move(*context));
}

Error Server::ListenTLS(std::string_view address, const std::string& cert_file,
                        const std::string& key_file) {
  auto certificate = tls::LoadX509KeyPair(cert_file, key_file);
  if (!certificate) return std::move(certificate.error());
  tls::Config config;
  config.Certificates.push_back(std::move(*certificate));
  return ListenTLS(address, std::move(config));
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
