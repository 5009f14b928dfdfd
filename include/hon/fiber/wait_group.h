#pragma once

#include <cstdint>
#include <functional>
#include <mutex>

#include "hon/appcontext/context.h"
#include "hon/base/error.h"
#include "hon/fiber/wait_queue.h"

namespace hon::fiber {

/// Go's sync.WaitGroup for fibers of any loops and for plain threads. It may be destroyed, and what
/// the others used with it, as soon as Wait has returned.
class WaitGroup {
 public:
  WaitGroup() = default;
  WaitGroup(const WaitGroup&) = delete;
  WaitGroup& operator=(const WaitGroup&) = delete;
  ~WaitGroup();  // nobody waits

  /// Changes the count; at zero everybody who waits goes on. Throws std::logic_error below zero.
  void Add(int64_t delta);
  void Done() { Add(-1); }

  /// Waits until the count is zero, whatever becomes of the fiber's context: those that are waited
  /// for often use what lives on this stack.
  void Wait();
  /// The same, but gives up with the cause of `context` when that ends first. They run on then.
  Error Wait(const appcontext::Context& context);

  /// Runs `function` on a fiber of this loop and counts it until it has ended and been destroyed.
  /// Its context is that of the calling fiber.
  void Go(std::function<void()> function);

 private:
  std::mutex guard_;
  int64_t count_ = 0;
  internal::WaitQueue queue_;
};

}  // namespace hon::fiber
