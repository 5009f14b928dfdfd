#include "http/temp_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace hon::http::internal {
namespace {

[[maybe_unused]] constexpr int kOwnerOnly = 0600;

// -1 where the system or the file system cannot make files without a name.
int OpenNameless([[maybe_unused]] const std::string& dir) {
#ifdef O_TMPFILE
  return ::open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, kOwnerOnly);
#else
  return -1;
#endif
}

std::string Folder(const std::string& dir) {
  if (!dir.empty()) return dir;
  std::error_code no_folder;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(no_folder);
  return no_folder ? "/tmp" : folder.string();
}

}  // namespace

Result<io::File> CreateTempFile(const std::string& dir) {
  const std::string folder = Folder(dir);
  if (const int fd = OpenNameless(folder); fd >= 0) return io::File(fd);
  std::string path = folder + "/multipart-XXXXXX";
  const int fd = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return Fail(Error::System(errno, "create a file in " + folder));
  io::File file(fd);
  if (::unlink(path.c_str()) < 0) return Fail(Error::System(errno, "unlink " + path));
  return file;
}

}  // namespace hon::http::internal
