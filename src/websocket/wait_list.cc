#include "websocket/wait_list.h"

#include <atomic>
#include <condition_variable>
#include <utility>

#include "hon/appcontext/context.h"
#include "hon/fiber/fiber.h"
#include "hon/netpoll/loop.h"

namespace hon::websocket::internal {
namespace {

class ContextWaiter final : public appcontext::Waiter {
 public:
  explicit ContextWaiter(fiber::Fiber& fiber) : fiber_(&fiber) {}
  ~ContextWaiter() override { Unregister(); }

 private:
  void OnDone() override { fiber::Wake(*fiber_); }
  fiber::Fiber* fiber_;
};

}  // namespace

struct WaitList::Node {
  fiber::Fiber* fiber = nullptr;
  Node* next = nullptr;
  std::condition_variable changed;  // of a thread
  std::atomic<bool> woken{false};
};

Error WaitList::Wait(std::unique_lock<std::mutex>& lock) {
  Node node;
  node.fiber = fiber::Current();
  node.next = std::exchange(first_, &node);
  if (node.fiber == nullptr) {
    node.changed.wait(lock, [&] { return node.woken.load(); });
    return {};
  }
  const appcontext::Context& context = fiber::CurrentContext();
  lock.unlock();
  {
    ContextWaiter waiter(*node.fiber);
    if (waiter.Register(context)) {
      while (!node.woken.load() && !context.Done()) fiber::Park();
    }
  }
  lock.lock();
  if (node.woken.load()) return {};
  Node** at = &first_;
  while (*at != &node) at = &(*at)->next;
  *at = node.next;
  return context.Cause();
}

void WaitList::WakeAll() {
  Node* node = std::exchange(first_, nullptr);
  while (node != nullptr) {
    Node* next = node->next;
    node->woken.store(true);
    if (node->fiber != nullptr) {
      fiber::Wake(*node->fiber);  // the fiber cannot end before it has our lock
    } else {
      node->changed.notify_one();
    }
    node = next;
  }
}

Error AwaitOnLoop(const bool& over) {
  const appcontext::Context& context = fiber::CurrentContext();
  ContextWaiter waiter(*fiber::Current());
  if (waiter.Register(context)) {
    while (!over && !context.Done()) fiber::Park();
  }
  return over ? Error() : context.Cause();
}

bool MayWait(bool on_loop) {
  return fiber::Current() != nullptr || (!on_loop && netpoll::Loop::Current() == nullptr);
}

}  // namespace hon::websocket::internal
