#include "bench/beast/stream.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <chrono>

namespace hon::beast {
namespace {

constexpr auto kPollMax = std::chrono::hours(1);  // the timeout of poll is an int

}  // namespace

std::string AddressText(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(endpoint.port());
}

std::string LocalAddress(const tcp::socket& socket) {
  bb::error_code problem;
  const tcp::endpoint endpoint = socket.local_endpoint(problem);
  return problem ? std::string() : AddressText(endpoint);
}

std::string RemoteAddress(const tcp::socket& socket) {
  bb::error_code problem;
  const tcp::endpoint endpoint = socket.remote_endpoint(problem);
  return problem ? std::string() : AddressText(endpoint);
}

Stream::Stream(tcp::socket socket, Duration write_timeout, std::shared_ptr<void> slot)
    : slot_(std::move(slot)), socket_(std::move(socket)), write_timeout_(write_timeout) {
  socket_.non_blocking(true);
  socket_.set_option(tcp::no_delay(true));
}

bool Stream::Wait(Direction direction, bb::error_code& problem) {
  const bool reads = direction == Direction::kRead;
  const TimePoint deadline =
      reads ? read_deadline_
            : std::min(write_deadline_, DeadlineAfter(Clock::now(), write_timeout_));
  pollfd watched{socket_.native_handle(), static_cast<short>(reads ? POLLIN : POLLOUT), 0};
  for (;;) {
    const auto left = deadline - Clock::now();
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(
        std::clamp<Duration>(left, Duration::zero(), kPollMax));
    const int ready = ::poll(&watched, 1, static_cast<int>(wait.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) {
      problem.assign(errno, boost::system::system_category());
      return false;
    }
    if (ready == 0 && Clock::now() >= deadline) {
      problem = bb::error::timeout;
      return false;
    }
  }
}

void Stream::CloseGently() {
  bb::error_code problem;
  socket_.shutdown(tcp::socket::shutdown_send, problem);
  SetReadDeadline(Clock::now() + kLingerTime);
  std::array<char, 4096> unread;
  for (size_t n = 0; !problem && n < kLingerBytesMax;) {
    n += read_some(boost::asio::buffer(unread), problem);
  }
  socket_.close(problem);
}

}  // namespace hon::beast
