#pragma once

// The placement of one call.

#include <cstdint>

#include "hon/engine/placement.h"
#include "hon/http/handler.h"

namespace hon::engine {

/// `placement` as a http::Target::runner_hint, where zero means none.
constexpr uint8_t HintFor(Placement placement) { return static_cast<uint8_t>(placement) + 1; }

/// The placement that `target` asks for, or else `otherwise`, which is the engine's.
constexpr Placement PlacementOf(const http::Target& target, Placement otherwise) {
  return target.runner_hint == 0 ? otherwise : static_cast<Placement>(target.runner_hint - 1);
}

}  // namespace hon::engine
