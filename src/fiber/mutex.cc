#include "hon/fiber/mutex.h"

#include "fiber/sleeper.h"
#include "hon/base/assert.h"

namespace hon::fiber {

Mutex::~Mutex() { HON_ASSERT(state_.load(std::memory_order_relaxed) == kFree); }

Error Mutex::Lock() { return Lock(CurrentContext()); }

Error Mutex::Lock(const appcontext::Context& context) {
  if (context.Done()) return context.Cause();
  if (try_lock()) return {};
  std::unique_lock guard(guard_);
  // From here on an unlock takes the guard first, and finds this waiter in the queue, or no waiter.
  if (state_.exchange(kContended, std::memory_order_acquire) == kFree) return {};
  internal::WaitNode node;
  if (internal::AwaitGrant(guard, queue_, node, context)) return {};
  return context.Cause();
}

void Mutex::LockSlow() {
  const Error err = Lock(appcontext::Background());
  HON_ASSERT(!err);
}

// Passing the mutex on keeps the order: a newcomer cannot take it in between.
void Mutex::UnlockSlow() {
  std::lock_guard guard(guard_);
  HON_ASSERT(state_.load(std::memory_order_relaxed) == kContended);  // otherwise it was not locked
  if (internal::WaitNode* node = queue_.PopFront(); node != nullptr) {
    internal::Grant(*node);
  } else {
    state_.store(kFree, std::memory_order_release);
  }
}

void Mutex::Admit(internal::WaitNode& node) {
  std::lock_guard guard(guard_);
  if (state_.exchange(kContended, std::memory_order_acquire) == kFree) {
    internal::Grant(node);
  } else {
    queue_.PushBack(node);
  }
}

void Mutex::AwaitAdmitted(internal::WaitNode& node) {
  std::unique_lock guard(guard_);
  while (!node.granted) {
    guard.unlock();
    node.sleeper->Park();
    guard.lock();
  }
}

}  // namespace hon::fiber
