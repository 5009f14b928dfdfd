#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "engine/patience.h"
#include "hon/base/assert.h"
#include "hon/engine/settings.h"
#include "hon/fiber/fiber.h"
#include "hon/h2/stream.h"
#include "hon/io/stream.h"
#include "hon/netpoll/timer.h"

namespace hon::engine {

class Http2Conn;
struct LoopServices;

/// The io::Stream of an exchange over a stream of HTTP/2. Written bytes wait in Stream::Out()
/// until windows and the connection's output allow a DATA frame. Read bytes are credited to the
/// peer before the reader waits again. The On... calls are the events of the stream: they come on
/// the loop, and only wake the fiber that waits.
class Http2Stream final : public io::Stream {
 public:
  /// Receives the expiries of the stream's timers while no fiber waits. Called on the loop, outside
  /// any fiber.
  class Owner {
   public:
    /// The handler's read deadline has passed and nothing is left to be read.
    virtual void OnReadDeadline() = 0;
    /// The write timeout of the rest of the answer has passed.
    virtual void OnDrainTimeout() = 0;

   protected:
    ~Owner() = default;
  };

  Http2Stream(LoopServices& services, Owner& owner, h2::Stream& wire)
      : io::Stream(wire.In(), wire.Out()), services_(&services), owner_(&owner), wire_(&wire) {}

  /// Begins a request, whose stream is one of `conn`.
  void Begin(Http2Conn& conn, const ConnSettings& settings) {
    HON_ASSERT(conn_ == nullptr && !draining_);
    conn_ = &conn;
    read_.patience.Reset(settings.read_timeout);
    write_.patience.Reset(settings.write_timeout);
    if (failure_) failure_ = {};
    if (interrupt_) interrupt_ = {};
    unyielded_ = 0;
  }
  /// The handler has returned, and no fiber uses the stream. The rest of Out() is sent within the
  /// write timeout.
  void BeginDrain();
  /// Removes the deadlines that the handler has set: a tunnel uses the stream from now on.
  void LiftDeadlines();
  void End();

  Error FillInput() override;
  Error DrainOutput(size_t bytes_max) override;
  io::CopyResult SendFile(io::File& file, int64_t offset, int64_t count) override;
  void PrepareFile(io::File& file, int64_t offset, int64_t count) override;
  void SetReadDeadline(TimePoint deadline) override;
  void SetWriteDeadline(TimePoint deadline) override;

  /// Bytes that wait in Out() before their writer waits: fewer where many streams share the
  /// connection, since what waits for its turn leaves the processor's caches meanwhile.
  [[nodiscard]] size_t WaitingBytesMax() const;
  void OnData() { read_.Wake(); }
  void OnFramed() { write_.Wake(); }
  /// The stream or its connection has ended early.
  void OnGone(const Error& why);
  /// Ends the waits of the fiber with `cause`: the context of the request has ended.
  void Interrupt(const Error& cause);
  /// Has written bytes sent at the end of this turn of the loop. Called before a fiber waits.
  void SendSoon();

  [[nodiscard]] bool Gone() const { return static_cast<bool>(failure_); }
  [[nodiscard]] const Error& Failure() const { return failure_; }
  /// The handler has set a write deadline, and it has passed: nothing more is sent.
  [[nodiscard]] bool PastWriteDeadline() const {
    return write_.patience.deadline && *write_.patience.deadline <= Clock::now();
  }

 private:
  // The input or the output of the stream. A fiber may wait for each.
  class Direction final : public netpoll::Timer {
   public:
    explicit Direction(Http2Stream& stream) : stream_(&stream) {}
    void Wake() {
      if (waiter != nullptr) fiber::Wake(*waiter);
    }

    Patience patience;
    fiber::Fiber* waiter = nullptr;

   private:
    void OnTimer() override;

    Http2Stream* stream_;
  };

  Error Await(Direction& direction);
  [[nodiscard]] Error Obstacle(Direction& direction);
  void OnTimerWithoutWaiter(const Direction& direction);
  void ArmReadDeadline();
  void YieldNowAndThen(size_t bytes);

  LoopServices* services_;
  Owner* owner_;
  h2::Stream* wire_;
  Http2Conn* conn_ = nullptr;
  Direction read_{*this};
  Direction write_{*this};
  Error failure_;
  Error interrupt_;
  size_t unyielded_ = 0;
  size_t drained_from_ = 0;  // Out() when the timer was armed for the rest of the answer
  bool draining_ = false;
};

}  // namespace hon::engine
