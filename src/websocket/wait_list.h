#pragma once

#include <mutex>

#include "hon/base/error.h"

namespace hon::websocket::internal {

/// Those who wait for a change of what a mutex guards, fibers and threads alike. Used under that
/// mutex.
class WaitList {
 public:
  /// Lets go of the lock until WakeAll; may return for nothing. Fails when the context of the
  /// calling fiber has ended.
  Error Wait(std::unique_lock<std::mutex>& lock);
  void WakeAll();

 private:
  struct Node;
  Node* first_ = nullptr;
};

/// Whether the caller may wait: a fiber, or a thread that turns no loop, neither one of netpoll's
/// nor (`on_loop`) whatever turns the connection.
[[nodiscard]] bool MayWait(bool on_loop);

}  // namespace hon::websocket::internal
