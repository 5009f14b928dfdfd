#include "server/successor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

extern char** environ;

namespace hon::server {
namespace {

/// A descriptor that is closed with its object.
class OwnFd {
 public:
  explicit OwnFd(int fd) : fd_(fd) {}
  OwnFd(OwnFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnFd& operator=(OwnFd&&) = delete;
  ~OwnFd() { Close(); }
  [[nodiscard]] int Get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

// The environment of this process, without the variables that were meant for it alone.
std::vector<std::string> EnvironmentFor(const std::vector<netpoll::ListenSocket>& sockets,
                                        int ready_fd) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view name =
        std::string_view(*entry).substr(0, std::string_view(*entry).find('='));
    const bool own = name == kSuccessorSockets || name == kSuccessorNames ||
                     name == kSuccessorReady || name.starts_with("LISTEN_") ||
                     name == "WATCHDOG_PID";
    if (!own) all.emplace_back(*entry);
  }
  std::string names = std::string(kSuccessorNames) + "=";
  for (const netpoll::ListenSocket& socket : sockets) {
    if (&socket != &sockets.front()) names += ':';
    names += socket.Name();
  }
  all.push_back(std::move(names));
  all.push_back(std::string(kSuccessorSockets) + "=" + std::to_string(sockets.size()));
  all.push_back(std::string(kSuccessorReady) + "=" + std::to_string(ready_fd));
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The signals that this program's threads block are not blocked in the successor.
Result<pid_t> Spawn(const Successor& successor, const std::vector<netpoll::ListenSocket>& sockets,
                    const std::vector<OwnFd>& passed) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  for (size_t i = 0; i < passed.size(); ++i) {
    posix_spawn_file_actions_adddup2(&actions, passed[i].Get(),
                                     kFirstInheritedFd + static_cast<int>(i));
  }
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::vector<std::string> arguments = successor.arguments;
  std::vector<std::string> environment =
      EnvironmentFor(sockets, kFirstInheritedFd + static_cast<int>(sockets.size()));
  pid_t pid = -1;
  const int code = ::posix_spawn(&pid, successor.program.c_str(), &actions, &attributes,
                                 Pointers(arguments).data(), Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) return Fail(Error::System(code, "start " + successor.program));
  return pid;
}

// Whether the byte has come before the pipe's end and the time.
bool AwaitReady(int fd, Duration timeout) {
  const TimePoint limit = DeadlineAfter(Clock::now(), timeout);
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - Clock::now());
    pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
    const int n =
        ::poll(&readable, 1, static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000)));
    if (n < 0 && errno == EINTR) continue;
    if (n == 0 && Clock::now() < limit) continue;
    char byte = 0;
    return n > 0 && ::read(fd, &byte, 1) == 1 && byte == kSuccessorIsReady;
  }
}

}  // namespace

Result<int> StartProgram(const Successor& successor,
                         const std::vector<netpoll::ListenSocket>& sockets) {
  if (successor.arguments.empty()) return Fail(Error::New("a successor needs its arguments"));
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) < 0) return Fail(Error::System(errno, "pipe"));
  for (const int fd : pipe) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  const OwnFd ready(pipe[0]);
  OwnFd tell(pipe[1]);
  // Above the numbers that they get in the successor, so that none is overwritten.
  std::vector<OwnFd> passed;
  const int above = kFirstInheritedFd + static_cast<int>(sockets.size()) + 1;
  for (size_t i = 0; i <= sockets.size(); ++i) {
    const int from = i < sockets.size() ? sockets[i].Fd() : tell.Get();
    passed.emplace_back(::fcntl(from, F_DUPFD_CLOEXEC, above));
    if (passed.back().Get() < 0) return Fail(Error::System(errno, "fcntl"));
  }
  HON_TRY(const pid_t pid, Spawn(successor, sockets, passed));
  passed.clear();
  tell.Close();
  if (AwaitReady(ready.Get(), successor.ready_timeout)) return pid;
  ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return Fail(Error::New("the successor did not come to serve"));
}

}  // namespace hon::server
