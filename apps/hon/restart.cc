#include "restart.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>

#include "hon/base/log.h"
#include "hon/base/thread.h"
#include "hon/server/supervisor.h"

namespace hon::app {
namespace {

constexpr std::chrono::duration<unsigned> kEndAfter{1};

[[noreturn]] void End() {
  static_cast<void>(FlushLog(kLogEndWait));
  std::_Exit(1);
}

}  // namespace

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

void EndAnyway() {
  Result<Thread> thread = Thread::Start({.name = "hon-end"}, [] {
    std::this_thread::sleep_for(kEndAfter);
    End();
  });
  if (!thread) {  // the alarm's signal ends the process
    ::alarm(kEndAfter.count());
    return;
  }
  static_cast<void>(new Thread(std::move(*thread)));  // never joined: the process ends before
}

}  // namespace hon::app
