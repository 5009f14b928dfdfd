#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "hon/appcontext/context.h"
#include "hon/base/error.h"
#include "hon/fiber/wait_queue.h"

namespace hon::fiber {

/// Go's sync.Mutex for fibers of any loops and for plain threads: a waiting fiber is suspended, a
/// waiting thread blocks. May be held across other waits. First come, first served: unlock passes
/// the mutex to the longest waiter. Not recursive. Without contention, lock and unlock cost one
/// atomic step each; never allocates.
///
/// Works with std::lock_guard, std::unique_lock and std::scoped_lock.
class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  ~Mutex();  // must be unlocked, without waiters

  /// Waits as long as necessary; ignores the fiber's context.
  void lock() {
    if (!try_lock()) LockSlow();
  }
  [[nodiscard]] bool try_lock() {
    uint32_t expected = kFree;
    return state_.compare_exchange_strong(expected, kLocked, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  /// Callable on any thread, also on another one than lock.
  void unlock() {
    uint32_t expected = kLocked;
    if (!state_.compare_exchange_strong(expected, kFree, std::memory_order_release,
                                        std::memory_order_relaxed)) {
      UnlockSlow();
    }
  }

  /// Locks, or returns the cause of `context` (default: the fiber's own) when that ends first.
  /// Adopt the lock by std::unique_lock(mutex, std::adopt_lock).
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
  std::mutex guard_;  // guards the queue, and every change from and to kContended
  internal::WaitQueue queue_;
};

}  // namespace hon::fiber
