#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include "hon/appcontext/context.h"
#include "hon/base/assert.h"
#include "hon/base/time.h"
#include "hon/fiber/fiber.h"
#include "hon/fiber/wait_queue.h"
#include "hon/netpoll/timer.h"

namespace hon::fiber::internal {

/// Blocks a plain thread until it is opened.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
};

/// The caller of a waiting function, for one wait: a fiber, which is suspended, or a plain thread,
/// which blocks. Lives on the caller's stack.
class Sleeper final : private appcontext::Waiter, private netpoll::Timer {
 public:
  explicit Sleeper(const appcontext::Context& context, TimePoint deadline = kNever);
  ~Sleeper() override { Unregister(); }

  /// Any thread. Called under a lock that the sleeping caller takes before it goes on, so that the
  /// sleeper, its fiber and its loop live until Wake has returned.
  void Wake();
  /// Returns after a Wake, also an earlier one, and when Over becomes true. Wake-ups may be
  /// spurious.
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

/// Puts `node` at the end of `queue` and waits, with `lock` released, until Grant or the end of
/// `context`. `node` is off the queue afterwards. Returns whether the node was granted.
bool AwaitGrant(std::unique_lock<std::mutex>& lock, WaitQueue& queue, WaitNode& node,
                const appcontext::Context& context);

/// Ends the wait of `node`, which was just taken off its queue, with success.
inline void Grant(WaitNode& node) {
  HON_ASSERT(!node.granted);
  node.granted = true;
  node.sleeper->Wake();
}

}  // namespace hon::fiber::internal
