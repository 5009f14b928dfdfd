#pragma once

// The other end of a connection under test: a plain blocking socket that sends exactly the given
// bytes and reads answers as bytes or as messages. Every wait ends after kPeerWaitMax.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hon::test {

inline constexpr std::chrono::seconds kPeerWaitMax(20);
inline constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: t\r\n\r\n";

/// One parsed answer.
struct Answer {
  int status = 0;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::map<std::string, std::string> trailers;
  bool chunked = false;
  bool complete = false;  // ended according to its framing

  [[nodiscard]] std::string Get(std::string_view name) const {
    for (const auto& [key, value] : fields) {
      if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) {
        return value;
      }
    }
    return {};
  }
  [[nodiscard]] bool Has(std::string_view name) const {
    for (const auto& [key, value] : fields) {
      if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) {
        return true;
      }
    }
    return false;
  }
};

class WirePeer {
 public:
  /// `address` is "127.0.0.1:PORT".
  explicit WirePeer(const std::string& address) {
    const size_t colon = address.rfind(':');
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
    inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    timeval wait = {};
    wait.tv_sec = kPeerWaitMax.count();
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int problem = 0;
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) problem = errno;
    if (problem == EINTR) {  // the connect goes on all the same
      pollfd connected = {fd_, POLLOUT, 0};
      while (::poll(&connected, 1, -1) < 0 && errno == EINTR) {
      }
      socklen_t size = sizeof problem;
      ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &problem, &size);
    }
    if (problem != 0) {
      throw std::runtime_error("connect " + address + ": " + std::strerror(problem));
    }
  }
  WirePeer(WirePeer&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        buffer_(std::move(other.buffer_)),
        taken_(std::exchange(other.taken_, 0)),
        ended_(other.ended_) {}
  WirePeer(const WirePeer&) = delete;
  WirePeer& operator=(const WirePeer&) = delete;
  ~WirePeer() { Close(); }

  /// Returns false when the other end does not take all bytes.
  bool Send(std::string_view data) {
    while (!data.empty()) {
      const ssize_t n = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      data.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  /// Sends pieces of `piece` bytes, each a segment of its own.
  bool SendInPieces(std::string_view data, size_t piece) {
    while (!data.empty()) {
      if (!Send(data.substr(0, piece))) return false;
      data.remove_prefix(std::min(piece, data.size()));
      ::usleep(200);
    }
    return true;
  }
  void EndSending() { ::shutdown(fd_, SHUT_WR); }
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  /// Closes the connection with RST.
  void Reset() {
    const linger hard = {1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    Close();
  }
  [[nodiscard]] int Fd() const { return fd_; }
  /// Whether the socket has received bytes that no call has read. Any thread.
  [[nodiscard]] bool HasUnread() const {
    pollfd readable = {fd_, POLLIN, 0};
    return ::poll(&readable, 1, 0) == 1;
  }

  /// Reads until the other end closes, or until the wait times out (see Ended).
  std::string ReadAll() {
    while (Fill()) {
    }
    return Take(Here());
  }
  /// Reads at least `n` bytes, unless the connection ends first.
  std::string Read(size_t n) {
    while (Here() < n && Fill()) {
    }
    return Take(std::min(n, Here()));
  }
  /// The other end has closed, by FIN or RST.
  [[nodiscard]] bool Ended() const { return ended_; }
  /// The other end has closed by RST.
  [[nodiscard]] bool WasReset() const { return reset_; }
  /// Reads until the end; returns whether no further byte came.
  bool ExpectEnd() {
    while (Fill()) {
    }
    return ended_ && Here() == 0;
  }

  /// The next answer; `to_head` when the request was HEAD.
  Answer ReadAnswer(bool to_head = false) {
    Answer answer;
    const std::string head = ReadThrough("\r\n\r\n");
    if (head.empty()) return answer;
    ParseHead(head, answer);
    ReadBody(answer, to_head);
    return answer;
  }

  /// Reads up to and with `mark`; "" when the connection ends first.
  std::string ReadThrough(std::string_view mark) {
    size_t at;
    while ((at = buffer_.find(mark, taken_)) == std::string::npos) {
      if (!Fill()) return {};
    }
    return Take(at + mark.size() - taken_);
  }

 private:
  /// Bytes received and not taken.
  [[nodiscard]] size_t Here() const { return buffer_.size() - taken_; }
  std::string Take(size_t n) {
    std::string out = buffer_.substr(taken_, n);
    taken_ += n;
    return out;
  }
  bool Fill() {
    if (ended_ || fd_ < 0) return false;
    buffer_.erase(0, std::exchange(taken_, 0));
    char bytes[65536];
    ssize_t n;
    do {  // any signal ends a wait with a receive timeout early
      n = ::recv(fd_, bytes, sizeof bytes, 0);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
      buffer_.append(bytes, static_cast<size_t>(n));
      return true;
    }
    reset_ = n < 0 && errno == ECONNRESET;
    ended_ = ended_ || n == 0 || reset_;
    return false;
  }

  static void ParseHead(std::string_view head, Answer& answer) {
    size_t line_end = head.find("\r\n");
    const std::string_view line = head.substr(0, line_end);
    std::from_chars(line.data() + 9, line.data() + 12, answer.status);
    answer.reason = line.size() > 13 ? line.substr(13) : std::string_view();
    head.remove_prefix(line_end + 2);
    while ((line_end = head.find("\r\n")) != std::string_view::npos && line_end != 0) {
      const std::string_view field = head.substr(0, line_end);
      const size_t colon = field.find(':');
      std::string_view value = field.substr(colon + 1);
      while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
      answer.fields.emplace_back(field.substr(0, colon), value);
      head.remove_prefix(line_end + 2);
    }
    answer.chunked = answer.Get("Transfer-Encoding") == "chunked";
  }

  void ReadBody(Answer& answer, bool to_head) {
    const int status = answer.status;
    if (to_head || status == 204 || status == 304 || (status >= 100 && status < 200)) {
      answer.complete = true;
    } else if (answer.chunked) {
      ReadChunks(answer);
    } else if (answer.Has("Content-Length")) {
      const size_t size = std::stoul(answer.Get("Content-Length"));
      answer.body = Read(size);
      answer.complete = answer.body.size() == size;
    } else {
      answer.body = ReadAll();
      answer.complete = ended_;
    }
  }

  void ReadChunks(Answer& answer) {
    for (;;) {
      const std::string line = ReadThrough("\r\n");
      if (line.empty()) return;
      const size_t size = std::stoul(line, nullptr, 16);
      if (size == 0) break;
      const std::string data = Read(size + 2);
      if (data.size() != size + 2 || !data.ends_with("\r\n")) return;
      answer.body.append(data, 0, size);
    }
    for (;;) {
      const std::string line = ReadThrough("\r\n");
      if (line.empty()) return;
      if (line == "\r\n") break;
      const size_t colon = line.find(": ");
      answer.trailers[line.substr(0, colon)] = line.substr(colon + 2, line.size() - colon - 4);
    }
    answer.complete = true;
  }

  int fd_ = -1;
  std::string buffer_;
  size_t taken_ = 0;  // from the front of buffer_
  bool ended_ = false;
  bool reset_ = false;
};

}  // namespace hon::test
