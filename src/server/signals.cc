#include "hon/server/signals.h"

#include <pthread.h>

#include "hon/base/assert.h"

namespace hon::server {

SignalWaiter::SignalWaiter(std::initializer_list<int> signals) {
  sigemptyset(&set_);
  for (const int signal : signals) sigaddset(&set_, signal);
  const int code = pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  HON_ASSERT(code == 0);
}

int SignalWaiter::Wait() {
  int signal = 0;
  while (sigwait(&set_, &signal) != 0) {
  }
  return signal;
}

}  // namespace hon::server
