// A Transport and its server over TLS with seeds (transport_simulation.h).

#include "client/transport_simulation.h"
#include "server/tls_simulation.h"

namespace hon::client {
namespace {

using engine::simulation::NewSecure;
using engine::simulation::RunSeeds;
using simulation::TransportSimulation;

constexpr uint32_t kTlsSeeds = engine::simulation::kSeeds / 4;  // one is 5 ms

TEST(TransportTlsSimulationTest, EverySeedOfHttp1Ends) {
  RunSeeds(kTlsSeeds, [](uint32_t seed) {
    TransportSimulation(seed, false, server::simulation::NewTls).Run();
  });
}

TEST(TransportTlsSimulationTest, EverySeedOfHttp2Ends) {
  RunSeeds(kTlsSeeds, [](uint32_t seed) {
    TransportSimulation(seed, true, server::simulation::NewTls).Run();
  });
}

TEST(TransportTlsSimulationTest, ASeedReproducesItsRun) {
  const NewSecure secure = server::simulation::NewTls;
  engine::simulation::ExpectReproducible<TransportSimulation>(false, secure);
  engine::simulation::ExpectReproducible<TransportSimulation>(true, secure);
}

}  // namespace
}  // namespace hon::client
