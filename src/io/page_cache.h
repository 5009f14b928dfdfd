#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "hon/base/time.h"

namespace hon::io {

/// Looks for parts of files in the kernel's page cache. Linux before 6.5 answers only by many
/// system calls, so the parts that were found there are remembered for a moment: a file that is
/// sent all the time stays in memory. Used on one thread.
class PageCacheProbe {
 public:
  /// How long a part that was found counts as found.
  static constexpr Duration kFoundFor = std::chrono::seconds(1);

  /// Without `cachestat`, that system call is not used where there is one.
  explicit PageCacheProbe(bool cachestat = true) : cachestat_(cachestat) {}

  /// Whether the page cache has all bytes of [offset, offset + count) of a file, so that a read
  /// does not wait for a disk. True where the system cannot tell. Never waits. `now` is about the
  /// current time.
  [[nodiscard]] bool Finds(int fd, int64_t offset, size_t count, TimePoint now);

 private:
  // A part of a file that was found.
  struct Found {
    uint64_t device = 0;
    uint64_t inode = 0;
    int64_t begin = 0;
    int64_t end = 0;
    TimePoint until = TimePoint::min();
  };

  [[maybe_unused]] bool cachestat_;  // Linux's system call may be there
  std::array<Found, 16> found_;      // by a hash of the file and its part
};

/// Reads at the position of the file, as read(2), what the page cache has: fewer bytes than asked
/// for, or none, where a disk would have to be awaited, at the end of the file, and where the
/// system cannot tell.
[[nodiscard]] size_t ReadCached(int fd, std::span<char> into);

/// Reads these bytes into the page cache. Waits for the disk.
void ReadIntoPageCache(int fd, int64_t offset, size_t count);

}  // namespace hon::io
