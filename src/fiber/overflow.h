#pragma once

namespace hon::fiber {

/// Enables this thread to report a fiber that has overrun its stack: by a signal stack of its own
/// and, once for the process, a SIGSEGV handler that passes other faults on.
void WatchForOverflow();

}  // namespace hon::fiber
