#pragma once

#include <csignal>
#include <initializer_list>

namespace hon::server {

/// Waits for signals on a plain thread. Construct at the start of main, before any other thread
/// exists: the constructor blocks the signals for this thread and for all threads started later, so
/// that no signal is lost.
class SignalWaiter {
 public:
  explicit SignalWaiter(std::initializer_list<int> signals = {SIGINT, SIGTERM});
  /// Blocks until one of the signals arrives and returns its number.
  int Wait();

 private:
  sigset_t set_;
};

}  // namespace hon::server
