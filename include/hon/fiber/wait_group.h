#pragma once

#include <cstdint>
#include <functional>
#include <mutex>

#include "hon/appcontext/context.h"
#include "hon/base/error.h"
#include "hon/fiber/wait_queue.h"

namespace hon::fiber {

/// Go's sync.WaitGroup for fibers of any loops and for plain threads. The WaitGroup, and objects
/// that the counted functions used with it, may be destroyed as soon as Wait has returned.
class WaitGroup {
 public:
  WaitGroup() = default;
  WaitGroup(const WaitGroup&) = delete;
  WaitGroup& operator=(const WaitGroup&) = delete;
  ~WaitGroup();  // no waiter may be left

  /// Changes the count; at zero all waiters go on. Throws std::logic_error below zero.
  void Add(int64_t delta);
  void Done() { Add(-1); }

  /// Waits until the count is zero; ignores the fiber's context, since counted functions often use
  /// memory of this stack.
  void Wait();
  /// As Wait, but returns the cause of `context` when that ends first. The counted functions run
  /// on.
  Error Wait(const appcontext::Context& context);

  /// Runs `function` on a fiber of this loop and counts the function until it has ended and been
  /// destroyed. The function's context is that of the calling fiber.
  void Go(std::function<void()> function);

 private:
  std::mutex guard_;
  int64_t count_ = 0;
  internal::WaitQueue queue_;
};

}  // namespace hon::fiber
