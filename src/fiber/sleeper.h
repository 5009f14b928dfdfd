#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include "hon/appcontext/context.h"
#include "hon/base/time.h"
#include "hon/fiber/fiber.h"
#include "hon/fiber/wait_queue.h"
#include "hon/netpoll/timer.h"

namespace hon::fiber::internal {

/// What a plain thread blocks on.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
};

/// Whoever calls a waiting function, for one wait, on its stack: a fiber, which steps aside, or a
/// plain thread, which blocks.
class Sleeper final : private appcontext::Waiter, private netpoll::Timer {
 public:
  explicit Sleeper(const appcontext::Context& context, TimePoint deadline = kNever);
  ~Sleeper() override { Unregister(); }

  /// Any thread. Called under a lock that the sleeper takes before it leaves: that is what keeps
  /// the sleeper, its fiber and its loop alive until this has returned.
  void Wake();
  /// Returns after a Wake, this or an earlier one, and when it is Over; now and then for nothing.
  void Park();
  /// Whether the context has ended or the time is up.
  [[nodiscard]] bool Over() const { return expired_ || context_->Done(); }

 private:
  void OnDone() override { Wake(); }
  void OnTimer() override;

  const appcontext::Context* context_;
  TimePoint deadline_;
  Fiber* fiber_;
  bool expired_ = false;
  std::optional<Gate> gate_;
};

/// Puts `node` at the end of `queue` and waits, without `lock`, until it is granted or `context`
/// has ended; then it is off the queue. Whether it was granted.
bool AwaitGrant(std::unique_lock<std::mutex>& lock, WaitQueue& queue, WaitNode& node,
                const appcontext::Context& context);

/// Lets `node`, which was just taken off its queue, go on.
inline void Grant(WaitNode& node) {
  node.granted = true;
  node.sleeper->Wake();
}

}  // namespace hon::fiber::internal
