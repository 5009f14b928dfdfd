// The simulation of two sessions, with seeds.

#include "h2/session_simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <random>

namespace hon::h2 {
namespace {

TEST(SessionSimulation, EverySeedTransfersAllBytes) {
  const char* const wanted = std::getenv("HON_SEEDS");
  const uint32_t seeds = wanted == nullptr ? 150 : static_cast<uint32_t>(std::atoi(wanted));
  for (uint32_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
    auto random = std::make_shared<std::mt19937>(seed);
    testing::Simulation simulation([random] { return static_cast<uint32_t>((*random)()); });
    EXPECT_EQ(simulation.Run(400), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace hon::h2
