#pragma once

#include <chrono>

#include "hon/http/handler.h"

namespace hon::app {

/// The longest CPU profile; a request for more is answered 400.
inline constexpr std::chrono::seconds kProfileMax{300};
inline constexpr std::chrono::seconds kProfileDefault{30};

/// Brings gperftools into the process by running the program again with it, if it was built for
/// that; returns when gperftools is loaded, or is not available. The allocator of gperftools must
/// be loaded from the first allocation on, and takes more memory than the rest of an idle program:
/// only a server with profiles loads it. Call while the process has one thread.
void NeedProfiler(char** argv);

/// Whether gperftools is loaded. Without it the handlers below answer 501.
[[nodiscard]] bool HasProfiler();

/// Starts sampling: about one allocation in half a mebibyte is recorded, with its stack, while it
/// lives.
void StartHeapSampling();

/// GET profile?seconds=N: samples all threads for N seconds and answers in pprof's format. A second
/// profile at the same time is answered 503; a profile ends when the client leaves.
void ServeCpuProfile(http::ResponseWriter& w, http::Request& r);

/// GET heap: the sampled live allocations, in pprof's format.
void ServeHeapProfile(http::ResponseWriter& w, http::Request& r);

}  // namespace hon::app
