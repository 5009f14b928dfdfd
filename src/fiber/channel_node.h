#pragma once

#include <atomic>

#include "fiber/sleeper.h"
#include "hon/fiber/channel.h"

namespace hon::fiber::internal {

/// A sender or a receiver that waits, alone or as a case of a Select.
struct ChannelCore::Node : WaitNode {
  void* place = nullptr;               // the value to send, or the optional to fill
  bool closed = false;                 // the wait ended by a close
  std::atomic<int>* chosen = nullptr;  // of the Select: the case that was taken, or negative
  int index = 0;
};

}  // namespace hon::fiber::internal
