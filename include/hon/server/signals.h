#pragma once

#include <csignal>
#include <initializer_list>

namespace hon::server {

/// Waits for signals on a plain thread. Construct it at the start of main, before any other thread
/// exists: it blocks the signals for this thread and all it starts, so that none is lost.
class SignalWaiter {
 public:
  explicit SignalWaiter(std::initializer_list<int> signals = {SIGINT, SIGTERM});
  /// Blocks until one of the signals arrives and returns its number.
  int Wait();

 private:
  sigset_t set_;
};

}  // namespace hon::server
