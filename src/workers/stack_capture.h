#pragma once

// The call stack of another thread of this process. Each platform has its own source file.

#include <string>

namespace hon::workers {

/// Installs a handler for SIGURG, a signal that is ignored by default. False if the program has a
/// handler of its own for SIGURG; CaptureStack then returns "".
bool PrepareStackCapture();

/// The functions that thread `id` is in, innermost first, one in each line; "" if the thread does
/// not answer within 50 ms. Interrupts the thread by SIGURG: system calls that wait are restarted
/// where the kernel can (SA_RESTART), others fail with EINTR. Called on any other thread, not in a
/// signal handler.
[[nodiscard]] std::string CaptureStack(int id);

}  // namespace hon::workers
