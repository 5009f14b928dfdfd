#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "hon/base/time.h"

namespace hon::beast {

namespace bb = boost::beast;
using tcp = boost::asio::ip::tcp;

/// Limits for reading after a gentle close, which also ends when the client has closed: closing
/// with unread input would make the client lose the last answer.
inline constexpr Duration kLingerTime = std::chrono::seconds(1);
inline constexpr size_t kLingerBytesMax = 256 * 1024;

/// "ip:port" or "[ip6]:port".
[[nodiscard]] std::string AddressText(const tcp::endpoint& endpoint);
/// The two ends of `socket`; "" once it is closed.
[[nodiscard]] std::string LocalAddress(const tcp::socket& socket);
[[nodiscard]] std::string RemoteAddress(const tcp::socket& socket);

/// A socket with deadlines, as a SyncStream of Beast: Beast's own streams have deadlines for
/// asynchronous calls only. Blocks the calling thread.
class Stream {
 public:
  /// A wait for the client to take output lasts `write_timeout` at most. `slot` lives as long as
  /// the socket.
  Stream(tcp::socket socket, Duration write_timeout, std::shared_ptr<void> slot = nullptr);

  [[nodiscard]] tcp::socket& Socket() { return socket_; }
  [[nodiscard]] const tcp::socket& Socket() const { return socket_; }

  template <class Buffers>
  size_t read_some(const Buffers& buffers, bb::error_code& problem) {
    return Try(Direction::kRead, problem, [&] { return socket_.read_some(buffers, problem); });
  }
  template <class Buffers>
  size_t write_some(const Buffers& buffers, bb::error_code& problem) {
    return Try(Direction::kWrite, problem, [&] { return socket_.write_some(buffers, problem); });
  }
  template <class Buffers>
  size_t read_some(const Buffers& buffers) {
    return OrThrow([&](bb::error_code& problem) { return read_some(buffers, problem); });
  }
  template <class Buffers>
  size_t write_some(const Buffers& buffers) {
    return OrThrow([&](bb::error_code& problem) { return write_some(buffers, problem); });
  }

  void SetReadDeadline(TimePoint deadline) { read_deadline_ = deadline; }
  /// Applies beside the write timeout, which begins anew with each wait; kNever lifts the timeout
  /// too.
  void SetWriteDeadline(TimePoint deadline) {
    write_deadline_ = deadline;
    if (deadline == kNever) write_timeout_ = kUnlimited;
  }
  /// Undoes the changes of the last request.
  void ResetWriteDeadline(Duration write_timeout) {
    write_deadline_ = kNever;
    write_timeout_ = write_timeout;
  }

  /// Ends our direction and reads until the client has closed, or a limit above is reached.
  void CloseGently();

 private:
  enum class Direction { kRead, kWrite };

  template <class Call>
  size_t Try(Direction direction, bb::error_code& problem, Call call) {
    for (;;) {
      const size_t n = call();
      if (problem != boost::asio::error::would_block) return n;
      if (!Wait(direction, problem)) return 0;
    }
  }
  template <class Call>
  static size_t OrThrow(Call call) {
    bb::error_code problem;
    const size_t n = call(problem);
    if (problem) throw boost::system::system_error(problem);
    return n;
  }
  bool Wait(Direction direction, bb::error_code& problem);

  std::shared_ptr<void> slot_;  // outlives the socket
  tcp::socket socket_;
  TimePoint read_deadline_ = kNever;
  TimePoint write_deadline_ = kNever;
  Duration write_timeout_;
};

}  // namespace hon::beast
