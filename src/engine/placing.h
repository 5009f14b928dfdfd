#pragma once

// Where one call runs, and what is learned from it.

#include <atomic>
#include <cstdint>

#include "engine/pattern_load.h"
#include "hon/engine/placement.h"
#include "hon/http/handler.h"

namespace hon::engine {

/// http::Target::placement for a wish; zero is none.
constexpr uint8_t WishFor(Placement placement) { return static_cast<uint8_t>(placement) + 1; }

/// Where a call of `target` belongs by its own wish, or else by the engine's.
constexpr Placement PlacementOf(const http::Target& target, Placement otherwise) {
  return target.placement == 0 ? otherwise : static_cast<Placement>(target.placement - 1);
}

/// Takes one measured call into account. Any thread.
void Learn(http::Route& route, Duration held, Duration limit);

}  // namespace hon::engine
