#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hon::io {

/// Whether the page cache has all bytes of [offset, offset + count) of a file, so that a read does
/// not wait for a disk. True where the system cannot tell. Never waits.
[[nodiscard]] bool InPageCache(int fd, int64_t offset, size_t count);

/// Reads at the position of the file, as read(2), what the page cache has: fewer bytes than asked
/// for, or none, where a disk would have to be awaited, at the end of the file, and where the
/// system cannot tell.
[[nodiscard]] size_t ReadCached(int fd, std::span<char> into);

/// Reads these bytes into the page cache. Waits for the disk.
void ReadIntoPageCache(int fd, int64_t offset, size_t count);

}  // namespace hon::io
