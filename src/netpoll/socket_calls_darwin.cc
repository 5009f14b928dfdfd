#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netpoll/backend.h"
#include "netpoll/socket_calls.h"

namespace hon::netpoll {
namespace {

// No system call makes a socket with these properties, so a fork between the two calls can inherit
// it.
int WithProperties(int fd) {
  if (fd < 0) return -errno;
  if (const Error why = SetNonBlocking(fd)) {
    ::close(fd);
    return -why.SystemCode();
  }
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
  return fd;
}

}  // namespace

int OpenSocket(int family) { return WithProperties(::socket(family, SOCK_STREAM, 0)); }

int AcceptSocket(int fd) {
  const auto accepted =
      static_cast<int>(Uninterrupted([&] { return ssize_t{::accept(fd, nullptr, nullptr)}; }));
  return accepted < 0 ? accepted : WithProperties(accepted);
}

ssize_t SendParts(int fd, const iovec* parts, int count) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = count;
  return Uninterrupted([&] { return ::sendmsg(fd, &message, MSG_DONTWAIT); });
}

// macOS has no flag that announces more bytes.
ssize_t SendPartsOfMore(int fd, const iovec* parts, int count) {
  return SendParts(fd, parts, count);
}

ssize_t SendFilePart(int fd, int file, int64_t offset, size_t count) {
  auto size = static_cast<off_t>(count);
  const int code = ::sendfile(file, fd, offset, &size, nullptr, 0);
  // sendfile fails with EAGAIN or EINTR also when it has sent a part.
  if (size > 0 || code == 0) return static_cast<ssize_t>(size);
  return errno == EINTR ? -EAGAIN : -errno;
}

// There is no such call: peers that come before the last descriptor is closed are reset.
void RefusePeers(int, bool) {}

void SetKeepAlive(int fd, int idle, int probes) {
  const auto set = [fd](int name, int value) {
    ::setsockopt(fd, IPPROTO_TCP, name, &value, sizeof(value));
  };
  set(TCP_KEEPALIVE, idle);
  set(TCP_KEEPINTVL, idle);
  set(TCP_KEEPCNT, probes);
}

}  // namespace hon::netpoll
