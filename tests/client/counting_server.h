#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "hon/fiber/fiber.h"
#include "support/loopback_listener.h"

namespace hon::test {

// Answers each request on loopback with the number of its connection; reads bodies by their
// Content-Length.
class CountingServer {
 public:
  ~CountingServer() {
    shutdown(listener_.Fd(), SHUT_RDWR);
    acceptor_.join();
    for (std::thread& one : threads_) one.join();
  }
  [[nodiscard]] std::string Url() const { return "http://" + listener_.Address() + "/"; }
  [[nodiscard]] int Connections() const { return connections_; }
  [[nodiscard]] int Open() const { return open_; }

 private:
  void Accept() {
    for (;;) {
      const int fd = accept(listener_.Fd(), nullptr, nullptr);
      if (fd < 0) return;
      const int number = ++connections_;
      ++open_;
      threads_.emplace_back([this, fd, number] {
        Serve(fd, number);
        close(fd);
        --open_;
      });
    }
  }

  static void Serve(int fd, int number) {
    std::string received;
    std::array<char, 65536> part;
    for (;;) {
      size_t end = 0;
      while ((end = received.find("\r\n\r\n")) == std::string::npos) {
        const ssize_t n = recv(fd, part.data(), part.size(), 0);
        if (n <= 0) return;
        received.append(part.data(), static_cast<size_t>(n));
      }
      size_t body = 0;
      const size_t length = received.find("Content-Length: ");
      if (length < end) body = static_cast<size_t>(std::stoul(received.substr(length + 16)));
      while (received.size() < end + 4 + body) {
        const ssize_t n = recv(fd, part.data(), part.size(), 0);
        if (n <= 0) return;
        received.append(part.data(), static_cast<size_t>(n));
      }
      received.erase(0, end + 4 + body);
      const std::string text = std::to_string(number);
      const std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
      if (send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
    }
  }

  LoopbackListener listener_{64};
  std::atomic<int> connections_{0};
  std::atomic<int> open_{0};
  std::vector<std::thread> threads_;
  std::thread acceptor_{[this] { Accept(); }};
};

// Runs `function` on a fiber of a loop of its own.
inline void OnFiber(const std::function<void()>& function) {
  auto loop = netpoll::Loop::Create({});
  ASSERT_TRUE(loop);
  fiber::Scheduler scheduler(**loop);
  fiber::Go(
      [&] {
        function();
        (*loop)->Stop();
      },
      {.scheduler = &scheduler});
  (*loop)->Run();
  while (scheduler.Live() != 0) (*loop)->Turn(std::chrono::milliseconds(1));
}

}  // namespace hon::test
