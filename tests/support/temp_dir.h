#pragma once

// A folder of one test, removed at its end.

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hon::support {

class TempDir {
 public:
  TempDir() {
    std::string path = std::filesystem::temp_directory_path() / "hon-test-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp " + path);
    path_ = path;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::string& Path() const { return path_; }
  [[nodiscard]] std::string Path(std::string_view name) const {
    return path_ + '/' + std::string(name);
  }

  /// Writes a file, and makes the folders above it.
  void Write(std::string_view name, std::string_view data) const {
    const std::filesystem::path path = Path(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary | std::ios::trunc) << data;
  }

  /// Sets the modification time of everything in the folder.
  void SetTimes(int64_t seconds, long nanoseconds = 0) const {
    const timespec at = {static_cast<time_t>(seconds), nanoseconds};
    const timespec both[] = {at, at};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
      ::utimensat(AT_FDCWD, entry.path().c_str(), both, AT_SYMLINK_NOFOLLOW);
    }
    ::utimensat(AT_FDCWD, path_.c_str(), both, 0);
  }

  /// The number of names in the folder at any depth.
  [[nodiscard]] size_t Count() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::recursive_directory_iterator(path_)) {
      ++count;
    }
    return count;
  }

 private:
  std::string path_;
};

}  // namespace hon::support
