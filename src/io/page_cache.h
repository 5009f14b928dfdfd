#pragma once

#include <cstddef>
#include <cstdint>

namespace hon::io {

/// Whether the system has all bytes of [offset, offset + count) of a file in memory, so that
/// reading them does not wait for a disk. True where the system does not say. Never waits.
[[nodiscard]] bool InPageCache(int fd, int64_t offset, size_t count);

/// Has the system read these bytes into memory. Waits for the disk.
void ReadIntoPageCache(int fd, int64_t offset, size_t count);

}  // namespace hon::io
