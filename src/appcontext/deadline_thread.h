#pragma once

#include <condition_variable>
#include <map>
#include <mutex>

#include "hon/base/error.h"
#include "hon/base/thread.h"
#include "hon/base/time.h"

namespace hon::appcontext {

class ContextNode;

/// Ends contexts at their deadlines. One thread for the process, started by the first deadline:
/// a context may be made and kept by any thread, so no loop's timers can serve it.
class DeadlineThread {
 public:
  struct Entry;
  struct Alarm {
    ContextNode* node;
    Entry* entry;
    Error cause;
  };
  using Alarms = std::multimap<TimePoint, Alarm>;
  /// A node's entry among the alarms.
  struct Entry {
    bool used = false;  // constant once the node is shown to others
    bool set = false;   // guarded by the thread's mutex, like `at`
    Alarms::iterator at;
  };

  static DeadlineThread& Instance();

  /// `node` is ended at `deadline` unless it is removed before. Fails, and has done nothing, when
  /// the thread cannot be started; the next call tries again.
  [[nodiscard]] Error Add(ContextNode& node, TimePoint deadline, Error cause, Entry& entry);
  /// After Remove the thread uses the node only through a reference of its own.
  void Remove(Entry& entry);

 private:
  DeadlineThread() = default;
  ~DeadlineThread();
  void Main();

  std::mutex mutex_;
  std::condition_variable changed_;
  Alarms alarms_;
  bool stop_ = false;
  Thread thread_;  // started by the first Add
};

}  // namespace hon::appcontext
