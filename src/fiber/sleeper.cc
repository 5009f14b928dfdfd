#include "fiber/sleeper.h"

namespace hon::fiber::internal {

Sleeper::Sleeper(const appcontext::Context& context, TimePoint deadline)
    : context_(&context), deadline_(deadline), fiber_(Current()) {
  if (fiber_ == nullptr) {
    gate_.emplace();
  } else if (deadline != kNever) {
    Scheduler::Current()->GetLoop().Timers().Arm(*this, deadline);
  }
  Register(context);  // with a context that has ended, Over is true from the start
}

void Sleeper::Wake() {
  if (fiber_ != nullptr) return fiber::Wake(*fiber_);
  std::lock_guard lock(gate_->mutex);
  gate_->open = true;
  gate_->changed.notify_one();
}

void Sleeper::Park() {
  if (fiber_ != nullptr) return fiber::Park();
  std::unique_lock lock(gate_->mutex);
  const auto open = [this] { return gate_->open || context_->Done(); };
  if (deadline_ == kNever) {
    gate_->changed.wait(lock, open);
  } else if (!gate_->changed.wait_until(lock, deadline_, open)) {
    expired_ = true;
  }
  gate_->open = false;
}

void Sleeper::OnTimer() {
  expired_ = true;
  Wake();
}

bool AwaitGrant(std::unique_lock<std::mutex>& lock, WaitQueue& queue, WaitNode& node,
                const appcontext::Context& context) {
  Sleeper sleeper(context);
  node.sleeper = &sleeper;
  queue.PushBack(node);
  while (!node.granted && !sleeper.Over()) {
    lock.unlock();
    sleeper.Park();
    lock.lock();
  }
  if (node.Linked()) queue.Remove(node);
  return node.granted;
}

}  // namespace hon::fiber::internal
