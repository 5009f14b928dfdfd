#pragma once

// The socket calls that differ between systems, in the platform's file. The calls neither block nor
// return EINTR. A negative result is a negated errno.

#include <sys/types.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace hon::netpoll {

/// Repeats a call that a signal interrupted; returns a failure as a negated errno.
template <class Call>
ssize_t Uninterrupted(Call call) {
  ssize_t n;
  do {
    n = call();
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

/// A stream socket, non-blocking and close-on-exec.
int OpenSocket(int family);
/// Accepts one waiting connection, with the same properties.
int AcceptSocket(int fd);
/// Sends without raising SIGPIPE.
ssize_t SendParts(int fd, const iovec* parts, int count);
/// As SendParts, when more bytes follow at once: the last segment may wait for them.
ssize_t SendPartsOfMore(int fd, const iovec* parts, int count);
/// One sendfile call; 0: `offset` is not before the end of the file.
ssize_t SendFilePart(int fd, int file, int64_t offset, size_t count);
/// Lets no new connection into the queue of a listening socket; those that wait there stay.
void RefusePeers(int fd, bool unix_socket);
/// TCP keep-alive probes after `idle` seconds, every `idle` seconds, `probes` times.
void SetKeepAlive(int fd, int idle, int probes);

}  // namespace hon::netpoll
