#include "http/open_beneath.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

namespace hon::http::internal {
namespace {

// Opening never waits for the writer of a FIFO or for a device, and takes no controlling terminal.
constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr int kLinksMax = 40;
[[maybe_unused]] constexpr int kRacesMax = 8;
constexpr size_t kDirsMax = 256;  // each is open while WalkBeneath descends

#ifdef O_PATH
constexpr int kRootFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;
#else
constexpr int kRootFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
#endif

int OpenAt(int dir, const char* name, int flags) {
  int fd;
  do {
    fd = ::openat(dir, name, flags);
  } while (fd < 0 && errno == EINTR);
  return fd < 0 ? -errno : fd;
}

#ifdef SYS_openat2
// -ENOSYS when the system, or a sandbox, does not know the call.
int OpenInOneCall(int root, const char* path, Symlinks symlinks) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(kReadFlags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (symlinks == Symlinks::kNever) how.resolve |= RESOLVE_NO_SYMLINKS;
  for (int races = 0; races < kRacesMax;) {
    const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    if (errno == EAGAIN) ++races;  // an element of the path was renamed meanwhile
    if (errno == EAGAIN || errno == EINTR) continue;
    const bool unknown = errno == ENOSYS || errno == EPERM || errno == E2BIG || errno == EINVAL;
    return unknown ? -ENOSYS : -errno;
  }
  return -ENOSYS;
}
#else
int OpenInOneCall(int, const char*, Symlinks) { return -ENOSYS; }
#endif

// A path that is being walked: the directories opened on the way down, and the elements left to
// visit, the next one last.
class PathWalk {
 public:
  PathWalk(int root, Symlinks symlinks) : root_(root), symlinks_(symlinks) {}
  ~PathWalk() {
    for (const int fd : dirs_) ::close(fd);
  }
  PathWalk(const PathWalk&) = delete;
  PathWalk& operator=(const PathWalk&) = delete;

  // Puts the elements of `path` before those left to visit.
  void Push(std::string_view path) {
    const auto at = static_cast<std::ptrdiff_t>(left_.size());
    while (!path.empty()) {
      const std::string_view element = path.substr(0, path.find('/'));
      path.remove_prefix(std::min(element.size() + 1, path.size()));
      if (!element.empty()) left_.emplace_back(element);
    }
    std::reverse(left_.begin() + at, left_.end());
  }

  int Run() {
    while (!left_.empty()) {
      const std::string name = std::move(left_.back());
      left_.pop_back();
      if (const int fd = Step(name); fd != kGoOn) return fd;
    }
    return OpenAt(Here(), ".", kReadFlags);
  }

 private:
  static constexpr int kGoOn = INT32_MIN;

  [[nodiscard]] int Here() const { return dirs_.empty() ? root_ : dirs_.back(); }

  // Opens the next element. Returns the descriptor of the last element, or minus an errno, or
  // kGoOn.
  int Step(const std::string& name) {
    if (name == ".") return kGoOn;
    if (name == "..") return Up();
    const bool last = left_.empty();
    const int flags = kReadFlags | O_NOFOLLOW | (last ? 0 : O_DIRECTORY);
    const int fd = OpenAt(Here(), name.c_str(), flags);
    if (fd >= 0 && last) return fd;
    if (fd >= 0) return Down(fd);
    // Systems disagree on the errno for a link that is not followed.
    const bool may_be_link = fd == -ELOOP || fd == -ENOTDIR || fd == -EMLINK;
    return may_be_link ? Follow(name, fd) : fd;
  }

  int Down(int fd) {
    dirs_.push_back(fd);
    return dirs_.size() <= kDirsMax ? kGoOn : -ENAMETOOLONG;
  }

  int Up() {
    if (dirs_.empty()) return -EXDEV;
    ::close(dirs_.back());
    dirs_.pop_back();
    return kGoOn;
  }

  // `error` is the answer when `name` is no link.
  int Follow(const std::string& name, int error) {
    char target[kPathBytesMax + 1];
    const ssize_t size = ::readlinkat(Here(), name.c_str(), target, sizeof target);
    if (size < 0) return error;
    if (symlinks_ == Symlinks::kNever || ++links_ > kLinksMax) return -ELOOP;
    if (static_cast<size_t>(size) == sizeof target) return -ENAMETOOLONG;
    const std::string_view path(target, static_cast<size_t>(size));
    if (path.starts_with('/')) return -EXDEV;
    Push(path);
    return kGoOn;
  }

  int root_;
  Symlinks symlinks_;
  int links_ = 0;
  std::vector<int> dirs_;
  std::vector<std::string> left_;
};

}  // namespace

int OpenRoot(const char* path) { return OpenAt(AT_FDCWD, path, kRootFlags); }

int WalkBeneath(int root, std::string_view path, Symlinks symlinks) {
  PathWalk walk(root, symlinks);
  walk.Push(path);
  return walk.Run();
}

int OpenBeneath(int root, std::string_view path, Symlinks symlinks) {
  if (symlinks == Symlinks::kAnywhere) return OpenAt(root, path.data(), kReadFlags);
  const int fd = OpenInOneCall(root, path.data(), symlinks);
  return fd == -ENOSYS ? WalkBeneath(root, path, symlinks) : fd;
}

}  // namespace hon::http::internal
