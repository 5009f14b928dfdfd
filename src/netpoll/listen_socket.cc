// Bound and listening sockets.

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
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

// The mode that the file gets with bind, so that there is no moment at which it has another one;
// bind takes the umask's bits away from it (unix(7)).
Error SetUnixMode(int fd, unsigned mode) {
  return ::fchmod(fd, static_cast<mode_t>(mode)) == 0 ? Error() : Error::System(errno, "fchmod");
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
  const bool has_mode = options.unix_mode != 0 && IsUnixPath(address);
  if (has_mode) why = SetUnixMode(fd, options.unix_mode);
  SetStreamOptions(fd, options.no_delay);
  if (!why && ::bind(fd, address.Get(), address.size) < 0) why = Error::System(errno, "bind");
  const bool bound = !why;
  const char* const path = UnixName(address).sun_path;
  if (bound && has_mode && ::chmod(path, static_cast<mode_t>(options.unix_mode)) < 0) {
    why = Error::System(errno, "chmod");
  }
  if (!why && ::listen(fd, options.backlog) < 0) why = Error::System(errno, "listen");
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
      if (socket) socket->shared_ = false;
      if (socket) socket->OwnFile();
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
  socket.shared_ = true;
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

bool ListenSocket::IsAt(std::string_view address) const {
  const Result<std::vector<SocketAddress>> all = ResolveAddress(address, AddressUse::kListen);
  return all && std::any_of(all->begin(), all->end(), [this](const SocketAddress& name) {
           if (name.Family() != family_) return false;
           const std::string text = TextOf(name);
           // Port 0 is any port.
           const bool any_port = !IsUnix() && text.ends_with(":0");
           const size_t known = any_port ? text.size() - 1 : std::string::npos;
           return text.substr(0, known) == address_.substr(0, known) &&
                  (!any_port || address_.find(':', known) == std::string::npos);
         });
}

void ListenSocket::OwnFile() {
  if (!IsUnix() || address_.starts_with('@')) return;
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
      shared_(other.shared_),
      address_(std::move(other.address_)),
      name_(std::move(other.name_)),
      file_device_(other.file_device_),
      file_inode_(std::exchange(other.file_inode_, 0)) {}

ListenSocket& ListenSocket::operator=(ListenSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(family_, other.family_);
  std::swap(shared_, other.shared_);
  std::swap(address_, other.address_);
  std::swap(name_, other.name_);
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

Result<ListenSocket> ListenSocket::Copy() const {
  const int fd = ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return Fail(Error::System(errno, "listen " + address_));
  ListenSocket copy;
  copy.fd_ = fd;
  copy.family_ = family_;
  copy.shared_ = shared_;
  copy.address_ = address_;
  copy.name_ = name_;
  return copy;
}

void ListenSocket::HoldOff() { RefusePeers(fd_, IsUnix()); }

int ListenSocket::Accept() {
  constexpr int kEndedMax = 1024;
  int fd = AcceptSocket(fd_);
  for (int ended = 0; fd < 0 && EndsOneAccept(-fd) && ended < kEndedMax; ++ended) {
    fd = AcceptSocket(fd_);
  }
  return fd;
}

bool ListenSocket::AwaitPeer(Duration wait_max) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait_max).count();
  if (ms <= 0) return false;
  pollfd watched = {.fd = fd_, .events = POLLIN, .revents = 0};
  return ::poll(&watched, 1, static_cast<int>(std::min<int64_t>(ms, INT_MAX))) > 0;
}

void ListenSocket::EndListening() { ::shutdown(fd_, SHUT_RD); }

}  // namespace hon::netpoll
