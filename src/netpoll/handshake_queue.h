#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "hon/base/thread.h"
#include "hon/base/time.h"
#include "hon/netpoll/connection.h"
#include "hon/netpoll/loop.h"
#include "netpoll/record_queue.h"

namespace hon::netpoll {

/// In one turn of a loop, steps of handshakes run up to this time, and up to this number. One step
/// with an ECDSA key takes about half a millisecond.
inline constexpr Duration kHandshakeTimePerTurn = std::chrono::milliseconds(1);
inline constexpr unsigned kHandshakeStepsPerTurn = 64;

/// While the kernel has more events than one wait brings, turns run no steps, for at most this
/// time: the events of established connections stand behind those of thousands of handshakes.
inline constexpr Duration kHandshakePauseMax = std::chrono::milliseconds(4);

/// The handshakes of one loop's connections whose next step is due, first come first served. Each
/// turn runs some of them, after the events of the established connections were delivered. Long
/// steps run on a thread that the first of them starts.
class HandshakeQueue final : public Task {
 public:
  explicit HandshakeQueue(Loop& loop) : loop_(loop), returned_(*this) {}
  ~HandshakeQueue() override;
  HandshakeQueue(const HandshakeQueue&) = delete;
  HandshakeQueue& operator=(const HandshakeQueue&) = delete;

  /// Adds a connection that holds kHandshakeQueued.
  void Push(Connection& c);
  /// Takes the long step of a connection that holds kLongStep. The connection is queued again when
  /// the step has run. Runs the step at once where the system gives no thread.
  void HandOver(Connection& c);
  /// Runs the steps of one turn.
  void Run() override;
  /// Joins the thread and drops the holds of every connection. Nothing may be added after Stop.
  void Stop();

 private:
  class Returned final : public Task {
   public:
    explicit Returned(HandshakeQueue& queue) : queue_(queue) {}
    void Run() override { queue_.TakeReturned(); }

   private:
    HandshakeQueue& queue_;
  };

  [[nodiscard]] bool Pauses();
  void RunSteps();
  void TakeReturned();
  bool StartThread();
  void ThreadMain();

  Loop& loop_;
  ConnectionQueue waiting_;
  bool deferred_ = false;         // this task is in the loop's list
  TimePoint resume_at_ = kNever;  // the end of a pause; kNever: none has begun
  Returned returned_;
  Thread thread_;
  std::mutex mutex_;  // guards the following members
  std::condition_variable changed_;
  ConnectionQueue steps_;  // to be run
  ConnectionQueue done_;   // to be queued again
  bool posted_ = false;
  bool stop_ = false;
};

}  // namespace hon::netpoll
