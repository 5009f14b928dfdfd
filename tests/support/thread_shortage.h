#pragma once

namespace hon::test {

/// While it lives no thread of this process can start another: pthread_create fails with EAGAIN, as
/// where a limit on threads is reached. Link thread_shortage.cc, which replaces pthread_create; not
/// in builds with sanitizers, which replace it themselves.
class ThreadShortage {
 public:
  /// The first `threads_left` can still be had.
  explicit ThreadShortage(int threads_left = 0);
  ~ThreadShortage();
  ThreadShortage(const ThreadShortage&) = delete;
  ThreadShortage& operator=(const ThreadShortage&) = delete;

  /// How often a thread was refused.
  [[nodiscard]] static int Refused();
};

}  // namespace hon::test
