#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "hon/appcontext/context.h"
#include "hon/base/error.h"
#include "hon/fiber/wait_queue.h"

namespace hon::fiber {

/// Go's sync.Mutex for fibers of any loops and for plain threads: whoever has to wait steps aside
/// (a fiber) or blocks (a thread), and may hold it across other waits. First come, first served:
/// unlock hands the mutex to the one that has waited longest. Not recursive. Free, it costs one
/// atomic step to lock and one to unlock, and never allocates.
///
/// Works with std::lock_guard, std::unique_lock and std::scoped_lock.
class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  ~Mutex();  // unlocked, and nobody waits

  /// Waits for as long as it takes, whatever becomes of the fiber's context.
  void lock() {
    if (!try_lock()) LockSlow();
  }
  [[nodiscard]] bool try_lock() {
    uint32_t expected = kFree;
    return state_.compare_exchange_strong(expected, kLocked, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  /// From any thread, the one that locked it or another.
  void unlock() {
    uint32_t expected = kLocked;
    if (!state_.compare_exchange_strong(expected, kFree, std::memory_order_release,
                                        std::memory_order_relaxed)) {
      UnlockSlow();
    }
  }

  /// Locks, or returns the cause of `context` (the fiber's own without one) when that has ended
  /// before the mutex was had. Go on with std::unique_lock(mutex, std::adopt_lock).
  Error Lock();
  Error Lock(const appcontext::Context& context);

 private:
  friend class CondVar;

  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kLocked = 1;
  static constexpr uint32_t kContended = 2;  // locked, and unlock has to look at the queue

  void LockSlow();
  void UnlockSlow();
  /// For CondVar: queues `node`, or grants it the mutex at once.
  void Admit(internal::WaitNode& node);
  void AwaitAdmitted(internal::WaitNode& node);

  std::atomic<uint32_t> state_{kFree};
  std::mutex guard_;  // of the queue, and of every change from and to kContended
  internal::WaitQueue queue_;
};

}  // namespace hon::fiber
