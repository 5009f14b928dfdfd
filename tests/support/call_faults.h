#pragma once

// Faults of the system calls that loops make: a program that links call_faults.cc has them in place
// of the C library's and of liburing's. Calls outside of a loop's turn, as those of peers, are
// never failed.

#include <string_view>

namespace hon::test {

enum class Call {
  kReceive,       // recv, recvmsg
  kSend,          // send, sendmsg
  kSendFile,      // sendfile
  kAccept,        // accept4
  kWait,          // epoll_wait, epoll_pwait2; io_uring_enter with what it submits
  kControl,       // epoll_ctl
  kReceiveEntry,  // a receive that io_uring completes
  kPollEntry,     // a poll that io_uring completes
  kCancelEntry,   // a cancellation that io_uring completes
  kShareBlocks,   // io_uring_register_buf_ring
};

/// A send that takes one byte only.
inline constexpr int kShort = -1;

/// From now on every `nth` call of this kind fails with `error`, or is short.
void FailEvery(Call call, unsigned nth, int error);
/// From now on all calls are made. Returns how many were failed.
unsigned Heal();
/// Whether the kernel completes entries of io_uring with given results (Linux 6.12).
bool EntriesCanFail();

}  // namespace hon::test
