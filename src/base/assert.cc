#include "hon/base/assert.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace hon {

void AssertionFailed(const char* condition, const char* file, int line) noexcept {
  char text[512];
  const int size =
      std::snprintf(text, sizeof text, "%s:%d: assertion failed: %s\n", file, line, condition);
  // An unread stderr must not keep the process from ending.
  pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (size > 0 && ::poll(&ready, 1, 1000) == 1) {
    const ssize_t n =
        ::write(STDERR_FILENO, text, std::min(static_cast<size_t>(size), sizeof text - 1));
    static_cast<void>(n);
  }
  std::abort();
}

}  // namespace hon
