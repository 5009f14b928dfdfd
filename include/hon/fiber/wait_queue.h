#pragma once

namespace hon::fiber::internal {

class Sleeper;

/// One place in a queue. Lives on the stack of the one that waits; guarded by the lock of what is
/// waited for.
struct WaitNode {
  Sleeper* sleeper = nullptr;
  WaitNode* previous = nullptr;
  WaitNode* next = nullptr;
  bool listed = false;
  bool granted = false;  // it has what it waited for
};

/// First come, first served: those who wait for one thing. Guarded by its owner's lock.
class WaitQueue {
 public:
  [[nodiscard]] bool Empty() const { return first_ == nullptr; }
  [[nodiscard]] WaitNode* First() const { return first_; }
  void PushBack(WaitNode& node);
  /// Does nothing when it has been taken off already.
  void Remove(WaitNode& node);
  /// Null when nobody waits.
  WaitNode* PopFront();

 private:
  WaitNode* first_ = nullptr;
  WaitNode* last_ = nullptr;
};

}  // namespace hon::fiber::internal
