#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace hon::test {

/// A socket that listens at a free port of 127.0.0.1, with nothing behind it that accepts.
class LoopbackListener {
 public:
  /// `queue`: the backlog of listen().
  explicit LoopbackListener(int queue = 16)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    at_.sin_family = AF_INET;
    at_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at_;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at_), size), 0);
    EXPECT_EQ(::listen(fd_, queue), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&at_), &size), 0);
  }
  ~LoopbackListener() {
    if (fd_ >= 0) ::close(fd_);
  }
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;

  [[nodiscard]] int Fd() const { return fd_; }
  /// Gives the socket to the caller, who closes it.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }
  [[nodiscard]] std::string Address() const {
    return "127.0.0.1:" + std::to_string(ntohs(at_.sin_port));
  }

 private:
  int fd_;
  sockaddr_in at_{};
};

}  // namespace hon::test
