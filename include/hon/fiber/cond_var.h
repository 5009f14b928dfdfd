#pragma once

#include <mutex>

#include "hon/appcontext/context.h"
#include "hon/base/result.h"
#include "hon/fiber/mutex.h"
#include "hon/fiber/wait_queue.h"

namespace hon::fiber {

/// Go's sync.Cond for fibers of any loops and for plain threads. Waiters are served in order, and
/// each wakes only once it has the mutex again: a Broadcast to a thousand waiters makes one of them
/// run, and each unlock the next.
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;
  ~CondVar();  // no waiter may be left

  /// Unlocks, waits for a signal and locks again. Returns the cause of `context` (default: the
  /// fiber's own) when that ends first; the mutex is locked then too. No spurious wake-ups, but the
  /// condition may have changed since the signal: wait in a loop, or use the forms with a
  /// predicate.
  Error Wait(std::unique_lock<Mutex>& held);
  Error Wait(const appcontext::Context& context, std::unique_lock<Mutex>& held);

  /// Waits until `condition()`, called with the mutex held, is true.
  template <class Condition>
  Error Wait(std::unique_lock<Mutex>& held, Condition condition) {
    while (!condition()) HON_RETURN_IF_ERROR(Wait(held));
    return {};
  }
  template <class Condition>
  Error Wait(const appcontext::Context& context, std::unique_lock<Mutex>& held,
             Condition condition) {
    while (!condition()) HON_RETURN_IF_ERROR(Wait(context, held));
    return {};
  }

  /// Wakes the longest waiter, or all. Any thread, with the mutex held or not.
  void Signal();
  void Broadcast();

 private:
  struct Node;
  void Move(Node& node);

  std::mutex guard_;
  internal::WaitQueue queue_;
};

}  // namespace hon::fiber
