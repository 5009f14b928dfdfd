// A library for LD_PRELOAD into a server: files whose path contains HON_SLOW_DISK lie on a slow
// disk. What a call reads for the first time takes kNanosecondsPerPage for each page, during which
// the calling thread sleeps; the page cache has it then. preadv2 with RWF_NOWAIT and cachestat tell
// the same. Read-ahead is none (posix_fadvise).
//
// HON_SLOW_DISK_LOG names the file that gets a line for each call that has slept: the name of its
// thread, and the call.
//
// With HON_NO_CACHESTAT the system call is missing for these files, as before Linux 6.5, and the
// log gets a line "probe" for each preadv2 with RWF_NOWAIT at an offset.

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace {

constexpr size_t kPageBytes = 4096;
constexpr long kNanosecondsPerPage = 2'000'000;  // 2 MB/s
constexpr long kCachestatCall = 451;

/// The pages of slow files that have been read.
class Pages {
 public:
  /// How many of the pages in [from, to) of the file are not in memory; has them be there, if
  /// `read`.
  size_t Missing(const struct stat& file, uint64_t from, uint64_t to, bool read) {
    const auto end = std::min(to, static_cast<uint64_t>(file.st_size));
    if (from >= end) return 0;
    const std::lock_guard lock(mutex_);
    std::vector<bool>& pages = files_[{file.st_dev, file.st_ino}];
    const size_t last = (end - 1) / kPageBytes;
    if (pages.size() <= last) pages.resize(last + 1);
    size_t missing = 0;
    for (size_t page = from / kPageBytes; page <= last; ++page) {
      if (pages[page]) continue;
      ++missing;
      if (read) pages[page] = true;
    }
    return missing;
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<dev_t, ino_t>, std::vector<bool>> files_;
};

Pages& AllPages() {
  static auto* pages = new Pages;  // outlives every thread
  return *pages;
}

bool IsSlow(int fd, struct stat* file) {
  const char* const mark = std::getenv("HON_SLOW_DISK");
  if (mark == nullptr) return false;
  std::array<char, 64> link;
  std::array<char, 512> path;
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
  const ssize_t n = ::readlink(link.data(), path.data(), path.size() - 1);
  if (n <= 0) return false;
  path[static_cast<size_t>(n)] = '\0';
  return std::strstr(path.data(), mark) != nullptr && ::fstat(fd, file) == 0;
}

bool HasCachestat() { return std::getenv("HON_NO_CACHESTAT") == nullptr; }

void Tell(const char* call) {
  const char* const path = std::getenv("HON_SLOW_DISK_LOG");
  if (path == nullptr) return;
  std::array<char, 16> name = {};
  ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  std::array<char, 100> line;
  const int size = std::snprintf(line.data(), line.size(), "%s %s\n", name.data(), call);
  const int file = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return;
  if (::write(file, line.data(), static_cast<size_t>(size)) != size) std::abort();
  ::close(file);
}

/// The wait of a call that reads `count` bytes at `offset`.
void Read(const char* call, int fd, off_t offset, size_t count) {
  const int saved = errno;
  struct stat file = {};
  if (IsSlow(fd, &file)) {
    const auto from = static_cast<uint64_t>(offset);
    const size_t missing = AllPages().Missing(file, from, from + count, true);
    if (missing != 0) {
      const long wait = static_cast<long>(missing) * kNanosecondsPerPage;
      const timespec time = {.tv_sec = wait / 1'000'000'000, .tv_nsec = wait % 1'000'000'000};
      ::nanosleep(&time, nullptr);
      Tell(call);
    }
  }
  errno = saved;
}

template <class Function>
Function Original(Function, const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

#define HON_NEXT(name) static const auto next = Original(&name, #name)

extern "C" ssize_t read(int fd, void* into, size_t size) {
  HON_NEXT(read);
  const off_t at = ::lseek(fd, 0, SEEK_CUR);
  if (at >= 0) Read("read", fd, at, size);
  return next(fd, into, size);
}

extern "C" ssize_t pread(int fd, void* into, size_t size, off_t at) {
  HON_NEXT(pread);
  Read("pread", fd, at, size);
  return next(fd, into, size, at);
}

extern "C" ssize_t pread64(int fd, void* into, size_t size, off64_t at) {
  HON_NEXT(pread64);
  Read("pread", fd, at, size);
  return next(fd, into, size, at);
}

extern "C" ssize_t sendfile(int to, int from, off_t* at, size_t size) {
  HON_NEXT(sendfile);
  Read("sendfile", from, at == nullptr ? ::lseek(from, 0, SEEK_CUR) : *at, size);
  return next(to, from, at, size);
}

extern "C" ssize_t sendfile64(int to, int from, off64_t* at, size_t size) {
  HON_NEXT(sendfile64);
  Read("sendfile", from, at == nullptr ? ::lseek(from, 0, SEEK_CUR) : *at, size);
  return next(to, from, at, size);
}

extern "C" ssize_t preadv2(int fd, const iovec* parts, int count, off_t at, int flags) {
  HON_NEXT(preadv2);
  size_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  struct stat file = {};
  const off_t begin = at < 0 ? ::lseek(fd, 0, SEEK_CUR) : at;
  if ((flags & RWF_NOWAIT) == 0) {
    Read("preadv2", fd, begin, size);
  } else if (IsSlow(fd, &file)) {
    if (at >= 0 && !HasCachestat()) Tell("probe");
    const auto from = static_cast<uint64_t>(begin);
    if (AllPages().Missing(file, from, from + size, false) != 0) {
      errno = EAGAIN;
      return -1;
    }
  }
  return next(fd, parts, count, at, flags);
}

extern "C" int posix_fadvise(int fd, off_t at, off_t size, int advice) {
  HON_NEXT(posix_fadvise);
  struct stat file = {};
  return IsSlow(fd, &file) ? 0 : next(fd, at, size, advice);
}

extern "C" long syscall(long number, ...) {
  HON_NEXT(syscall);
  va_list list;
  va_start(list, number);
  std::array<long, 6> a = {};
  for (long& one : a) one = va_arg(list, long);
  va_end(list);
  struct stat file = {};
  if (number == kCachestatCall && IsSlow(static_cast<int>(a[0]), &file)) {
    if (!HasCachestat()) {
      errno = ENOSYS;
      return -1;
    }
    const auto* const range = reinterpret_cast<const uint64_t*>(a[1]);
    auto* const found = reinterpret_cast<uint64_t*>(a[2]);
    const uint64_t pages = (range[0] + range[1] - 1) / kPageBytes - range[0] / kPageBytes + 1;
    std::fill_n(found, 5, 0);
    found[0] = pages - AllPages().Missing(file, range[0], range[0] + range[1], false);
    return 0;
  }
  return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
