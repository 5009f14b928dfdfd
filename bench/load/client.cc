#include "client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace hon::load {
namespace {

constexpr size_t kHeadBytesMax = 16 * 1024;
constexpr size_t kReadBytes = 64 * 1024;

// The value of the field, or "". `head` begins with the status line.
std::string_view Field(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != std::string_view::npos;
       at = head.find("\r\n", at + 2)) {
    std::string_view line = head.substr(at + 2);
    line = line.substr(0, line.find("\r\n"));
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    line.remove_prefix(name.size() + 1);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return line;
  }
  return {};
}

}  // namespace

bool Client::Connect(int epoll, uint16_t port) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return false;
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int code = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = this;
  if ((code != 0 && errno != EINPROGRESS) || ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd_, &event) != 0) {
    Close();
    return false;
  }
  connected_ = false;
  awaits_end_ = false;
  server_closes_ = false;
  return true;
}

Client::Outcome Client::Send(std::string_view request) {
  unsent_ = request;
  in_flight_ = true;
  head_.clear();
  head_done_ = false;
  body_left_ = 0;
  return Write();
}

Client::Outcome Client::Write() {
  while (!unsent_.empty()) {
    const ssize_t n = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (n < 0) {
      // ENOTCONN: the connect is still pending.
      if (errno == EAGAIN || errno == ENOTCONN) return Outcome::kWaiting;
      return Fail();
    }
    unsent_.remove_prefix(static_cast<size_t>(n));
  }
  return Outcome::kWaiting;
}

Client::Outcome Client::OnEvent() {
  if (!IsOpen()) return Outcome::kWaiting;  // an event from before the close
  if (!unsent_.empty() && Write() == Outcome::kFailed) return Outcome::kFailed;
  connected_ = true;  // if not, Read finds the error
  return Read();
}

Client::Outcome Client::Read() {
  static thread_local std::array<char, kReadBytes> buffer;
  for (;;) {
    const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (n < 0) {
      if (errno == EAGAIN || errno == ENOTCONN) return Outcome::kWaiting;
      return Fail();
    }
    if (n == 0) {
      if (!awaits_end_) return Fail();
      Close();
      return Outcome::kAnswered;
    }
    bytes_ += static_cast<uint64_t>(n);
    const Outcome outcome = Take({buffer.data(), static_cast<size_t>(n)});
    if (outcome != Outcome::kWaiting) return outcome;
    // A short read: nothing more is there, and the next bytes cause an event.
    if (static_cast<size_t>(n) < buffer.size()) return Outcome::kWaiting;
  }
}

// Bytes without a request are a wrong answer.
Client::Outcome Client::Take(std::string_view input) {
  if (!in_flight_) return Fail();
  if (!head_done_) {
    const size_t before = head_.size();
    head_.append(input);
    const size_t from = before < 3 ? 0 : before - 3;
    const size_t end = head_.find("\r\n\r\n", from);
    if (end == std::string::npos) {
      return head_.size() > kHeadBytesMax ? Fail() : Outcome::kWaiting;
    }
    input.remove_prefix(end + 4 - before);
    head_.resize(end + 2);
    if (!ReadHead()) return Fail();
    head_done_ = true;
  }
  if (input.size() > body_left_) return Fail();
  body_left_ -= input.size();
  if (body_left_ != 0) return Outcome::kWaiting;
  in_flight_ = false;
  return Outcome::kAnswered;
}

// Answers with another status than 2xx, or without a Content-Length, cannot be timed.
bool Client::ReadHead() {
  if (!head_.starts_with("HTTP/1.") || head_.size() < 12 || head_[9] != '2') return false;
  const std::string_view length = Field(head_, "Content-Length");
  const auto [end, problem] =
      std::from_chars(length.data(), length.data() + length.size(), body_left_);
  if (problem != std::errc() || end != length.data() + length.size()) return false;
  const std::string_view connection = Field(head_, "Connection");
  server_closes_ = connection.size() == 5 && ::strncasecmp(connection.data(), "close", 5) == 0;
  return true;
}

Client::Outcome Client::Fail() {
  Close();
  return Outcome::kFailed;
}

void Client::Close() {
  if (fd_ < 0) return;
  if (!awaits_end_) {
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  ::close(fd_);
  fd_ = -1;
  in_flight_ = false;
  unsent_ = {};
}

}  // namespace hon::load
