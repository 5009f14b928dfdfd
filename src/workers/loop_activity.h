#pragma once

#include <atomic>
#include <cstdint>

#include "hon/base/assert.h"
#include "hon/http/handler.h"

namespace hon::workers {

/// The handler that a loop's thread runs at the moment. The loop writes, the watchdog reads. The
/// loop writes twice for each call of a handler, so both writes are plain stores.
class LoopActivity {
 public:
  /// On the loop's thread: a handler of `route` starts, or is resumed.
  void BeginHandler(http::Route& route) {
    HON_ASSERT(!Runs());
    route_.store(&route, std::memory_order_relaxed);
    Advance();
  }
  /// On the loop's thread: the handler has returned, or is suspended.
  void EndHandler() {
    HON_ASSERT(Runs());
    Advance();
  }

  /// A sequence number: odd while a handler runs. Two equal odd readings mean that one handler has
  /// run, without a suspension, for the whole time between them. Any thread.
  [[nodiscard]] uint64_t Sequence() const { return sequence_.load(std::memory_order_acquire); }
  /// The route of the running handler. Valid only if Sequence is odd and equal before and after.
  [[nodiscard]] http::Route* Route() const { return route_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] bool Runs() const { return sequence_.load(std::memory_order_relaxed) % 2 == 1; }
  void Advance() {
    sequence_.store(sequence_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  std::atomic<uint64_t> sequence_{0};
  std::atomic<http::Route*> route_{nullptr};
};

}  // namespace hon::workers
