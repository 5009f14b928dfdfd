#pragma once

// The state of another thread of this process, asked of the operating system. Each platform has its
// own source file.

#include <cstdint>

#include "hon/base/time.h"

namespace hon::workers {

/// Observes the thread that has made the probe. Used and Waits may be called on any thread, while
/// the observed one lives.
class ThreadProbe {
 public:
  ThreadProbe();
  ~ThreadProbe();
  ThreadProbe(const ThreadProbe&) = delete;
  ThreadProbe& operator=(const ThreadProbe&) = delete;

  /// Processor time that the thread has used so far.
  [[nodiscard]] Duration Used() const;
  /// Whether the thread sleeps in the kernel; false while it runs or waits for a processor. True if
  /// the system does not say.
  [[nodiscard]] bool Waits() const;
  /// The system's number of the thread.
  [[nodiscard]] int Id() const { return id_; }

 private:
  int id_ = 0;
  int clock_ = 0;
  int state_fd_ = -1;  // /proc/self/task/ID/stat
};

/// The use of processors by the calling thread so far. Two system calls.
struct ThreadUsage {
  Duration processor{};
  int64_t sleeps =
      -1;  // times that the thread has slept in the kernel; -1: the system does not say

  static ThreadUsage OfThisThread();
};

/// Lowers the scheduling priority of the calling thread, for good.
void YieldPriority();

}  // namespace hon::workers
