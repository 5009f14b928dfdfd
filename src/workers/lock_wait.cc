#include "workers/lock_wait.h"

#include <algorithm>
#include <array>

namespace hon::workers {
namespace {

// The functions of a C library in which a thread waits for a lock: glibc, musl and sanitizers,
// which put a prefix before the names.
constexpr std::array<std::string_view, 8> kLockFunctions = {
    "pthread_mutex_lock",    "pthread_mutex_timedlock", "pthread_mutex_clocklock",
    "pthread_rwlock_rdlock", "pthread_rwlock_wrlock",   "pthread_rwlock_timed",
    "pthread_rwlock_clock",  "lll_lock_wait",
};
// The program calls the lock function. The frames inside of that call are the C library's own wait
// and, where sanitizers intercept it, their functions.
constexpr int kFramesLookedAt = 5;

}  // namespace

bool WaitsForLock(std::string_view stack) {
  for (int i = 0; i < kFramesLookedAt && !stack.empty(); ++i) {
    const std::string_view frame = stack.substr(0, stack.find('\n'));
    stack.remove_prefix(std::min(frame.size() + 1, stack.size()));
    const bool locks = std::any_of(
        kLockFunctions.begin(), kLockFunctions.end(),
        [frame](std::string_view name) { return frame.find(name) != std::string_view::npos; });
    if (locks) return true;
  }
  return false;
}

}  // namespace hon::workers
