#pragma once

#include "hon/base/intrusive_list.h"

namespace hon::fiber::internal {

class Sleeper;

/// One waiter's node in a queue. Lives on the waiter's stack; guarded by the lock of the object
/// that is waited for.
struct WaitNode : IntrusiveListNode<WaitNode> {
  Sleeper* sleeper = nullptr;
  bool granted = false;  // the wait was successful
};

/// The waiters of one object, first come, first served. Guarded by the owner's lock.
using WaitQueue = IntrusiveList<WaitNode, WaitNode>;

}  // namespace hon::fiber::internal
