#pragma once

#include <cstdint>
#include <optional>

#include "hon/appcontext/context.h"
#include "hon/engine/settings.h"
#include "hon/fiber/fiber.h"
#include "hon/io/stream.h"
#include "hon/netpoll/connection.h"

namespace hon::engine {

/// One exchange's view of its connection: buffers in place, waits that suspend the handler's
/// fiber. The connection's events arrive through the On... calls, on the loop outside any fiber;
/// they only note what happened and wake the fiber.
///
/// Time budgets: only time spent waiting for the peer counts, so that a slow handler is not taken
/// for a slow client; every kBodyRateBytesMin bytes that moved buy one second more.
class ExchangeStream final : public io::Stream {
 public:
  /// Begins an exchange on `connection`, which stays alive until Detach.
  void Attach(netpoll::Connection& connection, const ConnSettings& settings);
  void Detach();

  Error FillInput() override;
  Error DrainOutput(size_t bytes_max) override;
  io::CopyResult SendFile(io::File& file, int64_t offset, int64_t count) override;
  void SetReadDeadline(TimePoint deadline) override;
  void SetWriteDeadline(TimePoint deadline) override;

  void OnInput() { WakeFor(Waiting::kInput); }
  void OnWritable() { WakeFor(Waiting::kOutput); }
  void OnTimeout(netpoll::DeadlineKind kind);
  /// The connection is gone; its memory is kept for us.
  void OnDisconnect(const Error& why);
  /// The exchange's context ended in a way that must end waits too.
  void Interrupt(Error cause);

  [[nodiscard]] bool Disconnected() const { return static_cast<bool>(failure_); }
  [[nodiscard]] const Error& Failure() const { return failure_; }

 private:
  enum class Waiting : uint8_t { kNothing, kInput, kOutput };

  // What the peer may still cost us in one direction.
  struct Budget {
    Duration timeout{};
    Duration waited{};
    int64_t moved = 0;
    std::optional<TimePoint> deadline;  // set by the handler: replaces the budget
    bool expired = false;

    void Reset(Duration for_waiting);
    [[nodiscard]] TimePoint EndsAt(TimePoint now) const;
  };

  Error Await(Waiting what);
  [[nodiscard]] Error Obstacle(const Budget& budget) const;
  void WakeFor(Waiting what);
  void YieldNowAndThen(size_t bytes);

  netpoll::Connection* connection_ = nullptr;
  fiber::Fiber* waiter_ = nullptr;
  Waiting waiting_ = Waiting::kNothing;
  Budget read_;
  Budget write_;
  Error failure_;
  Error interrupt_;
  size_t unyielded_ = 0;
};

}  // namespace hon::engine
