#include <fcntl.h>
#include <sys/stat.h>
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
constexpr int64_t kStretchBytes = 16 * 1024;
// The most that is looked for at a time by those who send files.
constexpr int64_t kLongPartBytes = 1024 * 1024;

bool ByteIsCached(int fd, int64_t at) {
  char byte;
  const iovec part{.iov_base = &byte, .iov_len = 1};
  const ssize_t n = ::preadv2(fd, &part, 1, at, RWF_NOWAIT);
  return n >= 0 || errno != EAGAIN;
}

}  // namespace

bool PageCacheProbe::Finds(int fd, int64_t offset, size_t count, TimePoint now) {
  if (count == 0) return true;
  static const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  if (cachestat_) {
    CachestatRange range{.offset = static_cast<uint64_t>(offset), .bytes = count};
    Cachestat stat{};
    if (::syscall(kCachestatCall, fd, &range, &stat, 0) == 0) {
      const uint64_t first = range.offset / page;
      const uint64_t last = (range.offset + range.bytes - 1) / page;
      return stat.cached >= last - first + 1;
    }
    cachestat_ = errno != ENOSYS;
  }
  const int64_t end = offset + static_cast<int64_t>(count);
  if (count <= static_cast<size_t>(kStretchBytes))
    return ByteIsCached(fd, offset) && ByteIsCached(fd, end - 1);
  struct stat file;
  if (::fstat(fd, &file) != 0) return true;  // the read that follows fails
  // Consecutive parts have places of their own, whether of 16 KiB (the first term) or of 1 MiB (the
  // second).
  const uint64_t part = static_cast<uint64_t>(offset) / kStretchBytes +
                        static_cast<uint64_t>(offset) / kLongPartBytes;
  Found& found = found_[(file.st_ino + part) % found_.size()];
  const bool same = found.device == file.st_dev && found.inode == file.st_ino;
  if (same && found.begin <= offset && end <= found.end && now < found.until) return true;
  if (same) found = {};
  for (int64_t at = offset; at < end; at += kStretchBytes) {
    if (!ByteIsCached(fd, at)) return false;
  }
  if (!ByteIsCached(fd, end - 1)) return false;
  found = {.device = file.st_dev,
           .inode = file.st_ino,
           .begin = offset,
           .end = end,
           .until = now + kFoundFor};
  return true;
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
