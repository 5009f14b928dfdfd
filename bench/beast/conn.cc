#include "bench/beast/conn.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <utility>

#include "bench/beast/evented.h"
#include "bench/beast/request.h"

namespace hon::beast {
namespace {

class Conn final : public io::Conn {
 public:
  Conn(Stream stream, std::string unread)
      : stream_(std::move(stream)), unread_(std::move(unread)) {}

  io::IoResult Read(std::span<char> into) override {
    if (!IsOpen()) return {0, io::ErrClosed};
    if (into.empty()) return {};
    if (!unread_.empty()) {
      const size_t n = unread_.copy(into.data(), into.size());
      unread_.erase(0, n);
      return {n, {}};
    }
    bb::error_code problem;
    const size_t n = stream_.read_some(boost::asio::buffer(into.data(), into.size()), problem);
    if (!problem) return {n, {}};
    return {n, problem == boost::asio::error::eof ? Error(io::ErrEof) : ToError(problem)};
  }

  io::IoResult Write(std::string_view data) override {
    if (!IsOpen()) return {0, io::ErrClosed};
    bb::error_code problem;
    const size_t n =
        boost::asio::write(stream_, boost::asio::buffer(data.data(), data.size()), problem);
    return {n, problem ? ToError(problem) : Error()};
  }

  Error CloseWrite() override {
    if (!IsOpen()) return io::ErrClosed;
    bb::error_code problem;
    stream_.Socket().shutdown(tcp::socket::shutdown_send, problem);
    return problem ? ToError(problem) : Error();
  }

  Error Close() override {
    if (!IsOpen()) return io::ErrClosed;
    bb::error_code problem;
    stream_.Socket().close(problem);
    return {};
  }

  void SetReadDeadline(TimePoint deadline) override { stream_.SetReadDeadline(deadline); }
  void SetWriteDeadline(TimePoint deadline) override { stream_.SetWriteDeadline(deadline); }

  Error BecomeEvented(io::ConnSink& sink) override {
    if (!IsOpen()) return io::ErrClosed;
    RunEvented(std::move(stream_), std::exchange(unread_, {}), sink);
    return {};
  }

  [[nodiscard]] std::string LocalAddr() const override { return LocalAddress(stream_.Socket()); }
  [[nodiscard]] std::string RemoteAddr() const override { return RemoteAddress(stream_.Socket()); }

 private:
  [[nodiscard]] bool IsOpen() const { return stream_.Socket().is_open(); }

  Stream stream_;
  std::string unread_;
};

}  // namespace

std::unique_ptr<io::Conn> NewConn(Stream stream, std::string unread) {
  stream.SetReadDeadline(kNever);
  stream.SetWriteDeadline(kNever);
  return std::make_unique<Conn>(std::move(stream), std::move(unread));
}

}  // namespace hon::beast
