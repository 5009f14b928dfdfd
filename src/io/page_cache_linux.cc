#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "io/page_cache.h"

namespace hon::io {
namespace {

// cachestat: Linux 6.5 and later. The number is the same on all architectures; headers may lack it.
constexpr long kCachestatCall = 451;

struct CachestatRange {
  uint64_t offset;
  uint64_t bytes;
};
struct Cachestat {
  uint64_t cached;
  uint64_t dirty;
  uint64_t written_back;
  uint64_t evicted;
  uint64_t recently_evicted;
};

// Older kernels: one byte of each stretch is tested; a stretch is the least that read-ahead fills.
constexpr size_t kStretchBytes = 16 * 1024;

bool ByteIsCached(int fd, int64_t at) {
  char byte;
  const iovec part{.iov_base = &byte, .iov_len = 1};
  const ssize_t n = ::preadv2(fd, &part, 1, at, RWF_NOWAIT);
  return n >= 0 || errno != EAGAIN;
}

}  // namespace

bool InPageCache(int fd, int64_t offset, size_t count) {
  if (count == 0) return true;
  static const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  CachestatRange range{.offset = static_cast<uint64_t>(offset), .bytes = count};
  Cachestat found{};
  if (::syscall(kCachestatCall, fd, &range, &found, 0) == 0) {
    const uint64_t first = range.offset / page;
    const uint64_t last = (range.offset + range.bytes - 1) / page;
    return found.cached >= last - first + 1;
  }
  for (size_t at = 0; at < count; at += kStretchBytes) {
    if (!ByteIsCached(fd, offset + static_cast<int64_t>(at))) return false;
  }
  return ByteIsCached(fd, offset + static_cast<int64_t>(count) - 1);
}

size_t ReadCached(int fd, std::span<char> into) {
  const iovec part{.iov_base = into.data(), .iov_len = into.size()};
  const ssize_t n = ::preadv2(fd, &part, 1, -1, RWF_NOWAIT);
  return n > 0 ? static_cast<size_t>(n) : 0;
}

void ReadIntoPageCache(int fd, int64_t offset, size_t count) {
  ::posix_fadvise(fd, offset, static_cast<off_t>(count), POSIX_FADV_WILLNEED);
  std::array<char, 64 * 1024> bytes;
  while (count != 0) {
    const ssize_t n = ::pread(fd, bytes.data(), std::min(count, bytes.size()), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    offset += n;
    count -= static_cast<size_t>(n);
  }
}

}  // namespace hon::io
