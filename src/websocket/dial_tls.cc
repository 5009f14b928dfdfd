#include "websocket/dial_tls.h"

#include <utility>

#include "hon/tls/context.h"

namespace hon::websocket::internal {

Result<std::unique_ptr<io::RecordLayer>> NewTlsLayer(
    const std::shared_ptr<tls::ClientContext>& context, std::string_view host) {
  if (context != nullptr) return context->NewLayer(host);
  tls::Config config;
  config.NextProtos = {"http/1.1"};
  HON_TRY(const std::shared_ptr<tls::ClientContext> own,
          tls::ClientContext::Create(std::move(config)));
  return own->NewLayer(host);
}

}  // namespace hon::websocket::internal
