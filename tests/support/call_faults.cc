#include "support/call_faults.h"

#include <dlfcn.h>
#include <liburing.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <ctime>
#include <optional>

#include "hon/netpoll/loop.h"

namespace hon::test {
namespace {

// IORING_NOP_INJECT_RESULT, which older headers lack: the result is in `len`.
constexpr unsigned kInjectResult = 1;

struct Fault {
  Call call = Call::kReceive;
  unsigned nth = 0;  // 0: none
  int error = 0;
};

Fault fault;
std::atomic<unsigned> calls{0};
std::atomic<unsigned> failed{0};

// The error of this call, if it is to fail.
std::optional<int> ErrorOf(Call call) {
  if (fault.nth == 0 || fault.call != call || netpoll::Loop::Current() == nullptr) return {};
  if (++calls % fault.nth != 0) return {};
  ++failed;
  return fault.error;
}

bool FailsWithErrno(Call call) {
  const std::optional<int> error = ErrorOf(call);
  if (error) errno = *error;
  return error.has_value();
}

std::optional<Call> KindOf(const io_uring_sqe& entry) {
  switch (entry.opcode) {
    case IORING_OP_RECV:
      return Call::kReceiveEntry;
    case IORING_OP_POLL_ADD:
      return Call::kPollEntry;
    case IORING_OP_ASYNC_CANCEL:
      return Call::kCancelEntry;
    default:
      return {};
  }
}

// Has the kernel complete the chosen ones of the entries that are to be submitted at once.
void FailEntries(io_uring* ring) {
  for (unsigned at = ring->sq.sqe_head; at != ring->sq.sqe_tail; ++at) {
    io_uring_sqe& entry = ring->sq.sqes[at & *ring->sq.kring_mask];
    const std::optional<Call> call = KindOf(entry);
    const std::optional<int> error = call ? ErrorOf(*call) : std::nullopt;
    if (!error) continue;
    const uint64_t data = entry.user_data;
    entry = {};
    entry.opcode = IORING_OP_NOP;
    entry.len = static_cast<uint32_t>(-*error);
    entry.rw_flags = static_cast<int>(kInjectResult);
    entry.user_data = data;
  }
}

template <class Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

void FailEvery(Call call, unsigned nth, int error) {
  calls = 0;
  failed = 0;
  fault = {.call = call, .nth = nth, .error = error};
}

unsigned Heal() {
  fault = {};
  return failed;
}

bool EntriesCanFail() {
  io_uring ring;
  if (io_uring_queue_init(2, &ring, 0) != 0) return false;
  io_uring_sqe* entry = io_uring_get_sqe(&ring);
  *entry = {};
  entry->opcode = IORING_OP_NOP;
  entry->len = static_cast<uint32_t>(-ENOBUFS);
  entry->rw_flags = static_cast<int>(kInjectResult);
  io_uring_cqe* completion = nullptr;
  io_uring_submit(&ring);
  const bool can = io_uring_wait_cqe(&ring, &completion) == 0 && completion->res == -ENOBUFS;
  io_uring_queue_exit(&ring);
  return can;
}

}  // namespace hon::test

using hon::test::Call;

extern "C" {

ssize_t recv(int fd, void* into, size_t size, int flags) {
  if (hon::test::FailsWithErrno(Call::kReceive)) return -1;
  return ::syscall(SYS_recvfrom, fd, into, size, flags, nullptr, nullptr);
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
  if (hon::test::FailsWithErrno(Call::kReceive)) return -1;
  return ::syscall(SYS_recvmsg, fd, message, flags);
}

ssize_t send(int fd, const void* from, size_t size, int flags) {
  const std::optional<int> error = hon::test::ErrorOf(Call::kSend);
  if (error && *error != hon::test::kShort) {
    errno = *error;
    return -1;
  }
  return ::syscall(SYS_sendto, fd, from, error ? size_t{1} : size, flags, nullptr, 0);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  const std::optional<int> error = hon::test::ErrorOf(Call::kSend);
  if (!error) return ::syscall(SYS_sendmsg, fd, message, flags);
  if (*error == hon::test::kShort) {
    return ::syscall(SYS_sendto, fd, message->msg_iov[0].iov_base, size_t{1}, flags, nullptr, 0);
  }
  errno = *error;
  return -1;
}

ssize_t sendfile(int to, int from, off_t* offset, size_t count) noexcept {
  const std::optional<int> error = hon::test::ErrorOf(Call::kSendFile);
  if (error && *error != hon::test::kShort) {
    errno = *error;
    return -1;
  }
  return ::syscall(SYS_sendfile, to, from, offset, error ? size_t{1} : count);
}

int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  if (hon::test::FailsWithErrno(Call::kAccept)) return -1;
  return static_cast<int>(::syscall(SYS_accept4, fd, address, size, flags));
}

int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
  if (hon::test::FailsWithErrno(Call::kControl)) return -1;
  return static_cast<int>(::syscall(SYS_epoll_ctl, epoll, operation, fd, event));
}

