#pragma once

namespace hon::fiber {

/// Makes this thread able to report a fiber that has overrun its stack: a signal stack of its own
/// and, for the process once, a SIGSEGV handler that passes on what is not for it.
void WatchForOverflow();

}  // namespace hon::fiber
