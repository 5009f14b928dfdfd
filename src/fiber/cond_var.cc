#include "hon/fiber/cond_var.h"

#include "fiber/sleeper.h"
#include "hon/base/assert.h"

namespace hon::fiber {

struct CondVar::Node : internal::WaitNode {
  Mutex* mutex = nullptr;
  bool signalled = false;  // in the mutex's queue since the signal
};

CondVar::~CondVar() { HON_ASSERT(queue_.Empty()); }

Error CondVar::Wait(std::unique_lock<Mutex>& held) { return Wait(CurrentContext(), held); }

Error CondVar::Wait(const appcontext::Context& context, std::unique_lock<Mutex>& held) {
  HON_ASSERT(held.owns_lock());
  if (context.Done()) return context.Cause();
  Mutex& mutex = *held.mutex();
  internal::Sleeper sleeper(context);
  Node node;
  node.sleeper = &sleeper;
  node.mutex = &mutex;
  std::unique_lock guard(guard_);
  queue_.PushBack(node);
  mutex.unlock();
  while (!node.signalled && !sleeper.Over()) {
    guard.unlock();
    sleeper.Park();
    guard.lock();
  }
  const bool signalled = node.signalled;
  if (!signalled) queue_.Remove(node);
  guard.unlock();
  if (signalled) {
    mutex.AwaitAdmitted(node);
    return {};
  }
  mutex.lock();
  return context.Cause();
}

void CondVar::Move(Node& node) {
  HON_ASSERT(!node.signalled);
  node.signalled = true;
  node.mutex->Admit(node);
}

void CondVar::Signal() {
  std::lock_guard guard(guard_);
  if (internal::WaitNode* node = queue_.PopFront(); node != nullptr) {
    Move(static_cast<Node&>(*node));
  }
}

void CondVar::Broadcast() {
  std::lock_guard guard(guard_);
  while (internal::WaitNode* node = queue_.PopFront()) Move(static_cast<Node&>(*node));
}

}  // namespace hon::fiber
