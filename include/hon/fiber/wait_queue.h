#pragma once

#include "hon/base/intrusive_list.h"

namespace hon::fiber::internal {

class Sleeper;

/// One place in a queue. Lives on the stack of the one that waits; guarded by the lock of what is
/// waited for.
struct WaitNode : IntrusiveListNode<WaitNode> {
  Sleeper* sleeper = nullptr;
  bool granted = false;  // it has what it waited for
};

/// First come, first served: those who wait for one thing. Guarded by its owner's lock.
using WaitQueue = IntrusiveList<WaitNode, WaitNode>;

}  // namespace hon::fiber::internal
