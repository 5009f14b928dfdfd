#pragma once

#include <mutex>

#include "hon/appcontext/context.h"
#include "hon/base/result.h"
#include "hon/fiber/mutex.h"
#include "hon/fiber/wait_queue.h"

namespace hon::fiber {

/// Go's sync.Cond for fibers of any loops and for plain threads. Those who wait are served in
/// order, and each is woken only when it has the mutex again: a Broadcast to a thousand makes one
/// of them run, and each unlock the next.
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;
  ~CondVar();  // nobody waits

  /// Unlocks, waits to be signalled and locks again. Returns the cause of `context` (the fiber's
  /// own without one) when that ends first; the mutex is held then too. Never wakes for nothing,
  /// but somebody else may have changed the condition since the signal: wait in a loop, or use the
  /// forms with a predicate.
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

  /// Lets the one go on that has waited longest, or all. Any thread, with the mutex held or not.
  void Signal();
  void Broadcast();

 private:
  struct Node;
  void Move(Node& node);

  std::mutex guard_;
  internal::WaitQueue queue_;
};

}  // namespace hon::fiber
