#pragma once

#include <string>
#include <vector>

#include "hon/base/error.h"
#include "hon/server/server.h"

namespace hon::app {

/// A file with this process's id, for scripts that send it signals. Removed at the end, unless a
/// successor has put its own id there.
class PidFile {
 public:
  /// "" is no file.
  explicit PidFile(std::string path) : path_(std::move(path)) {}
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  /// Replaces the file as a whole.
  Error Write();

 private:
  std::string path_;
  bool written_ = false;
};

/// The file of this program as it was when the program began: a new version may since have replaced
/// the file, and is what a successor is to run.
std::string OwnProgram();

/// Starts `program` as the successor of `server`, and tells the service manager of it.
Error Succeed(server::Server& server, const std::string& program,
              const std::vector<std::string>& arguments);

}  // namespace hon::app
