#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "hon/h2/frame.h"
#include "support/loopback_listener.h"

namespace hon::test {

struct ReceivedFrame {
  bool ended = false;  // there was no frame any more
  h2::FrameHeader header;
  std::string payload;
};

/// The server's end of one connection of HTTP/2, frame by frame, on a thread of its own.
class FramePeer {
 public:
  explicit FramePeer(int fd) : fd_(fd) {
    Send(h2::FrameType::kSettings, 0, 0, {});
    EXPECT_EQ(Exactly(kPrefaceBytes).substr(0, 3), "PRI");
  }
  ~FramePeer() { close(fd_); }
  FramePeer(const FramePeer&) = delete;
  FramePeer& operator=(const FramePeer&) = delete;

  void Send(h2::FrameType type, int flags, uint32_t stream, std::string_view payload) const {
    std::string bytes(h2::kFrameHeaderBytes, '\0');
    h2::WriteFrameHeader(bytes.data(), {static_cast<uint32_t>(payload.size()), type,
                                        static_cast<uint8_t>(flags), stream});
    bytes += payload;
    static_cast<void>(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  [[nodiscard]] ReceivedFrame Next() {
    ReceivedFrame frame;
    const std::string header = Exactly(h2::kFrameHeaderBytes);
    frame.ended = header.empty();
    if (frame.ended) return frame;
    frame.header = h2::ReadFrameHeader(header.data());
    frame.payload = Exactly(frame.header.length);
    if (frame.header.type == h2::FrameType::kSettings && (frame.header.flags & h2::kFlagAck) == 0) {
      Send(h2::FrameType::kSettings, h2::kFlagAck, 0, {});
    }
    return frame;
  }
  /// The stream of the next request, when the request is complete; 0 at the end.
  uint32_t AwaitRequest() {
    for (;;) {
      const ReceivedFrame frame = Next();
      if (frame.ended) return 0;
      const bool of_request =
          frame.header.type == h2::FrameType::kHeaders || frame.header.type == h2::FrameType::kData;
      if (of_request && (frame.header.flags & h2::kFlagEndStream) != 0) return frame.header.stream;
    }
  }
  /// 200 without a body.
  void Answer(uint32_t stream) const {
    Send(h2::FrameType::kHeaders, h2::kFlagEndHeaders | h2::kFlagEndStream, stream, "\x88");
  }
  void AnswerNext() {
    Answer(AwaitRequest());
    AwaitEnd();
  }
  void AwaitEnd() {
    while (!Next().ended) {
    }
  }

 private:
  static constexpr size_t kPrefaceBytes = 24;

  std::string Exactly(size_t size) {
    std::array<char, 65536> part;
    while (received_.size() < size) {
      const ssize_t n = recv(fd_, part.data(), part.size(), 0);
      if (n <= 0) return {};
      received_.append(part.data(), static_cast<size_t>(n));
    }
    std::string bytes = received_.substr(0, size);
    received_.erase(0, size);
    return bytes;
  }

  int fd_;
  std::string received_;
};

/// Runs `serve` for each connection on loopback.
class FrameServer {
 public:
  explicit FrameServer(std::function<void(FramePeer&)> serve) : serve_(std::move(serve)) {}
  ~FrameServer() { Join(); }
  [[nodiscard]] std::string Url() const { return "http://" + listener_.Address() + "/"; }
  [[nodiscard]] int Connections() const { return connections_; }
  /// Waits until the clients of all connections have left; takes no more.
  void Join() {
    if (!acceptor_.joinable()) return;
    shutdown(listener_.Fd(), SHUT_RDWR);
    acceptor_.join();
    for (std::thread& one : threads_) one.join();
  }

 private:
  void Accept() {
    for (;;) {
      const int fd = accept(listener_.Fd(), nullptr, nullptr);
      if (fd < 0) return;
      ++connections_;
      threads_.emplace_back([this, fd] {
        FramePeer peer(fd);
        serve_(peer);
      });
    }
  }

  LoopbackListener listener_{64};
  std::function<void(FramePeer&)> serve_;
  std::atomic<int> connections_{0};
  std::vector<std::thread> threads_;
  std::thread acceptor_{[this] { Accept(); }};
};

}  // namespace hon::test
