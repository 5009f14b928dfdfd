// A bound and listening socket.

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "hon/netpoll/listener.h"
#include "netpoll/address.h"
#include "netpoll/backend.h"
#include "netpoll/socket_calls.h"

namespace hon::netpoll {
namespace {

void SetOn(int fd, int level, int name) {
  const int on = 1;
  ::setsockopt(fd, level, name, &on, sizeof(on));
}

// Nobody listens on the unix socket of this name any more, which was left behind by a process that
// did not end in order.
bool IsAbandoned(const SocketAddress& address) {
  const auto& un = reinterpret_cast<const sockaddr_un&>(address.storage);
  struct stat info {};
  if (un.sun_path[0] == '\0' || ::lstat(un.sun_path, &info) < 0) return false;
  if (!S_ISSOCK(info.st_mode)) return false;
  const int probe = OpenSocket(AF_UNIX);
  if (probe < 0) return false;
  const bool refused = ::connect(probe, address.Get(), address.size) < 0 && errno == ECONNREFUSED;
  ::close(probe);
  return refused;
}

Error BindTo(int fd, const SocketAddress& address) {
  if (::bind(fd, address.Get(), address.size) == 0) return {};
  const int error = errno;
  if (error == EADDRINUSE && address.Family() == AF_UNIX && IsAbandoned(address)) {
    ::unlink(reinterpret_cast<const sockaddr_un&>(address.storage).sun_path);
    if (::bind(fd, address.Get(), address.size) == 0) return {};
    return Error::System(errno, "bind");
  }
  return Error::System(error, "bind");
}

Result<int> OpenListening(const SocketAddress& address, const ListenOptions& options) {
  const int fd = OpenSocket(address.Family());
  if (fd < 0) return Fail(Error::System(-fd, "socket"));
  if (address.Family() != AF_UNIX) {
    SetOn(fd, SOL_SOCKET, SO_REUSEADDR);
    if (options.reuse_port) SetOn(fd, SOL_SOCKET, SO_REUSEPORT);
  }
  SetStreamOptions(fd, options.no_delay);
  Error why = BindTo(fd, address);
  if (!why && ::listen(fd, options.backlog) < 0) why = Error::System(errno, "listen");
  if (!why) return fd;
  ::close(fd);
  return Fail(std::move(why));
}

Result<SocketAddress> NameOf(int fd) {
  SocketAddress name;
  name.size = sizeof(name.storage);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name.storage), &name.size) < 0) {
    return Fail(Error::System(errno, "getsockname"));
  }
  return name;
}

std::string TextOf(const SocketAddress& name) {
  std::array<char, kAddressTextMax> text;
  return std::string(FormatAddress(name, text));
}

}  // namespace

Result<ListenSocket> ListenSocket::Listen(std::string_view address, const ListenOptions& options) {
  const auto failed = [&](Error why) {
    return Fail(Error::Wrap("listen " + std::string(address), std::move(why)));
  };
  Result<std::vector<SocketAddress>> candidates = ResolveAddress(address, AddressUse::kListen);
  if (!candidates) return failed(std::move(candidates.error()));
  Error first_failure;
  for (const SocketAddress& candidate : *candidates) {
    Result<int> fd = OpenListening(candidate, options);
    if (fd) {
      Result<ListenSocket> socket = FromFd(*fd, options);
      if (socket && candidate.Family() == AF_UNIX) socket->RememberFile();
      return socket;
    }
    if (!first_failure) first_failure = fd.error();
    // Only a host without IPv6 goes on to the IPv4 form of "every address".
    if (fd.error().SystemCode() == EADDRINUSE) break;
  }
  return failed(std::move(first_failure));
}

Result<ListenSocket> ListenSocket::FromFd(int fd, const ListenOptions& options) {
  ListenSocket socket;
  socket.fd_ = fd;
  socket.options_ = options;
  int listening = 0;
  socklen_t size = sizeof(listening);
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0) {
    const int error = errno;
    if (error == EBADF) socket.fd_ = -1;
    return Fail(Error::System(error, "listen on descriptor " + std::to_string(fd)));
  }
  if (listening == 0) {
    return Fail(Error::New("descriptor " + std::to_string(fd) + " is not a listening socket"));
  }
  HON_TRY(SocketAddress name, NameOf(fd));
  socket.address_ = TextOf(name);
  socket.family_ = name.Family();
  // Also sets close-on-exec and the options that accepted sockets inherit.
  Error why = SetNonBlocking(fd);
  SetStreamOptions(fd, options.no_delay);
  if (why) return Fail(std::move(why));
  return socket;
}

void ListenSocket::RememberFile() {
  const Result<SocketAddress> name = NameOf(fd_);
  if (!name || address_.starts_with('@')) return;
  struct stat info {};
  if (::lstat(address_.c_str(), &info) < 0) return;
  file_device_ = static_cast<uint64_t>(info.st_dev);
  file_inode_ = info.st_ino;
}

void ListenSocket::RemoveFile() {
  if (file_inode_ == 0) return;
  struct stat info {};
  // Another process may have put its own in this place.
  const bool ours = ::lstat(address_.c_str(), &info) == 0 &&
                    static_cast<uint64_t>(info.st_dev) == file_device_ &&
                    info.st_ino == file_inode_;
  if (ours) ::unlink(address_.c_str());
  file_inode_ = 0;
}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      family_(other.family_),
      options_(other.options_),
      address_(std::move(other.address_)),
      file_device_(other.file_device_),
      file_inode_(std::exchange(other.file_inode_, 0)) {}

ListenSocket& ListenSocket::operator=(ListenSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(family_, other.family_);
  std::swap(options_, other.options_);
  std::swap(address_, other.address_);
  std::swap(file_device_, other.file_device_);
  std::swap(file_inode_, other.file_inode_);
  return *this;
}

ListenSocket::~ListenSocket() {
  RemoveFile();
  if (fd_ >= 0) ::close(fd_);
}

bool ListenSocket::IsUnix() const { return family_ == AF_UNIX; }

int ListenSocket::TakeFd() { return std::exchange(fd_, -1); }

Result<ListenSocket> ListenSocket::Sibling() const {
  if (IsUnix() || !options_.reuse_port) {
    return Fail(Error::New("listen " + address_ + ": a second socket needs reuse_port and TCP"));
  }
  HON_TRY(SocketAddress name, NameOf(fd_));
  Result<int> fd = OpenListening(name, options_);
  if (!fd) return Fail(Error::Wrap("listen " + address_, std::move(fd.error())));
  return FromFd(*fd, options_);
}

}  // namespace hon::netpoll
