#include "client/tls.h"

#include "hon/tls/context.h"

namespace hon::client {

Result<std::shared_ptr<tls::ClientContext>> NewTlsContext() {
  tls::Config config;
  config.NextProtos = {"http/1.1"};
  return tls::ClientContext::Create(std::move(config));
}

Result<std::unique_ptr<io::RecordLayer>> NewTlsLayer(tls::ClientContext& context,
                                                     std::string_view host) {
  return context.NewLayer(host);
}

}  // namespace hon::client
