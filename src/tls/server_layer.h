#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hon/tls/context.h"
#include "tls/certificate_set.h"
#include "tls/client_hello.h"
#include "tls/ssl_layer.h"
#include "tls/ticket_keys.h"

namespace hon::tls {

/// Contexts of GetConfigForClient that a loop keeps. One more drops them all; they are parsed anew
/// at their next use.
inline constexpr size_t kClientContextsMax = 1024;

/// Adjusts `next_protos` by the rules of LoopContext.
std::vector<std::string> AdjustNextProtos(const std::vector<std::string>& next_protos,
                                          const std::vector<std::string>& offered);

/// The contexts of one loop: one for each certificate of the current set, made at its first use.
struct LoopContext::Impl {
  Impl(std::shared_ptr<ServerContext> context, std::vector<std::string> offered_protocols);

  /// The LoopContext::Impl for a context of GetConfigForClient.
  std::shared_ptr<Impl> For(const std::shared_ptr<ServerContext>& context);

  /// Takes newer certificates, if there are any.
  void Refresh();
  /// The context for the certificate at `index`.
  Result<SSL_CTX*> ContextAt(size_t index);
  Result<SslContextPtr> NewContext(const Certificate& certificate);
  [[nodiscard]] TicketKeys& Tickets() const { return *server->tickets_; }
  [[nodiscard]] const Config& GetConfig() const { return server->config_; }

  std::shared_ptr<ServerContext> server;
  std::vector<std::string> offered;    // by the listener
  std::vector<std::string> protocols;  // for ALPN
  std::unordered_map<const ServerContext*, std::shared_ptr<Impl>> for_client;
  std::shared_ptr<const CertificateSet> certificates;
  std::vector<SslContextPtr> contexts;
  uint64_t generation = 0;
};

/// The server end of a connection. Before a whole ClientHello there is only this object, and none
/// of OpenSSL.
class ServerLayer final : public SslLayer {
 public:
  explicit ServerLayer(std::shared_ptr<LoopContext::Impl> loop) : loop_(std::move(loop)) {}

  Error Start(io::LinkBuffer&) override { return {}; }

  [[nodiscard]] bool HasLongStep() const override { return LongStepBegun(); }
  void RunLongStep() override { DoLongStep(); }

  /// The first of our protocols that a client offers by ALPN; null for none. The server's
  /// preference decides (RFC 7301 §3.2).
  [[nodiscard]] const std::string* FirstOffered(const ClientHello& hello) const;
  [[nodiscard]] LoopContext::Impl& Loop() { return *loop_; }

 private:
  Error OpenHandshake(io::LinkBuffer& received, io::LinkBuffer& plain,
                      io::LinkBuffer& sealed) override;
  void OnFlood() override;
  Error OpenHello(io::LinkBuffer& received, io::LinkBuffer& plain, io::LinkBuffer& sealed);
  Error Begin(const ClientHello& hello, io::LinkBuffer& sealed);
  Error ChooseContext(const ClientHello& hello, io::LinkBuffer& sealed);
  Error CheckProtocols(const ClientHello& hello, io::LinkBuffer& sealed);
  Result<SslContextPtr> Chosen(const ClientHello& hello, bool tls13, io::LinkBuffer& sealed,
                               SSL_CTX** shared);
  Error Refuse(Alert alert, std::string why, io::LinkBuffer& sealed);
  void BindTickets(const ClientHello& hello);

  bool begun_ = false;
  bool slow_ = false;  // the key of the certificate
  std::shared_ptr<LoopContext::Impl> loop_;
};

}  // namespace hon::tls
