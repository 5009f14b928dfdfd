#include "hon/http/spawner.h"

#include <algorithm>
#include <any>

#include "hon/io/file.h"

namespace hon::http {

Spawner* SpawnerOf(const appcontext::Context& request) {
  const std::any* value = request.Value(&SpawnerKey);
  auto* const* spawner = value == nullptr ? nullptr : std::any_cast<Spawner*>(value);
  return spawner == nullptr ? nullptr : *spawner;
}

Spawner::Home* LoopElsewhere(const appcontext::Context& request) {
  const std::any* value = request.Value(&LoopHomeKey);
  auto* const* home = value == nullptr ? nullptr : std::any_cast<Spawner::Home*>(value);
  return home == nullptr || (*home)->IsHere() ? nullptr : *home;
}

void PrepareRead(const appcontext::Context& request, io::Reader& reader, int64_t count) {
  int64_t limit = 0;
  io::File* const file = reader.AsFile(&limit);
  Spawner* const spawner = file == nullptr ? nullptr : SpawnerOf(request);
  if (spawner == nullptr) return;
  const Result<int64_t> offset = file->Position();
  count = std::min(count, limit);
  if (offset && count > 0) spawner->PrepareFile(*file, *offset, count);
}

}  // namespace hon::http
