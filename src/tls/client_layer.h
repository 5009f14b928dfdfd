#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "hon/tls/context.h"
#include "tls/ssl_layer.h"

namespace hon::tls {

struct ClientContext::Impl {
  Config config;
  SslContextPtr context;
};

/// The client end of a connection.
class ClientLayer final : public SslLayer {
 public:
  explicit ClientLayer(std::shared_ptr<ClientContext::Impl> context)
      : context_(std::move(context)) {}

  /// `host` is the dialed host: sent as SNI, unless it is an IP address, and verified.
  Error Prepare(std::string_view host);
  Error Start(io::LinkBuffer& sealed) override;

 private:
  Error Failure() override;

  std::shared_ptr<ClientContext::Impl> context_;
};

}  // namespace hon::tls
