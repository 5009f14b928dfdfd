// Servers of HTTP/1 and HTTP/2 over TLS with seeds: the simulations of room engine behind the gate
// of listeners with TLS.

#include "engine/http1_simulation.h"
#include "engine/http2_simulation.h"
#include "server/tls_simulation.h"

namespace hon::server {
namespace {

using engine::simulation::Http1Simulation;
using engine::simulation::Http2Simulation;
using engine::simulation::NewSecure;
using engine::simulation::RunSeeds;

constexpr uint32_t kTlsSeeds = engine::simulation::kSeeds / 4;  // one is 5 ms

TEST(TlsSimulationTest, EverySeedOfHttp1EndsWhole) {
  RunSeeds(kTlsSeeds, [](uint32_t seed) { Http1Simulation(seed, simulation::NewTls).Run(); });
}

TEST(TlsSimulationTest, EverySeedOfHttp2EndsWhole) {
  RunSeeds(kTlsSeeds, [](uint32_t seed) { Http2Simulation(seed, simulation::NewTls).Run(); });
}

TEST(TlsSimulationTest, ASeedReproducesItsRun) {
  engine::simulation::ExpectReproducible<Http1Simulation>(NewSecure(simulation::NewTls));
  engine::simulation::ExpectReproducible<Http2Simulation>(NewSecure(simulation::NewTls));
}

}  // namespace
}  // namespace hon::server
