#include "netpoll/backend.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "netpoll/connection_io.h"
#include "netpoll/socket_calls.h"

namespace hon::netpoll {
namespace {

constexpr int kKeepAliveSeconds = 15;
constexpr int kKeepAliveProbes = 9;
constexpr unsigned kAcceptsPerTurnMax = 64;

constexpr std::array<std::pair<BackendKind, std::string_view>, 5> kNames = {{
    {BackendKind::kAuto, "auto"},
    {BackendKind::kIoUring, "io_uring"},
    {BackendKind::kEpoll, "epoll"},
    {BackendKind::kKqueue, "kqueue"},
    {BackendKind::kFake, "fake"},
}};

}  // namespace

std::string_view BackendName(BackendKind kind) {
  for (const auto& [known, name] : kNames) {
    if (known == kind) return name;
  }
  return "?";
}

Result<BackendKind> ParseBackend(std::string_view name) {
  for (const auto& [kind, known] : kNames) {
    if (known == name && kind != BackendKind::kFake) return kind;
  }
  return Fail(Error::New("unknown backend \"" + std::string(name) +
                         "\" (auto, io_uring, epoll or kqueue)"));
}

ssize_t Backend::Send(int fd, const iovec* parts, int count) { return SendParts(fd, parts, count); }

ssize_t Backend::SendMore(int fd, const iovec* parts, int count) {
  return SendPartsOfMore(fd, parts, count);
}

ssize_t Backend::SendFile(int fd, int file, int64_t offset, size_t count) {
  return SendFilePart(fd, file, offset, count);
}

ssize_t Backend::ReceiveBlock(Connection& c, io::BlockPool& pool, bool* filled) {
  io::Block* const block = pool.Get();
  const size_t room = block->capacity;
  const ssize_t n = Uninterrupted([&] { return ::recv(c.Fd(), block->data, room, MSG_DONTWAIT); });
  *filled = n == static_cast<ssize_t>(room);
  const bool kept = n > 0 && ConnectionIo::ReceivedBlock(c, block, static_cast<size_t>(n));
  if (!kept) io::BlockPool::Unref(block);
  return n;
}

void Backend::EndWrite(int fd) { ::shutdown(fd, SHUT_WR); }

void Backend::ResetOnClose(int fd) {
  const linger abort{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
}

int Backend::TakeError(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return errno;
  return error;
}

Result<SocketAddress> Backend::LocalAddress(int fd) {
  SocketAddress address;
  address.size = sizeof(address.storage);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) < 0) {
    return Fail(Error::System(errno, "getsockname"));
  }
  return address;
}

Result<SocketAddress> Backend::PeerAddress(int fd) {
  SocketAddress address;
  address.size = sizeof(address.storage);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) < 0) {
    return Fail(Error::System(errno, "getpeername"));
  }
  return address;
}

Error Backend::PrepareSocket(int fd) {
  HON_RETURN_IF_ERROR(SetNonBlocking(fd));
  SetStreamOptions(fd, true);
  return {};
}

int Backend::StartConnect(const SocketAddress& to, bool* connected) {
  const int fd = OpenSocket(to.Family());
  if (fd < 0) return fd;
  SetStreamOptions(fd, true);
  *connected = ::connect(fd, to.Get(), to.size) == 0;
  // An interrupted connect continues in the background.
  if (*connected || errno == EINPROGRESS || errno == EINTR) return fd;
  const int error = errno;
  ::close(fd);
  return -error;
}

int Backend::AcceptNow(int fd) { return AcceptSocket(fd); }

void Backend::CloseNow(int fd) { ::close(fd); }

void Backend::AcceptSome(Acceptor& acceptor) {
  int ended = 0;  // the errno of the last connection, while none could be accepted
  for (unsigned i = 0; i < kAcceptsPerTurnMax && acceptor.wanted; ++i) {
    const int fd = AcceptNow(acceptor.fd);
    if (fd == -EAGAIN) return;
    if (fd >= 0) {
      ended = 0;
      acceptor.OnAccepted(fd);
    } else if (EndsOneAccept(-fd)) {
      ended = -fd;
    } else {
      StopAccept(acceptor);
      return acceptor.OnAcceptFailed(-fd);
    }
  }
  // A whole share of failures is no fate of single connections: a firewall's rule, say.
  if (ended == 0 || !acceptor.wanted) return;
  StopAccept(acceptor);
  acceptor.OnAcceptFailed(ended);
}

bool EndsOneAccept(int errno_value) {
  switch (errno_value) {
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
#ifdef ENONET
    case ENONET:
#endif
      return true;
    default:
      return false;
  }
}

void OpenStandardStreams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number, and inherited by programs as the streams are.
    const int opened = ::open("/dev/null", O_RDWR);  // NOLINT(android-cloexec-open)
    if (opened > STDERR_FILENO) ::close(opened);     // another thread has opened the stream
  }
}

Error SetNonBlocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return Error::System(errno, "fcntl");
  if ((flags & O_NONBLOCK) == 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
    return Error::System(errno, "fcntl");
  }
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return Error::System(errno, "fcntl");
  return {};
}

void SetStreamOptions(int fd, bool no_delay) {
  // Harmless failure on unix sockets.
  const auto set = [fd](int level, int name, int value) {
    ::setsockopt(fd, level, name, &value, sizeof(value));
  };
  if (no_delay) set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  SetKeepAlive(fd, kKeepAliveSeconds, kKeepAliveProbes);
}

}  // namespace hon::netpoll
