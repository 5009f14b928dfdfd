#include "restart.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "hon/server/supervisor.h"

namespace hon::app {

PidFile::~PidFile() {
  if (!written_) return;
  std::ifstream file(path_);
  pid_t pid = 0;
  if (file >> pid && pid == ::getpid()) std::remove(path_.c_str());
}

Error PidFile::Write() {
  if (path_.empty()) return {};
  const std::string fresh = path_ + "." + std::to_string(::getpid());
  {
    std::ofstream file(fresh, std::ios::trunc);
    file << ::getpid() << '\n';
    if (!file.flush()) return Error::System(errno, "write " + fresh);
  }
  if (std::rename(fresh.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    std::remove(fresh.c_str());
    return Error::System(error, "write " + path_);
  }
  written_ = true;
  return {};
}

std::string OwnProgram() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

Error Succeed(server::Server& server, const std::string& program,
              const std::vector<std::string>& arguments) {
  Result<int> pid = server.StartSuccessor({.program = program, .arguments = arguments});
  if (!pid) return std::move(pid.error());
  // systemd takes the successor's READY=1 once it knows it as the service's main process.
  return server::NotifySupervisor("MAINPID=" + std::to_string(*pid));
}

}  // namespace hon::app
