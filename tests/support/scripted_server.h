#pragma once

// A scripted server for tests: a function gets each connection and decides on every byte to send.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "support/loopback_listener.h"

namespace hon::test {

/// The server's side of one connection. Reads fail after 10 s.
class ScriptedConn {
 public:
  explicit ScriptedConn(int fd) : fd_(fd) {
    timeval wait = {};
    wait.tv_sec = 10;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  ScriptedConn(const ScriptedConn&) = delete;
  ScriptedConn& operator=(const ScriptedConn&) = delete;
  ~ScriptedConn() { Close(); }

  /// Returns everything up to and including `end`, or all bytes when the peer ends first.
  std::string ReadUntil(std::string_view end) {
    for (;;) {
      const size_t at = received_.find(end);
      if (at != std::string::npos) return Take(at + end.size());
      if (!Fill()) return Take(received_.size());
    }
  }
  std::string ReadHead() { return ReadUntil("\r\n\r\n"); }
  std::string ReadExactly(size_t bytes) {
    while (received_.size() < bytes && Fill()) {
    }
    return Take(std::min(bytes, received_.size()));
  }
  /// Returns everything up to the end of the peer's output.
  std::string ReadAll() {
    while (Fill()) {
    }
    return Take(received_.size());
  }
  /// Whether the peer ends the connection within the wait.
  bool PeerEnds() {
    while (Fill()) received_.clear();
    return ended_;
  }
  bool Send(std::string_view data) {
    while (!data.empty()) {
      const ssize_t n = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      data.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  /// Waits until the peer's kernel has received everything that was sent, the end included.
  void AwaitDelivery() {
    int unacknowledged = 1;
    while (::ioctl(fd_, TIOCOUTQ, &unacknowledged) == 0 && unacknowledged != 0) {
      std::this_thread::yield();
    }
  }
  void EndSending() { ::shutdown(fd_, SHUT_WR); }
  void Reset() {
    const linger hard = {1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    Close();
  }
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  bool Fill() {
    char part[4096];
    ssize_t n = 0;
    do {
      n = ::recv(fd_, part, sizeof part, 0);
    } while (n < 0 && errno == EINTR);
    if (n > 0) received_.append(part, static_cast<size_t>(n));
    if (n == 0 || (n < 0 && errno == ECONNRESET)) ended_ = true;
    return n > 0;
  }
  std::string Take(size_t bytes) {
    std::string taken = received_.substr(0, bytes);
    received_.erase(0, bytes);
    return taken;
  }

  int fd_;
  std::string received_;
  bool ended_ = false;
};

/// A text that a script sets and the test reads.
class SharedText {
 public:
  void Set(std::string text) {
    const std::lock_guard lock(mutex_);
    text_ = std::move(text);
  }
  [[nodiscard]] std::string Get() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

/// Serves one connection at a time on a thread of its own, each with `script`.
class ScriptedServer {
 public:
  using Script = std::function<void(ScriptedConn& conn)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {}
  ~ScriptedServer() {
    ::shutdown(listener_.Fd(), SHUT_RDWR);
    thread_.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string Address() const { return listener_.Address(); }
  [[nodiscard]] std::string Url() const { return "http://" + Address(); }

 private:
  void Serve() {
    for (;;) {
      const int fd = ::accept4(listener_.Fd(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0 && errno == EINTR) continue;
      if (fd < 0) return;
      ScriptedConn conn(fd);
      script_(conn);
    }
  }

  Script script_;
  LoopbackListener listener_;
  std::thread thread_{[this] { Serve(); }};
};

}  // namespace hon::test
