// A Transport and its server with seeds (transport_simulation.h).

#include "client/transport_simulation.h"

namespace hon::client {
namespace {

using engine::simulation::kSeeds;
using engine::simulation::RunSeeds;
using simulation::TransportSimulation;

TEST(TransportSimulationTest, EverySeedOfHttp1Ends) {
  RunSeeds(kSeeds, [](uint32_t seed) { TransportSimulation(seed, false).Run(); });
}

TEST(TransportSimulationTest, EverySeedOfHttp2Ends) {
  RunSeeds(kSeeds, [](uint32_t seed) { TransportSimulation(seed, true).Run(); });
}

TEST(TransportSimulationTest, ASeedReproducesItsRun) {
  engine::simulation::ExpectReproducible<TransportSimulation>(false);
  engine::simulation::ExpectReproducible<TransportSimulation>(true);
}

}  // namespace
}  // namespace hon::client
