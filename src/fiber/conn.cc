#include "hon/fiber/conn.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "hon/base/assert.h"
#include "hon/fiber/fiber.h"
#include "hon/io/stream.h"
#include "hon/netpoll/loop.h"

namespace hon::fiber {
namespace {

/// The events and the outcome of one Dial. Kept by the pending dial, and by a connection from its
/// OnPrepare until it has another owner or has ended.
class DialState final : public netpoll::EventHandler,
                        public std::enable_shared_from_this<DialState> {
 public:
  void OnPrepare(netpoll::Connection&) override { kept_ = shared_from_this(); }
  void OnRequest(netpoll::Connection&) override {}
  void OnDisconnect(netpoll::Connection&, const Error&) override { Leave(); }
  /// The connection has another handler.
  void Leave() { const std::shared_ptr<DialState> last = std::move(kept_); }

  std::optional<Result<std::unique_ptr<io::Conn>>> outcome;
  Fiber* waiter = nullptr;

 private:
  std::shared_ptr<DialState> kept_;
};

/// The view that a fiber has of an io::EventConn.
class FiberConn final : public io::Conn, public io::ConnSink {
 public:
  FiberConn() = default;
  ~FiberConn() override {
    HON_ASSERT(read_.waiter == nullptr && write_.waiter == nullptr);
    const Error err = Close();
    static_cast<void>(err);
  }

  // io::Conn

  io::IoResult Read(std::span<char> into) override {
    if (conn_ == nullptr) return {0, io::ErrClosed};
    if (into.empty()) return {};
    while (conn_->In().Empty()) {
      if (conn_->InputEnded()) return {0, EndOfInput()};
      if (Error err = Wait(read_)) return {0, std::move(err)};
    }
    const size_t n = conn_->In().ReadInto(into);
    if (!gone_) conn_->ConsumedInput();
    return {n, {}};
  }

  io::IoResult Write(std::string_view data) override {
    size_t done = 0;
    while (done < data.size()) {
      if (Error err = Obstacle(write_)) return {done, std::move(err)};
      io::LinkBuffer& out = conn_->Out();
      if (out.Len() >= io::kHighWaterBytes) {
        conn_->SendNow({}, {});
        if (out.Len() < io::kHighWaterBytes) continue;
        if (Error err = Wait(write_)) return {done, std::move(err)};
        continue;
      }
      const size_t part = std::min(data.size() - done, io::kHighWaterBytes - out.Len());
      out.Write(data.substr(done, part));
      done += part;
      conn_->SendSoon();
    }
    return {done, {}};
  }

  Error CloseWrite() override {
    HON_RETURN_IF_ERROR(Obstacle(write_));
    conn_->CloseWrite();
    return {};
  }

  Error Close() override {
    if (std::exchange(closed_, true)) return io::ErrClosed;
    if (conn_ != nullptr && !gone_) conn_->Close(io::ConnClose::kGraceful);
    WakeUp(read_);
    WakeUp(write_);
    return {};
  }

  void SetReadDeadline(TimePoint deadline) override {
    Set(read_, io::ConnDeadline::kRead, deadline);
  }
  void SetWriteDeadline(TimePoint deadline) override {
    Set(write_, io::ConnDeadline::kWrite, deadline);
  }
  [[nodiscard]] std::string LocalAddr() const override {
    return conn_ == nullptr ? std::string() : conn_->LocalAddr();
  }
  [[nodiscard]] std::string RemoteAddr() const override {
    return conn_ == nullptr ? std::string() : conn_->RemoteAddr();
  }

  Error BecomeEvented(io::ConnSink& sink) override {
    HON_ASSERT(read_.waiter == nullptr && write_.waiter == nullptr);
    if (closed_) return io::ErrClosed;
    if (gone_) return gone_;
    closed_ = true;
    conn_->SetSink(sink);
    sink.OnOpen(std::move(conn_));
    return {};
  }

  // io::ConnSink

  void OnOpen(std::unique_ptr<io::EventConn> conn) override {
    HON_ASSERT(conn_ == nullptr);
    conn_ = std::move(conn);
  }
  void OnInput() override { WakeUp(read_); }
  void OnDrained() override { WakeUp(write_); }
  void OnDeadline(io::ConnDeadline which) override {
    Direction& direction = which == io::ConnDeadline::kRead ? read_ : write_;
    direction.expired = true;
    WakeUp(direction);
  }
  // Bytes received before the end can still be read.
  void OnClosed(const Error& why) override {
    gone_ = why ? why : Error(io::ErrClosed);
    WakeUp(read_);
    WakeUp(write_);
  }

 private:
  struct Direction {
    Fiber* waiter = nullptr;
    bool expired = false;
  };

  [[nodiscard]] Error EndOfInput() const {
    return conn_->InputTruncated() ? Error(io::ErrUnexpectedEof) : Error(io::ErrEof);
  }

  [[nodiscard]] Error Obstacle(const Direction& direction) const {
    if (closed_) return io::ErrClosed;
    if (gone_) return gone_;
    if (direction.expired) return io::ErrDeadlineExceeded;
    return {};
  }

  Error Wait(Direction& direction) {
    HON_RETURN_IF_ERROR(Obstacle(direction));
    HON_ASSERT(direction.waiter == nullptr);  // one fiber at a time for each direction
    direction.waiter = Current();
    HON_ASSERT(direction.waiter != nullptr);
    Park();
    direction.waiter = nullptr;
    return Obstacle(direction);
  }

  static void WakeUp(Direction& direction) {
    if (direction.waiter != nullptr) Wake(*direction.waiter);
  }

  void Set(Direction& direction, io::ConnDeadline which, TimePoint deadline) {
    if (conn_ == nullptr) return;
    direction.expired = deadline <= Clock::now();
    if (!gone_) conn_->SetDeadline(which, direction.expired ? kNever : deadline);
    if (direction.expired) WakeUp(direction);
  }

  std::unique_ptr<io::EventConn> conn_;  // null: not opened yet, or given to another sink
  Direction read_;
  Direction write_;
  Error gone_;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<io::Conn> NewConn(netpoll::Connection& connection, ConnGroup* group,
                                  std::shared_ptr<void> slot) {
  auto conn = std::make_unique<FiberConn>();
  OpenConn(connection, *conn, group, std::move(slot));
  return conn;
}

Result<std::unique_ptr<io::Conn>> ConnOf(const std::function<Error(io::ConnSink&)>& open) {
  auto conn = std::make_unique<FiberConn>();
  if (Error err = open(*conn)) return Fail(std::move(err));
  return conn;
}

Result<std::unique_ptr<io::Conn>> Dial(std::string_view address, Duration timeout,
                                       std::unique_ptr<io::RecordLayer> layer) {
  auto state = std::make_shared<DialState>();
  state->waiter = Current();
  HON_ASSERT(state->waiter != nullptr);
  const auto done = [state](Result<netpoll::Connection*> connection) {
    if (connection) {
      state->outcome = NewConn(**connection);
      state->Leave();
    } else {
      state->outcome = Fail(std::move(connection.error()));
    }
    Wake(*state->waiter);
  };
  netpoll::Loop& loop = Scheduler::Current()->GetLoop();
  loop.Dial(address, *state, timeout, done, std::move(layer));
  while (!state->outcome) {
    Park();
    if (!state->outcome && CurrentContext().Done()) {
      loop.CancelDials(*state);
      state->Leave();
      return Fail(CurrentContext().Cause());
    }
  }
  return std::move(*state->outcome);
}

}  // namespace hon::fiber
