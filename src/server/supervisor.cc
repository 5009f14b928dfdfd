#include "hon/server/supervisor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace hon::server {
namespace {

// A decimal number that fills `text`; -1 otherwise.
int64_t NumberOf(const char* text) {
  if (text == nullptr) return -1;
  const char* const end = text + std::strlen(text);
  int64_t value = -1;
  const auto [stop, code] = std::from_chars(text, end, value);
  return code == std::errc() && stop == end ? value : -1;
}

}  // namespace

Error NotifySupervisor(std::string_view state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || *path == '\0') return {};
  const std::string_view name(path);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (name.size() >= sizeof(to.sun_path) || (name[0] != '/' && name[0] != '@')) {
    return Error::New("NOTIFY_SOCKET is not the address of a unix socket");
  }
  name.copy(to.sun_path, name.size());
  if (name[0] == '@') to.sun_path[0] = '\0';  // abstract: unix(7)
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0) return Error::System(errno, "socket");
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  const ssize_t sent = ::sendto(fd, state.data(), state.size(), MSG_DONTWAIT,
                                reinterpret_cast<const sockaddr*>(&to), size);
  const int error = errno;
  ::close(fd);
  return sent < 0 ? Error::System(error, "notify " + std::string(name)) : Error();
}

Duration WatchdogTime() {
  const int64_t microseconds = NumberOf(std::getenv("WATCHDOG_USEC"));
  const char* const for_pid = std::getenv("WATCHDOG_PID");
  if (microseconds <= 0) return kUnlimited;
  if (for_pid != nullptr && NumberOf(for_pid) != int64_t{::getpid()}) return kUnlimited;
  return std::chrono::microseconds(std::min(microseconds, INT64_MAX / 1000));
}

struct Heartbeat::State {
  std::function<bool()> healthy;
  std::mutex mutex;
  std::condition_variable changed;
  bool stop = false;
};

Result<Heartbeat> Heartbeat::Start(std::function<bool()> healthy) {
  Heartbeat heartbeat;
  const Duration time = WatchdogTime();
  if (time == kUnlimited) return heartbeat;
  heartbeat.state_ = std::make_shared<State>();
  heartbeat.state_->healthy = std::move(healthy);
  HON_TRY(heartbeat.thread_,
          Thread::Start({.name = "hon-heartbeat"}, [state = heartbeat.state_, every = time / 2] {
            std::unique_lock lock(state->mutex);
            while (!state->stop) {
              // A message that is lost is followed by the next one.
              if (state->healthy()) static_cast<void>(NotifySupervisor("WATCHDOG=1"));
              state->changed.wait_for(lock, every, [&] { return state->stop; });
            }
          }));
  return heartbeat;
}

Heartbeat::~Heartbeat() {
  if (!thread_.Joinable()) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->changed.notify_all();
  thread_.Join();
}

}  // namespace hon::server
