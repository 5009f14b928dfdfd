#pragma once

// The socket calls that the raw floor programs share.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>

#include "floor.h"

namespace hon::floor {

/// A socket listening on 127.0.0.1, whose accepted sockets have TCP_NODELAY; -1 when it fails.
inline int ListenOn(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) return -1;
  return ::listen(fd, 4096) < 0 ? -1 : fd;
}

/// Bytes that the socket does not take are lost; load generators read.
inline void SendAnswer(int fd, std::string_view answer) {
  if (answer.empty()) return;
  if (::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
}

}  // namespace hon::floor
