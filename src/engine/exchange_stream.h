#pragma once

#include <cstdint>
#include <utility>

#include "engine/patience.h"
#include "hon/appcontext/context.h"
#include "hon/base/assert.h"
#include "hon/engine/settings.h"
#include "hon/fiber/fiber.h"
#include "hon/io/stream.h"
#include "hon/netpoll/connection.h"
#include "io/page_cache.h"

namespace hon::engine {

/// The connection as one exchange sees it: buffers in place, waits that suspend the calling fiber,
/// the handler's or another one of the loop. One fiber may read while another writes. The wait of
/// a fiber other than the handler's also ends with the context of that fiber. The connection's
/// events arrive through the On... calls, on the loop outside any fiber; they only record the event
/// and wake the fiber.
///
/// Only time spent waiting for the peer counts against the timeouts, so that a slow handler is not
/// taken for a slow client. A peer that keeps to kPeerRateBytesMin gets the time anew.
class ExchangeStream final : public io::Stream {
 public:
  /// Begins to serve `connection`, which stays alive until Detach, as `files` does.
  void Attach(netpoll::Connection& connection, io::PageCacheProbe& files) {
    HON_ASSERT(connection_ == nullptr);
    connection_ = &connection;
    files_ = &files;
    Bind(connection.Reader(), connection.Writer());
    failure_ = {};
    unyielded_ = 0;
  }
  /// Begins a request.
  void Renew(const ConnSettings& settings) {
    if (!std::exchange(used_, false)) return;
    read_.Reset(settings.read_timeout);
    write_.Reset(settings.write_timeout);
    interrupt_ = {};
  }
  /// Ends a request.
  void EndRequest() {
    HON_ASSERT(reader_ == nullptr && writer_ == nullptr);
    if (read_.deadline) connection_->SetDeadline(netpoll::DeadlineKind::kRead, kNever);
  }
  void Detach() { connection_ = nullptr; }

  Error FillInput() override;
  Error DrainOutput(size_t bytes_max) override;
  io::CopyResult SendFile(io::File& file, int64_t offset, int64_t count) override;
  void PrepareFile(io::File& file, int64_t offset, int64_t count) override;
  void SetReadDeadline(TimePoint deadline) override;
  void SetWriteDeadline(TimePoint deadline) override;
  void Yield() override;

  /// Waits for input until `until` at most. Returns false when none has come, or none can come.
  /// Where some is left already, everything else that is ready runs first.
  bool AwaitInput(TimePoint until);

  void OnInput() { Wake(reader_); }
  void OnWritable() { Wake(writer_); }
  /// The fiber is about to wait: its output is sent meanwhile.
  void OnSuspend() {
    if (!failure_ && !Out().Empty() && !PastWriteDeadline()) connection_->FlushLater();
  }
  void OnTimeout(netpoll::DeadlineKind kind);
  /// The connection is gone; the object is retained until Detach.
  void OnDisconnect(const Error& why);
  /// The end of the exchange's context must end waits too.
  void Interrupt(Error cause);

  [[nodiscard]] bool AwaitsInput() const { return reader_ != nullptr; }
  /// Whether the handler's write deadline has passed: nothing more is sent then.
  [[nodiscard]] bool PastWriteDeadline() const {
    return write_.deadline && *write_.deadline <= Clock::now();
  }
  [[nodiscard]] bool Disconnected() const { return static_cast<bool>(failure_); }
  [[nodiscard]] const Error& Failure() const { return failure_; }

 private:
  Error SuspendForInput();
  Error SuspendForOutput();
  [[nodiscard]] Error Obstacle(Patience& patience);
  static void Wake(fiber::Fiber* waiter) {
    if (waiter != nullptr) fiber::Wake(*waiter);
  }
  void YieldNowAndThen(size_t bytes);

  netpoll::Connection* connection_ = nullptr;
  io::PageCacheProbe* files_ = nullptr;
  fiber::Fiber* reader_ = nullptr;  // waits for input
  fiber::Fiber* writer_ = nullptr;  // waits for output
  Patience read_;
  Patience write_;
  Error failure_;
  Error interrupt_;
  size_t unyielded_ = 0;
  bool used_ = true;  // the last request has left state to be reset
};

}  // namespace hon::engine
