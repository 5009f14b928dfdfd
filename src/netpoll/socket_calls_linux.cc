#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <array>

#include "netpoll/socket_calls.h"

namespace hon::netpoll {
namespace {

ssize_t SendMessage(int fd, const iovec* parts, int count, int flags) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<size_t>(count);
  return Uninterrupted(
      [&] { return ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT | flags); });
}

}  // namespace

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
  return SendMessage(fd, parts, count, 0);
}

ssize_t SendPartsOfMore(int fd, const iovec* parts, int count) {
  return SendMessage(fd, parts, count, MSG_MORE);
}

ssize_t SendFilePart(int fd, int file, int64_t offset, size_t count) {
  off_t at = offset;
  return Uninterrupted([&] { return ::sendfile(fd, file, &at, count); });
}

// A unix socket that is shut down refuses peers, and still gives those that wait. A TCP socket
// drops what waits when it ends to listen, so a filter drops the segments that begin a connection
// (SYN without ACK: RFC 9293 §3.1) meanwhile.
void RefusePeers(int fd, bool unix_socket) {
  if (unix_socket) {
    ::shutdown(fd, SHUT_RD);
    return;
  }
  constexpr uint32_t kFlagsOffset = 13;  // in the TCP header, where a socket's filter begins
  constexpr uint32_t kSyn = 0x02;
  constexpr uint32_t kAck = 0x10;
  std::array<sock_filter, 5> filter = {{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlagsOffset),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kSyn | kAck),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kSyn, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
  }};
  const sock_fprog program = {.len = static_cast<uint16_t>(filter.size()), .filter = filter.data()};
  // Where filters are forbidden, a connection that comes within the next microseconds is reset.
  ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
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
