#pragma once

// TLS for simulations: the server's gate for listeners with TLS, and clients that trust its
// certificate. Keys, nonces and the certificate repeat with the seed.

#include <memory>
#include <string>
#include <utility>

#include "engine/simulation.h"
#include "hon/tls/context.h"
#include "server/record_gate.h"
#include "support/seeded_random.h"

namespace hon::server::simulation {

inline constexpr const char* kHost = "sim.test";

class TlsLayersOfOneLoop final : public RecordLayers {
 public:
  explicit TlsLayersOfOneLoop(std::shared_ptr<tls::ServerContext> context)
      : context_(std::move(context), {"h2", "http/1.1"}) {}
  std::unique_ptr<io::RecordLayer> NewLayer() override { return context_.NewLayer(); }
  [[nodiscard]] Duration HandshakeTimeout() const override { return context_.HandshakeTimeout(); }

 private:
  tls::LoopContext context_;
};

class Tls final : public engine::simulation::Secure {
 public:
  Tls(engine::Engine& engine, engine::LoopEngine& serving)
      : certificate_(*tls::SelfSigned({kHost})),
        gate_(engine, serving, std::make_unique<TlsLayersOfOneLoop>(NewServer())) {}

  netpoll::EventHandler& Entrance() override { return gate_; }
  std::unique_ptr<io::RecordLayer> NewClientLayer(std::string_view protocol) override {
    std::shared_ptr<tls::ClientContext>& client = protocol == "h2" ? http2_ : http1_;
    if (client == nullptr) client = NewClient({std::string(protocol)});
    return *client->NewLayer(kHost);
  }
  [[nodiscard]] std::shared_ptr<tls::ClientContext> NewClient(
      std::vector<std::string> protocols) override {
    tls::Config config{.NextProtos = std::move(protocols)};
    const Error why = config.RootCAs.AddPEM(tls::CertificatePEM(certificate_));
    HON_ASSERT(!why);
    return *tls::ClientContext::Create(std::move(config));
  }

 private:
  [[nodiscard]] std::shared_ptr<tls::ServerContext> NewServer() const {
    return *tls::ServerContext::Create({.Certificates = {certificate_}});
  }

  test::SeededRandom random_{1};
  tls::Certificate certificate_;
  RecordGate gate_;
  std::shared_ptr<tls::ClientContext> http1_;
  std::shared_ptr<tls::ClientContext> http2_;
};

inline std::unique_ptr<engine::simulation::Secure> NewTls(engine::Engine& engine,
                                                          engine::LoopEngine& serving) {
  return std::make_unique<Tls>(engine, serving);
}

}  // namespace hon::server::simulation
