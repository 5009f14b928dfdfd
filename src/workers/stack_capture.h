#pragma once

// The stack of another thread of this process. In the file of the platform.

#include <string>

namespace hon::workers {

/// Makes CaptureStack possible: takes the signal SIGURG, which does nothing by default. False when
/// the program uses that signal itself.
bool PrepareStackCapture();

/// What thread `id` is just running, innermost first, one function in each line; "" when it did not
/// answer in time. Interrupts the thread by SIGURG: system calls that wait are restarted where the
/// kernel does that (SA_RESTART), the others fail with EINTR. Any thread, but one that may not take
/// a signal; takes up to 50 ms.
[[nodiscard]] std::string CaptureStack(int id);

}  // namespace hon::workers
