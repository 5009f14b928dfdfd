#include "hon/fiber/wait_group.h"

#include <stdexcept>
#include <utility>

#include "fiber/sleeper.h"
#include "hon/base/assert.h"

namespace hon::fiber {

WaitGroup::~WaitGroup() { HON_ASSERT(queue_.Empty()); }

// The count is read under the lock only: a thread that finds it zero may destroy the WaitGroup.
void WaitGroup::Add(int64_t delta) {
  std::lock_guard guard(guard_);
  if (count_ + delta < 0) throw std::logic_error("WaitGroup: negative counter");
  count_ += delta;
  if (count_ != 0) return;
  while (internal::WaitNode* node = queue_.PopFront()) internal::Grant(*node);
}

void WaitGroup::Wait() {
  const Error err = Wait(appcontext::Background());
  HON_ASSERT(!err);
}

Error WaitGroup::Wait(const appcontext::Context& context) {
  std::unique_lock guard(guard_);
  if (count_ == 0) return {};
  internal::WaitNode node;
  if (internal::AwaitGrant(guard, queue_, node, context)) return {};
  return context.Cause();
}

void WaitGroup::Go(std::function<void()> function) {
  Add(1);
  fiber::Go(
      [this, function = std::move(function)]() mutable {
        // The function's captures are destroyed before the count drops: they may refer to objects
        // that Wait protects.
        std::exchange(function, nullptr)();
        Done();
      },
      {.context = CurrentContext()});
}

}  // namespace hon::fiber
