#pragma once

#include <new>

#include "hon/netpoll/connection.h"

namespace hon::netpoll {

// Where work of a loop has no memory, the process goes on, and as little as possible is lost.

/// Calls a handler of the events of `c`. A failed allocation cuts the connection.
template <class Event>
[[gnu::always_inline]] inline void OrCut(Connection& c, const Event& event) {
  try {
    event();
  } catch (const std::bad_alloc&) {
    c.Close(CloseHow::kAbort);
  }
}

/// Runs a task or a timer. A failed allocation ends it.
template <class Work>
[[gnu::always_inline]] inline void OrDrop(const Work& work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
  }
}

}  // namespace hon::netpoll
