#pragma once

#include <liburing.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "hon/base/error.h"
#include "hon/base/time.h"

namespace hon::netpoll {

/// In the ioprio of a receive: into several provided buffers at once (IORING_RECVSEND_BUNDLE of
/// later headers).
inline constexpr uint16_t kReceiveBundle = 1U << 4;

/// An io_uring that its destructor tears down. Submissions that the kernel does not take now, for
/// lack of memory or of room, are kept and submitted later: submitting cannot fail.
class Ring {
 public:
  Ring() = default;
  ~Ring() { Exit(); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  Error Init(unsigned extra_flags);
  /// Binds a ring that was made with IORING_SETUP_R_DISABLED to this thread.
  Error Enable();
  void Exit();
  io_uring* Get() { return &ring_; }

  /// An entry to be prepared before the next call.
  [[nodiscard]] io_uring_sqe* Next();
  /// Submits, and waits for a completion until `wait_max` has passed.
  void Enter(Duration wait_max);
  /// Whether completions were lost since the last call (EBADR: the kernel had no memory for them).
  [[nodiscard]] bool TakeLost() { return std::exchange(lost_, false); }
  /// Has TakeLost say true again.
  void SetLost() { lost_ = true; }
  /// Whether the kernel has taken every submission.
  [[nodiscard]] bool AllSubmitted() const {
    return backlog_.empty() && io_uring_sq_ready(&ring_) == 0;
  }
  /// Whether no completion waits to be taken.
  [[nodiscard]] bool AllTaken() const {
    return io_uring_cq_ready(&ring_) == 0 && !io_uring_cq_has_overflow(&ring_);
  }
  /// Whether no completion is made outside of Enter.
  [[nodiscard]] bool CompletesInWaitsOnly() const {
    return (ring_.flags & IORING_SETUP_DEFER_TASKRUN) != 0;
  }
  /// Whether the kernel counts right what a receive with kReceiveBundle has brought (Linux 6.16).
  [[nodiscard]] bool ReceivesBundles();

 private:
  void SubmitBacklog();
  int Submitted(int code);

  io_uring ring_{};
  bool live_ = false;
  bool lost_ = false;
  std::vector<io_uring_sqe> backlog_;  // in order, behind those in the ring
};

}  // namespace hon::netpoll
