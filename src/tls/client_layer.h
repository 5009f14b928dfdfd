#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "hon/tls/context.h"
#include "tls/client_sessions.h"
#include "tls/ssl_layer.h"

namespace hon::tls {

struct ClientContext::Impl {
  Config config;
  SslContextPtr context;
  ClientSessions sessions;
};

/// The client end of a connection.
class ClientLayer final : public SslLayer {
 public:
  explicit ClientLayer(std::shared_ptr<ClientContext::Impl> context)
      : context_(std::move(context)) {}
  ~ClientLayer() override;
  ClientLayer(const ClientLayer&) = delete;
  ClientLayer& operator=(const ClientLayer&) = delete;

  /// `host` is the dialed host: sent as SNI, unless it is an IP address, and verified.
  Error Prepare(std::string_view host, std::string_view route);
  /// Offers `protocols` by ALPN. Behind Prepare.
  Error Offer(const std::vector<std::string>& protocols);
  Error Start(io::LinkBuffer& sealed) override;

  /// Keeps a session that the server has offered.
  void Keep(SessionPtr session) { context_->sessions.Add(route_, std::move(session)); }

 private:
  Error Failure() override;

  std::shared_ptr<ClientContext::Impl> context_;
  std::string route_;
};

}  // namespace hon::tls
