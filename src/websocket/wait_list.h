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

/// Whether the caller may wait: a fiber, or a thread without a loop, neither one of netpoll nor
/// (`on_loop`) the loop of the connection.
[[nodiscard]] bool MayWait(bool on_loop);

}  // namespace hon::websocket::internal
