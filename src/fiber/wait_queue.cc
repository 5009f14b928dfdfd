#include "hon/fiber/wait_queue.h"

namespace hon::fiber::internal {

void WaitQueue::PushBack(WaitNode& node) {
  node.listed = true;
  node.next = nullptr;
  node.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &node;
  last_ = &node;
}

void WaitQueue::Remove(WaitNode& node) {
  if (!node.listed) return;
  node.listed = false;
  (node.previous != nullptr ? node.previous->next : first_) = node.next;
  (node.next != nullptr ? node.next->previous : last_) = node.previous;
}

WaitNode* WaitQueue::PopFront() {
  WaitNode* node = first_;
  if (node != nullptr) Remove(*node);
  return node;
}

}  // namespace hon::fiber::internal
