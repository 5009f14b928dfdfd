// Bound and listening sockets.

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

Error SetOn(int fd, int name) {
  const int on = 1;
  if (::setsockopt(fd, SOL_SOCKET, name, &on, sizeof(on)) == 0) return {};
  return Error::System(errno, "setsockopt");
}

const sockaddr_un& UnixName(const SocketAddress& address) {
  return reinterpret_cast<const sockaddr_un&>(address.storage);
}

bool IsUnixPath(const SocketAddress& address) {
  return address.Family() == AF_UNIX && UnixName(address).sun_path[0] != '\0';
}

Result<int> OpenListening(const SocketAddress& address, const ListenOptions& options) {
  const int fd = OpenSocket(address.Family());
  if (fd < 0) return Fail(Error::System(-fd, "socket"));
  Error why;
  if (address.Family() != AF_UNIX) {
    why = SetOn(fd, SO_REUSEADDR);
    if (!why && options.reuse_port) why = SetOn(fd, SO_REUSEPORT);
  }
  SetStreamOptions(fd, options.no_delay);
  if (!why && ::bind(fd, address.Get(), address.size) < 0) why = Error::System(errno, "bind");
  const bool bound = !why;
  if (bound && ::listen(fd, options.backlog) < 0) why = Error::System(errno, "listen");
  if (!why) return fd;
  if (bound && IsUnixPath(address)) ::unlink(UnixName(address).sun_path);
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
    // Only on a host without IPv6 does "every address" mean the IPv4 form.
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
  // Another process may have replaced the file by its own.
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

// Sets SO_REUSEPORT on this socket after its listen. Bind and listen were exclusive, so a server
// that is not first on an address has already failed.
Result<ListenSocket> ListenSocket::Sibling() const {
  if (IsUnix()) return Fail(Error::New("listen " + address_ + ": a unix socket has no sibling"));
  const auto failed = [this](Error why) {
    return Fail(Error::Wrap("listen " + address_, std::move(why)));
  };
  if (Error why = SetOn(fd_, SO_REUSEPORT)) return failed(std::move(why));
  HON_TRY(SocketAddress name, NameOf(fd_));
  ListenOptions shared = options_;
  shared.reuse_port = true;
  Result<int> fd = OpenListening(name, shared);
  if (!fd) return failed(std::move(fd.error()));
  return FromFd(*fd, shared);
}

}  // namespace hon::netpoll
