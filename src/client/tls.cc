#include "client/tls.h"

#include "hon/tls/context.h"

namespace hon::client {

Result<std::shared_ptr<tls::ClientContext>> NewTlsContext() {
  return tls::ClientContext::Create({});
}

Result<std::unique_ptr<io::RecordLayer>> NewTlsLayer(tls::ClientContext& context,
                                                     std::string_view host,
                                                     const std::vector<std::string>& protocols,
                                                     bool http1_only) {
  if (context.OffersProtocols() && !http1_only) return context.NewLayer(host);
  return context.NewLayerOffering(host, protocols);
}

}  // namespace hon::client
