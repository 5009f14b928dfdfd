#pragma once

#include <atomic>
#include <cstdint>

#include "hon/http/handler.h"

namespace hon::engine {

/// What a loop's thread is running for whom: a note that the loop writes and the watchdog reads.
/// Written twice for each call of a handler, so there are plain stores only.
class Hold {
 public:
  /// The loop begins, or goes on, to run a handler of `route`, and ends or suspends it.
  void Enter(http::Route& route) {
    route_.store(&route, std::memory_order_relaxed);
    Step();
  }
  void Leave() { Step(); }

  /// Odd while a handler runs; a number that has not changed is the same stretch of the same call.
  [[nodiscard]] uint64_t Count() const { return count_.load(std::memory_order_acquire); }
  /// Whose handler it is. Meaningful when Count is odd and the same before and after.
  [[nodiscard]] http::Route* Route() const { return route_.load(std::memory_order_relaxed); }

 private:
  void Step() {
    count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  std::atomic<uint64_t> count_{0};
  std::atomic<http::Route*> route_{nullptr};
};

}  // namespace hon::engine
