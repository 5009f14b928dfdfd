#pragma once

// What the system tells of another thread of this process. In the file of the platform.

#include <string>

#include "hon/base/time.h"

namespace hon::workers {

/// One thread, seen from others. Made on that thread; the thread must be alive when it is asked.
class ThreadProbe {
 public:
  ThreadProbe();
  ~ThreadProbe();
  ThreadProbe(const ThreadProbe&) = delete;
  ThreadProbe& operator=(const ThreadProbe&) = delete;

  /// Processor time that it has used.
  [[nodiscard]] Duration Used() const;
  /// Whether it waits in the kernel, and not just for a processor. True when that is unknown.
  [[nodiscard]] bool Waits() const;
  /// The system's number of it.
  [[nodiscard]] int Id() const { return id_; }

 private:
  int id_ = 0;
  int clock_ = 0;
  int state_fd_ = -1;  // /proc/self/task/ID/stat
};

/// Names the calling thread, for ps and debuggers; at most 15 bytes.
void NameThread(const std::string& name);

/// Lets other threads go before the calling one where they compete for a processor.
void YieldPriority();

}  // namespace hon::workers
