#pragma once

#include <cstdint>
#include <mutex>

#include "hon/appcontext/context.h"
#include "hon/base/error.h"
#include "hon/fiber/wait_queue.h"

namespace hon::fiber {

/// The weighted semaphore of Go's x/sync, for fibers of any loops and for plain threads. First
/// come, first served: one that asks for much is not overtaken by those who ask for little.
class Semaphore {
 public:
  /// With `size` units to give.
  explicit Semaphore(int64_t size);
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore();  // nobody waits

  /// Takes `n` units, or none and returns the cause of `context` (the fiber's own without one)
  /// when that has ended before. Asking for more than there will ever be waits for that end, and
  /// keeps nobody else waiting.
  Error Acquire(int64_t n = 1);
  Error Acquire(const appcontext::Context& context, int64_t n = 1);
  /// Takes them if that keeps nobody waiting.
  [[nodiscard]] bool TryAcquire(int64_t n = 1);
  /// Gives `n` units back. Throws std::logic_error when that is more than are taken.
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
