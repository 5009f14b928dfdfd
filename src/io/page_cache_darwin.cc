#include "io/page_cache.h"

namespace hon::io {

// macOS does not tell which parts of a file are in memory.
bool PageCacheProbe::Finds(int, int64_t, size_t, TimePoint) { return true; }
size_t ReadCached(int, std::span<char>) { return 0; }
void ReadIntoPageCache(int, int64_t, size_t) {}

}  // namespace hon::io
