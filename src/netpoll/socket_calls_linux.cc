#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "hon/netpoll/listener.h"
#include "netpoll/socket_calls.h"

namespace hon::netpoll {

bool ReusePortSpreads() { return true; }

int OpenSocket(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return fd < 0 ? -errno : fd;
}

int AcceptSocket(int fd) {
  return static_cast<int>(
      Uninterrupted([&] { return ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); }));
}

ssize_t SendParts(int fd, const iovec* parts, int count) {
  if (count == 1) {
    return Uninterrupted(
        [&] { return ::send(fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL | MSG_DONTWAIT); });
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<size_t>(count);
  return Uninterrupted([&] { return ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT); });
}

ssize_t SendFilePart(int fd, int file, int64_t offset, size_t count) {
  off_t at = offset;
  return Uninterrupted([&] { return ::sendfile(fd, file, &at, count); });
}

void SetKeepAlive(int fd, int idle, int probes) {
  const auto set = [fd](int name, int value) {
    ::setsockopt(fd, IPPROTO_TCP, name, &value, sizeof(value));
  };
  set(TCP_KEEPIDLE, idle);
  set(TCP_KEEPINTVL, idle);
  set(TCP_KEEPCNT, probes);
}

}  // namespace hon::netpoll