int epoll_wait(int epoll, epoll_event* events, int count, int timeout) {
  if (hon::test::FailsWithErrno(Call::kWait)) return -1;
  return static_cast<int>(::syscall(SYS_epoll_pwait, epoll, events, count, timeout, nullptr, 8));
}

int epoll_pwait2(int epoll, epoll_event* events, int count, const timespec* timeout,
                 const sigset_t* signals) {
  if (hon::test::FailsWithErrno(Call::kWait)) return -1;
  return static_cast<int>(
      ::syscall(SYS_epoll_pwait2, epoll, events, count, timeout, signals, size_t{8}));
}

int io_uring_register_buf_ring(io_uring* ring, io_uring_buf_reg* list, unsigned flags) {
  static const auto next = hon::test::Next<int (*)(io_uring*, io_uring_buf_reg*, unsigned)>(
      "io_uring_register_buf_ring");
  const auto error = hon::test::ErrorOf(Call::kShareBlocks);
  return error ? -*error : next(ring, list, flags);
}

int io_uring_submit(io_uring* ring) {
  static const auto next = hon::test::Next<int (*)(io_uring*)>("io_uring_submit");
  hon::test::FailEntries(ring);
  const auto error = hon::test::ErrorOf(Call::kWait);
  if (error && *error != EBADR) return -*error;
  const int code = next(ring);  // a lost completion is told behind the submission
  return error ? -*error : code;
}

int io_uring_submit_and_get_events(io_uring* ring) {
  static const auto next = hon::test::Next<int (*)(io_uring*)>("io_uring_submit_and_get_events");
  hon::test::FailEntries(ring);
  const auto error = hon::test::ErrorOf(Call::kWait);
  if (error && *error != EBADR) return -*error;
  const int code = next(ring);  // a lost completion is told behind the submission
  return error ? -*error : code;
}

int io_uring_submit_and_wait(io_uring* ring, unsigned count) {
  static const auto next =
      hon::test::Next<int (*)(io_uring*, unsigned)>("io_uring_submit_and_wait");
  hon::test::FailEntries(ring);
  const auto error = hon::test::ErrorOf(Call::kWait);
  if (error && *error != EBADR) return -*error;
  const int code = next(ring, count);
  return error ? -*error : code;
}

int io_uring_submit_and_wait_timeout(io_uring* ring, io_uring_cqe** completion, unsigned count,
                                     __kernel_timespec* limit, sigset_t* signals) {
  static const auto next =
      hon::test::Next<int (*)(io_uring*, io_uring_cqe**, unsigned, __kernel_timespec*, sigset_t*)>(
          "io_uring_submit_and_wait_timeout");
  hon::test::FailEntries(ring);
  const auto error = hon::test::ErrorOf(Call::kWait);
  if (error && *error != EBADR) return -*error;
  const int code = next(ring, completion, count, limit, signals);
  return error ? -*error : code;
}

}  // extern "C"
