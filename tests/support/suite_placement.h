#pragma once

// Where a whole program of tests has its handlers run: each one is run for both placements.

#include <cstdlib>

#include "hon/engine/engine.h"

namespace hon::test {

/// By the environment variable HON_TEST_PLACEMENT (inline, workers); the engine's default without.
inline engine::Option SuitePlacement() {
  const char* name = std::getenv("HON_TEST_PLACEMENT");
  if (name == nullptr) return engine::WithPlacement(engine::kAdaptive);
  const Result<engine::Placement> placement = engine::ParsePlacement(name);
  if (!placement) std::abort();
  return engine::WithPlacement(*placement);
}

}  // namespace hon::test
