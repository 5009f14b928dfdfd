#include "netpoll/uring.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace hon::netpoll {
namespace {

constexpr unsigned kSubmissions = 256;
constexpr unsigned kCompletions = 4096;
// Of headers later than those of liburing 2.3.
constexpr unsigned kFeatureBundles = 1U << 14;  // IORING_FEAT_RECVSEND_BUNDLE, Linux 6.10
constexpr unsigned kOpPipe = 62;                // IORING_OP_PIPE, the newest of Linux 6.16
// After this time a submission that the kernel has refused is tried again.
constexpr Duration kRefusedRetry = std::chrono::milliseconds(5);

// The kernel has taken nothing, and has not waited. A signal, the end of a wait, and completions
// that the next turn makes room for (EBUSY) are no such failure.
bool Refused(int code) { return code < 0 && code != -EINTR && code != -ETIME && code != -EBUSY; }

}  // namespace

Error Ring::Init(unsigned extra_flags) {
  // Completions are made where the loop waits, not where they happen to fall (Linux 6.1).
  constexpr std::array<unsigned, 2> kModes = {
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN};
  int code = 0;
  for (const unsigned mode : kModes) {
    io_uring_params params{};
    params.flags = mode | extra_flags | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
    params.cq_entries = kCompletions;
    code = io_uring_queue_init_params(kSubmissions, &ring_, &params);
    if (code == 0) {
      live_ = true;
      return {};
    }
    if (code != -EINVAL) break;
  }
  return Error::System(-code, "io_uring_setup");
}

Error Ring::Enable() {
  // Not by io_uring_enable_rings, which the shared liburing 2.3 forgot to export.
  const long code =
      ::syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  return code == 0 ? Error() : Error::System(errno, "io_uring_register");
}

bool Ring::ReceivesBundles() {
  if ((ring_.features & kFeatureBundles) == 0) return false;
  io_uring_probe* const probe = io_uring_get_probe_ring(&ring_);
  const bool recent = probe != nullptr && probe->last_op >= kOpPipe;
  io_uring_free_probe(probe);
  return recent;
}

void Ring::Exit() {
  if (std::exchange(live_, false)) io_uring_queue_exit(&ring_);
}

int Ring::Submitted(int code) {
  if (code == -EBADR) lost_ = true;
  return code;
}

io_uring_sqe* Ring::Next() {
  if (backlog_.empty()) [[likely]] {
    if (io_uring_sqe* sqe = io_uring_get_sqe(&ring_)) [[likely]]
      return sqe;
    Submitted(io_uring_submit(&ring_));
    if (io_uring_sqe* sqe = io_uring_get_sqe(&ring_)) return sqe;
  }
  return &backlog_.emplace_back();
}

void Ring::SubmitBacklog() {
  size_t moved = 0;
  while (moved < backlog_.size()) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) {
      if (Refused(Submitted(io_uring_submit(&ring_)))) break;
      sqe = io_uring_get_sqe(&ring_);
      if (sqe == nullptr) break;
    }
    *sqe = backlog_[moved++];
  }
  backlog_.erase(backlog_.begin(), backlog_.begin() + static_cast<std::ptrdiff_t>(moved));
}

void Ring::Enter(Duration wait_max) {
  if (!backlog_.empty()) [[unlikely]] {
    SubmitBacklog();
    if (!backlog_.empty()) wait_max = std::min(wait_max, kRefusedRetry);
  }
  int code = 0;
  if (wait_max <= Duration::zero()) {
    code = io_uring_submit_and_get_events(&ring_);
  } else if (wait_max == kUnlimited) {
    code = io_uring_submit_and_wait(&ring_, 1);
  } else {
    __kernel_timespec limit{};
    limit.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(wait_max).count();
    limit.tv_nsec = (wait_max % std::chrono::seconds(1)).count();
    io_uring_cqe* cqe = nullptr;
    code = io_uring_submit_and_wait_timeout(&ring_, &cqe, 1, &limit, nullptr);
  }
  if (!Refused(Submitted(code)) || wait_max <= Duration::zero()) [[likely]]
    return;
  // The loop goes on with its timers and tasks, but does not spin.
  pollfd ready{.fd = ring_.ring_fd, .events = POLLIN, .revents = 0};
  const Duration rest = std::min(wait_max, kRefusedRetry);
  ::poll(&ready, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(rest).count()));
}

}  // namespace hon::netpoll
