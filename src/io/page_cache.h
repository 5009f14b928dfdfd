#pragma once

#include <cstddef>
#include <cstdint>

namespace hon::io {

/// Whether the page cache has all bytes of [offset, offset + count) of a file, so that a read does
/// not wait for a disk. True where the system cannot tell. Never waits.
[[nodiscard]] bool InPageCache(int fd, int64_t offset, size_t count);

/// Reads these bytes into the page cache. Waits for the disk.
void ReadIntoPageCache(int fd, int64_t offset, size_t count);

}  // namespace hon::io
