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

// The value of an environment variable, which is removed from the environment; "" without one.
std::string TakeVariable(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return {};
  std::string value(text);
  ::unsetenv(name);
  return value;
}

// The same of a number; -1 where the variable holds none.
int TakeNumber(const char* name) {
  const std::string digits = TakeVariable(name);
  int value = -1;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return code == std::errc() && end == digits.data() + digits.size() ? value : -1;
}

// Removes the first name, and the colon behind it, from `names`.
std::string_view NextName(std::string_view* names) {
  const std::string_view name = names->substr(0, names->find(':'));
  names->remove_prefix(std::min(name.size() + 1, names->size()));
  return name;
}

}  // namespace

InheritedSockets InheritedSockets::FromEnvironment() {
  InheritedSockets inherited;
  const bool for_us = TakeNumber("LISTEN_PID") == static_cast<int>(::getpid());
  const int from_systemd = TakeNumber("LISTEN_FDS");
  const std::string names_of_systemd = TakeVariable("LISTEN_FDNAMES");
  const int from_predecessor = TakeNumber(kSuccessorSockets);
  const std::string names_of_predecessor = TakeVariable(kSuccessorNames);
  inherited.ready_fd_ = TakeNumber(kSuccessorReady);
  if (inherited.ready_fd_ >= 0) ::fcntl(inherited.ready_fd_, F_SETFD, FD_CLOEXEC);
  const bool succeeds = from_predecessor >= 0;
  const int count = succeeds ? from_predecessor : for_us ? from_systemd : 0;
  std::string_view names = succeeds ? names_of_predecessor : names_of_systemd;
  for (int fd = kFirstInheritedFd; fd < kFirstInheritedFd + std::min(count, kInheritedMax); ++fd) {
    const std::string_view name = NextName(&names);
    // A descriptor that is no listening socket (a pipe, a datagram socket) is closed.
    Result<netpoll::ListenSocket> socket = netpoll::ListenSocket::FromFd(fd);
    if (!socket) continue;
    // Of two generations the last one removes the file; what systemd has made is systemd's.
    if (succeeds) socket->OwnFile();
    const bool named = succeeds || !name.empty();
    socket->SetName(named ? std::string(name) : "LISTEN_FD_" + std::to_string(fd));
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

std::vector<netpoll::ListenSocket> InheritedSockets::TakeNamed(std::string_view name) {
  std::vector<netpoll::ListenSocket> taken;
  std::vector<netpoll::ListenSocket> left;
  for (netpoll::ListenSocket& socket : sockets_) {
    (socket.Name() == name ? taken : left).push_back(std::move(socket));
  }
  sockets_ = std::move(left);
  return taken;
}

std::vector<std::string> InheritedSockets::Names() const {
  std::vector<std::string> names;
  names.reserve(sockets_.size());
  for (const netpoll::ListenSocket& socket : sockets_) names.push_back(socket.Name());
  return names;
}

void InheritedSockets::TellPredecessor() {
  if (ready_fd_ < 0) return;
  const char ready = kSuccessorIsReady;
  // A predecessor that has gone needs no answer.
  static_cast<void>(!::write(ready_fd_, &ready, 1));
  ::close(std::exchange(ready_fd_, -1));
}

}  // namespace hon::server
