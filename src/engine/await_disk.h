#pragma once

#include <cstdint>

#include "hon/base/time.h"
#include "hon/io/io.h"
#include "io/page_cache.h"

namespace hon::engine {

/// Bytes of a file that are looked for in the page cache, and read into it, at a time.
inline constexpr int64_t kProbedFileBytes = 1024 * 1024;

/// A read or sendfile of a part of a file that is not in the page cache would hold the loop for as
/// long as the disk takes: has a blocking thread read the part, for which the calling fiber waits.
/// Returns whether the fiber was suspended. Without a thread the caller's read waits for the disk.
/// `files` remembers the parts that were found at `now`.
bool AwaitDisk(const io::File& file, int64_t offset, int64_t count, io::PageCacheProbe& files,
               TimePoint now);

}  // namespace hon::engine
