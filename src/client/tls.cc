#include "client/tls.h"

#include <utility>

#include "hon/tls/context.h"

namespace hon::client {

Result<std::shared_ptr<tls::ClientContext>> NewTlsContext(std::vector<std::string> protocols) {
  tls::Config config;
  config.NextProtos = std::move(protocols);
  return tls::ClientContext::Create(std::move(config));
}

Result<std::unique_ptr<io::RecordLayer>> NewTlsLayer(tls::ClientContext& context,
                                                     std::string_view host, bool http1_only) {
  return http1_only ? context.NewHttp1Layer(host) : context.NewLayer(host);
}

}  // namespace hon::client
