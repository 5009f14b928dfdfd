#pragma once

// The placement of handlers for a whole test program: each program runs once for each placement.

#include <cstdlib>
#include <string_view>

#include "hon/engine/engine.h"

namespace hon::test {

/// Reads the environment variable HON_TEST_PLACEMENT (inline, workers); default: the engine's.
inline engine::Option SuitePlacement() {
  const char* name = std::getenv("HON_TEST_PLACEMENT");
  if (name == nullptr) return engine::WithPlacement(engine::kAdaptive);
  const Result<engine::Placement> placement = engine::ParsePlacement(name);
  if (!placement) std::abort();
  return engine::WithPlacement(*placement);
}

/// Whether every handler of the suite runs on a worker.
inline bool SuiteIsOnWorkers() {
  const char* name = std::getenv("HON_TEST_PLACEMENT");
  return name != nullptr && std::string_view(name) == "workers";
}

}  // namespace hon::test
