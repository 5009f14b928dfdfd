#pragma once

#include <cstdint>
#include <mutex>

#include "hon/appcontext/context.h"
#include "hon/base/error.h"
#include "hon/fiber/wait_queue.h"

namespace hon::fiber {

/// The weighted semaphore of Go's x/sync, for fibers of any loops and for plain threads. First
/// come, first served: small requests do not overtake a large one.
class Semaphore {
 public:
  /// A semaphore of `size` units.
  explicit Semaphore(int64_t size);
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore();  // no waiter may be left

  /// Takes `n` units, or takes none and returns the cause of `context` (default: the fiber's own)
  /// when that ends first. A request for more units than the semaphore has waits for the end of its
  /// context, without keeping other requests waiting.
  Error Acquire(int64_t n = 1);
  Error Acquire(const appcontext::Context& context, int64_t n = 1);
  /// Takes `n` units if they are free and no request is waiting.
  [[nodiscard]] bool TryAcquire(int64_t n = 1);
  /// Gives `n` units back. Throws std::logic_error for more units than are taken.
  void Release(int64_t n = 1);

 private:
  struct Claim;
  void Serve();

  const int64_t size_;
  std::mutex guard_;
  int64_t taken_ = 0;
  internal::WaitQueue queue_;
};

}  // namespace hon::fiber
