#pragma once

namespace hon::test {

/// A scope in which no thread of this process can start another: pthread_create fails with EAGAIN,
/// as at a limit on threads. Link thread_shortage.cc, which replaces pthread_create; not in builds
/// with sanitizers, which replace it too.
class ThreadShortage {
 public:
  /// The first `threads_left` threads still start.
  explicit ThreadShortage(int threads_left = 0);
  ~ThreadShortage();
  ThreadShortage(const ThreadShortage&) = delete;
  ThreadShortage& operator=(const ThreadShortage&) = delete;

  /// The number of refused threads.
  [[nodiscard]] static int Refused();
};

}  // namespace hon::test
