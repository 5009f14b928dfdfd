#pragma once

#include <cstdint>
#include <string>

#include "hon/io/io.h"

namespace hon::io {

/// An open regular file or other descriptor, closed on destruction. Reads block the thread.
class File final : public ReadSeeker, public Writer, public Closer {
 public:
  File() noexcept = default;
  /// Takes over `fd`.
  explicit File(int fd) noexcept : fd_(fd) {}
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File() override;

  /// Opens for reading, close-on-exec.
  [[nodiscard]] static Result<File> Open(const std::string& path);
  /// Creates or truncates, for writing, mode 0666 before umask.
  [[nodiscard]] static Result<File> Create(const std::string& path);

  IoResult Read(std::span<char> into) override;
  /// Reads at `offset`, without moving the position.
  IoResult ReadAt(std::span<char> into, int64_t offset) const;
  IoResult Write(std::string_view data) override;
  Error Close() override;
  File* AsFile(int64_t* limit) override;

  Result<int64_t> Seek(int64_t offset, Whence whence) override;
  /// Moves the position to `offset` from the start.
  Error SeekTo(int64_t offset);
  /// The current position.
  [[nodiscard]] Result<int64_t> Position() const;
  /// Current size in bytes.
  [[nodiscard]] Result<int64_t> Size() const;

  /// -1 when closed.
  [[nodiscard]] int Fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace hon::io
