// Servers of HTTP/1 with seeds (http1_simulation.h).
//
//   HON_SEEDS=100000 bin/engine_simulation_test     HON_SEED=17 ... runs that one alone

#include "engine/http1_simulation.h"

namespace hon::engine {
namespace {

using simulation::Http1Simulation;

TEST(Http1SimulationTest, EverySeedEndsWhole) {
  simulation::RunSeeds(simulation::kSeeds, [](uint32_t seed) { Http1Simulation(seed).Run(); });
}

TEST(Http1SimulationTest, ASeedReproducesItsRun) {
  simulation::ExpectReproducible<Http1Simulation>();
}

}  // namespace
}  // namespace hon::engine
