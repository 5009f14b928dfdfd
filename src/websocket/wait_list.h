#pragma once

#include <mutex>

#include "hon/base/error.h"

namespace hon::websocket::internal {

/// The waiters for a change of the data that a mutex guards, fibers and threads alike. Used with
/// that mutex held.
class WaitList {
 public:
  /// Releases the lock until WakeAll; wake-ups may be spurious. Fails when the context of the
  /// calling fiber has ended.
  Error Wait(std::unique_lock<std::mutex>& lock);
  void WakeAll();

 private:
  struct Node;
  Node* first_ = nullptr;
};

/// Suspends the running fiber until code of its own loop has set `over` and woken the fiber. Fails
/// when the fiber's context ends first.
Error AwaitOnLoop(const bool& over);

/// Whether the caller may wait: a fiber, or a thread that turns no loop, neither one of netpoll's
/// nor (`on_loop`) whatever turns the connection.
[[nodiscard]] bool MayWait(bool on_loop);

}  // namespace hon::websocket::internal
