#pragma once

// A blocking client over TLS, for tests of servers: our own record layer over a socket.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "hon/tls/context.h"
#include "support/xor_record_layer.h"

namespace hon::test {

/// "127.0.0.1:PORT" as a connected socket; -1 and a failure of the test without one.
inline int ConnectTo(const std::string& address) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{20, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
    ADD_FAILURE() << "connect " << address;
  }
  return fd;
}

class TlsPeer {
 public:
  /// Shakes hands, as far as that goes.
  TlsPeer(const std::string& address, const std::shared_ptr<tls::ClientContext>& context,
          const std::string& host)
      : fd_(ConnectTo(address)), peer_(*context->NewLayer(host)) {
    while (!failure_ && !ended_ && !peer_.Layer().HandshakeDone()) Turn();
    Flush();
  }
  TlsPeer(const std::string& address, tls::Config config, const std::string& host = "a.test")
      : TlsPeer(address, *tls::ClientContext::Create(std::move(config)), host) {}
  /// Sends `before` in front of the ClientHello, and both in two pieces, the first of `cut` bytes.
  TlsPeer(const std::string& address, tls::Config config, std::string before, size_t cut)
      : fd_(ConnectTo(address)),
        peer_(*(*tls::ClientContext::Create(std::move(config)))->NewLayer("a.test")) {
    before += peer_.TakeSealed();
    const std::string rest = before.substr(std::min(cut, before.size()));
    SendBytes(before.substr(0, cut));
    // Long enough for most pieces to arrive one by one; the result does not depend on it.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    SendBytes(rest);
    while (!failure_ && !ended_ && !peer_.Layer().HandshakeDone()) Turn();
    Flush();
  }
  ~TlsPeer() { ::close(fd_); }
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  /// Null when the handshake has failed.
  [[nodiscard]] const tls::ConnectionState* State() { return peer_.Layer().State(); }
  [[nodiscard]] const Error& Failure() const { return failure_; }
  [[nodiscard]] int Fd() const { return fd_; }
  void Send(std::string_view plain) {
    peer_.Seal(plain);
    Flush();
  }
  /// Until the server ends the connection, or has sent `size` bytes.
  std::string Receive(size_t size = SIZE_MAX) {
    while (!failure_ && !ended_ && got_.size() < size) Turn();
    return std::exchange(got_, {});
  }
  /// Until the bytes end with `end`. Returns false when the connection ends before.
  bool ReceiveThrough(std::string_view end) {
    while (!failure_ && !ended_ && !got_.ends_with(end)) Turn();
    return std::exchange(got_, {}).ends_with(end);
  }

 private:
  void Flush() { SendBytes(peer_.TakeSealed()); }
  void SendBytes(const std::string& bytes) {
    for (size_t at = 0; at < bytes.size();) {
      const ssize_t sent = ::send(fd_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return;
      at += static_cast<size_t>(sent);
    }
  }
  void Turn() {
    Flush();
    std::array<char, 16 * 1024> part;
    ssize_t size = -1;
    do {
      size = ::recv(fd_, part.data(), part.size(), 0);
    } while (size < 0 && errno == EINTR);
    if (size < 0) failure_ = Error::System(errno, "recv");
    if (size <= 0) {
      ended_ = true;
      return;
    }
    failure_ = peer_.Receive({part.data(), static_cast<size_t>(size)});
    got_ += peer_.TakePlain();
    ended_ = peer_.Layer().InputEnded();
  }

  int fd_;
  RecordPeer peer_;
  Error failure_;
  std::string got_;
  bool ended_ = false;
};

}  // namespace hon::test
