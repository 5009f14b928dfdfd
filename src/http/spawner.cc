#include "hon/http/spawner.h"

#include <any>

namespace hon::http {

Spawner* SpawnerOf(const appcontext::Context& request) {
  const std::any* value = request.Value(&SpawnerKey);
  auto* const* spawner = value == nullptr ? nullptr : std::any_cast<Spawner*>(value);
  return spawner == nullptr ? nullptr : *spawner;
}

}  // namespace hon::http
