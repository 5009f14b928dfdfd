#include "hon/server/inherited.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>
#include <utility>

#include "server/successor.h"

namespace hon::server {
namespace {

constexpr int kInheritedMax = 1024;

// The number that an environment variable holds, and forgets; -1 where it holds none.
int TakeNumber(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return -1;
  const std::string_view digits(text);
  int value = -1;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = code == std::errc() && end == digits.data() + digits.size();
  ::unsetenv(name);
  return whole ? value : -1;
}

}  // namespace

InheritedSockets InheritedSockets::FromEnvironment() {
  InheritedSockets inherited;
  const bool for_us = TakeNumber("LISTEN_PID") == static_cast<int>(::getpid());
  const int from_systemd = TakeNumber("LISTEN_FDS");
  ::unsetenv("LISTEN_FDNAMES");
  const int from_predecessor = TakeNumber(kSuccessorSockets);
  inherited.ready_fd_ = TakeNumber(kSuccessorReady);
  if (inherited.ready_fd_ >= 0) ::fcntl(inherited.ready_fd_, F_SETFD, FD_CLOEXEC);
  const bool succeeds = from_predecessor >= 0;
  const int count = succeeds ? from_predecessor : for_us ? from_systemd : 0;
  for (int fd = kFirstInheritedFd; fd < kFirstInheritedFd + std::min(count, kInheritedMax); ++fd) {
    // A descriptor that is no listening socket (a pipe, a datagram socket) is closed.
    Result<netpoll::ListenSocket> socket = netpoll::ListenSocket::FromFd(fd);
    if (!socket) continue;
    // Of two generations the last one removes the file; what systemd has made is systemd's.
    if (succeeds) socket->OwnFile();
    inherited.sockets_.push_back(std::move(*socket));
  }
  return inherited;
}

InheritedSockets::~InheritedSockets() {
  if (ready_fd_ >= 0) ::close(ready_fd_);
}

InheritedSockets::InheritedSockets(InheritedSockets&& other) noexcept
    : sockets_(std::move(other.sockets_)), ready_fd_(std::exchange(other.ready_fd_, -1)) {}

InheritedSockets& InheritedSockets::operator=(InheritedSockets&& other) noexcept {
  std::swap(sockets_, other.sockets_);
  std::swap(ready_fd_, other.ready_fd_);
  return *this;
}

std::optional<netpoll::ListenSocket> InheritedSockets::Take(std::string_view address) {
  for (auto at = sockets_.begin(); at != sockets_.end(); ++at) {
    if (!at->IsAt(address)) continue;
    netpoll::ListenSocket socket = std::move(*at);
    sockets_.erase(at);
    return socket;
  }
  return std::nullopt;
}

void InheritedSockets::TellPredecessor() {
  if (ready_fd_ < 0) return;
  const char ready = kSuccessorIsReady;
  // A predecessor that has gone needs no answer.
  static_cast<void>(!::write(ready_fd_, &ready, 1));
  ::close(std::exchange(ready_fd_, -1));
}

}  // namespace hon::server
