#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hon::load {

/// One connection to the server, with at most one request on its way. Never blocks.
class Client {
 public:
  enum class Outcome : uint8_t {
    kWaiting,   // more events are needed
    kAnswered,  // the answer is complete, and has status 2xx
    kFailed,    // a wrong answer, or the connection broke; closed
  };

  Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { Close(); }

  /// Begins to connect to the port on the loopback and to watch the socket with `epoll`, whose
  /// events carry `this`. Returns false when the system refuses.
  bool Connect(int epoll, uint16_t port);
  /// Sends `request`, once connected. The text outlives the answer.
  Outcome Send(std::string_view request);
  /// Handles an event of the socket.
  Outcome OnEvent();
  /// Closes without leaving the port in TIME_WAIT when the server has not closed before.
  void Close();

  [[nodiscard]] bool IsOpen() const { return fd_ >= 0; }
  [[nodiscard]] bool IsConnected() const { return IsOpen() && connected_; }
  /// The last answer announced the end of the connection: either wait for the end (AwaitEnd) or
  /// Close.
  [[nodiscard]] bool ServerCloses() const { return server_closes_; }
  /// Makes kAnswered mean from now on that the server has closed.
  void AwaitEnd() { awaits_end_ = true; }
  /// Bytes received in total.
  [[nodiscard]] uint64_t Bytes() const { return bytes_; }

  uint64_t started = 0;  // for the owner: the intended send time of the request

 private:
  Outcome Write();
  Outcome Read();
  Outcome Take(std::string_view input);
  bool ReadHead();
  Outcome Fail();

  int fd_ = -1;
  bool connected_ = false;
  bool awaits_end_ = false;
  bool server_closes_ = false;
  bool in_flight_ = false;
  std::string_view unsent_;
  std::string head_;      // the received part of the answer's head
  size_t body_left_ = 0;  // once the head is complete
  bool head_done_ = false;
  uint64_t bytes_ = 0;
};

}  // namespace hon::load
