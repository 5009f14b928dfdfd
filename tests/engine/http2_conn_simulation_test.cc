// Servers of HTTP/2 with seeds (http2_simulation.h).

#include "engine/http2_simulation.h"

namespace hon::engine {
namespace {

using simulation::Http2Simulation;

TEST(Http2SimulationTest, EverySeedEndsWhole) {
  simulation::RunSeeds(simulation::kSeeds, [](uint32_t seed) { Http2Simulation(seed).Run(); });
}

TEST(Http2SimulationTest, ASeedReproducesItsRun) {
  simulation::ExpectReproducible<Http2Simulation>();
}

}  // namespace
}  // namespace hon::engine
