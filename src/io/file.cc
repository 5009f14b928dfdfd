#include "hon/io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace hon::io {

File::File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Result<File> File::Open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Fail(Error::System(errno, "open " + path));
  return File(fd);
}

Result<File> File::Create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return Fail(Error::System(errno, "create " + path));
  return File(fd);
}

IoResult File::Read(std::span<char> into) {
  if (into.empty()) return {};
  ssize_t n;
  do {
    n = ::read(fd_, into.data(), into.size());
  } while (n < 0 && errno == EINTR);
  if (n < 0) return {0, Error::System(errno, "read")};
  if (n == 0) return {0, ErrEof};
  return {static_cast<size_t>(n), {}};
}

IoResult File::ReadAt(std::span<char> into, int64_t offset) const {
  if (into.empty()) return {};
  ssize_t n;
  do {
    n = ::pread(fd_, into.data(), into.size(), offset);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return {0, Error::System(errno, "pread")};
  if (n == 0) return {0, ErrEof};
  return {static_cast<size_t>(n), {}};
}

IoResult File::Write(std::string_view data) {
  size_t done = 0;
  while (done < data.size()) {
    const ssize_t n = ::write(fd_, data.data() + done, data.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return {done, Error::System(errno, "write")};
    done += static_cast<size_t>(n);
  }
  return {done, {}};
}

Error File::Close() {
  if (fd_ < 0) return ErrClosed;
  const int fd = std::exchange(fd_, -1);
  if (::close(fd) < 0) return Error::System(errno, "close");
  return {};
}

File* File::AsFile(int64_t* limit) {
  const Result<int64_t> size = Size();
  const Result<int64_t> position = Position();
  if (!size || !position) return nullptr;  // a pipe or the like: read it instead
  *limit = *size - *position;
  return this;
}

Result<int64_t> File::Seek(int64_t offset, Whence whence) {
  int how = SEEK_SET;
  if (whence == Whence::kCurrent) how = SEEK_CUR;
  if (whence == Whence::kEnd) how = SEEK_END;
  const off_t at = ::lseek(fd_, offset, how);
  if (at < 0) return Fail(Error::System(errno, "lseek"));
  return static_cast<int64_t>(at);
}

Error File::SeekTo(int64_t offset) {
  if (::lseek(fd_, offset, SEEK_SET) < 0) return Error::System(errno, "lseek");
  return {};
}

Result<int64_t> File::Position() const {
  const off_t at = ::lseek(fd_, 0, SEEK_CUR);
  if (at < 0) return Fail(Error::System(errno, "lseek"));
  return static_cast<int64_t>(at);
}

Result<int64_t> File::Size() const {
  struct stat info = {};
  if (::fstat(fd_, &info) < 0) return Fail(Error::System(errno, "fstat"));
  if (!S_ISREG(info.st_mode)) return Fail(Error::New("not a regular file"));
  return static_cast<int64_t>(info.st_size);
}

}  // namespace hon::io
