#pragma once

#include <string_view>

namespace hon::workers {

/// Whether a thread with this stack (of CaptureStack) waits for a mutex or a reader-writer lock.
/// Waits for a condition variable, a semaphore or anything else are no such waits.
[[nodiscard]] bool WaitsForLock(std::string_view stack);

}  // namespace hon::workers
