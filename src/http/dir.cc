#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "hon/http/fs.h"
#include "http/clean_path.h"
#include "http/dir_file.h"
#include "http/open_beneath.h"

namespace hon::http {
namespace {

Error OpenError(int errno_value, std::string_view name) {
  switch (errno_value) {
    case ENOENT:
    case ENOTDIR:  // an element is a file
    case ELOOP:    // a link that is not followed, or too many
    case EXDEV:    // a link out of the root
    case ENAMETOOLONG:
    case ENXIO:  // a socket, or a device without a driver
      return Error::Wrap(name, ErrNotExist);
    case EACCES:
    case EPERM:
      return Error::Wrap(name, ErrPermission);
    default:
      return Error::System(errno_value, name);
  }
}

// The member with the time of the last change has a different name on each system.
template <class Stat>
Time ModTimeOf(const Stat& info) {
  if constexpr (requires { info.st_mtim; }) {
    return Time::FromUnix(info.st_mtim.tv_sec, static_cast<int32_t>(info.st_mtim.tv_nsec));
  } else {
    return Time::FromUnix(info.st_mtimespec.tv_sec,
                          static_cast<int32_t>(info.st_mtimespec.tv_nsec));
  }
}

// `fd` is a descriptor, or minus an errno.
Result<DirFile> Adopt(int fd, std::string_view name) {
  if (fd < 0) return Fail(OpenError(-fd, name));
  io::File file(fd);
  struct stat info = {};
  if (::fstat(fd, &info) < 0) return Fail(Error::System(errno, name));
  const bool is_dir = S_ISDIR(info.st_mode);
  if (!is_dir && !S_ISREG(info.st_mode)) return Fail(Error::Wrap(name, ErrNotExist));
  return DirFile(std::move(file), {info.st_size, ModTimeOf(info), is_dir});
}

// Whether `entry` of the directory `dir` is a directory; a link to a directory is none.
bool IsDirEntry(int dir, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat info = {};
  return ::fstatat(dir, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

Result<FsFile*> FS::OpenIn(FsFileSlot& slot, std::string_view name) const {
  Result<std::unique_ptr<FsFile>> file = Open(name);
  if (!file) return Fail(std::move(file).error());
  return slot.Hold(*std::move(file));
}

Result<DirFile> internal::OpenDirFile(std::string_view root, std::string_view name,
                                      Symlinks symlinks) {
  PathBuffer path;
  if (root.size() > kPathBytesMax) return Fail(ErrNotExist);
  if (root.find('\0') != root.npos) return Fail(ErrInvalidPath);
  path[root.copy(path.data(), root.size())] = '\0';
  const int root_fd = OpenRoot(root.empty() ? "." : path.data());
  if (root_fd < 0) return Fail(OpenError(-root_fd, root));
  const io::File close_root(root_fd);
  HON_TRY(const std::string_view clean, CleanPath(name, path));
  return Adopt(OpenBeneath(root_fd, clean, symlinks), name);
}

Result<std::vector<DirEntry>> DirFile::ReadDir(size_t entries_max) {
  // Opened anew: closedir closes the descriptor, and the position is not shared.
  const int fd = ::openat(file_.Fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Fail(Error::System(errno, "open directory"));
  DIR* const dir = ::fdopendir(fd);
  if (dir == nullptr) {
    const io::File close_fd(fd);
    return Fail(Error::System(errno, "fdopendir"));
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> close_dir(dir, ::closedir);
  std::vector<DirEntry> entries;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(dir);
    if (entry == nullptr && errno != 0) return Fail(Error::System(errno, "readdir"));
    if (entry == nullptr) return entries;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (entries.size() == entries_max) return Fail(ErrTooManyEntries);
    entries.push_back({std::string(name), IsDirEntry(fd, *entry)});
  }
}

Result<std::unique_ptr<FsFile>> Dir::Open(std::string_view name) const {
  HON_TRY(DirFile file, internal::OpenDirFile(root_, name, options_.symlinks));
  return std::make_unique<DirFile>(std::move(file));
}

Result<FsFile*> Dir::OpenIn(FsFileSlot& slot, std::string_view name) const {
  HON_TRY(DirFile file, internal::OpenDirFile(root_, name, options_.symlinks));
  return slot.Hold(std::move(file));
}

}  // namespace hon::http
