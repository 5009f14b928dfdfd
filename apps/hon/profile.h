#pragma once

#include <chrono>

#include "hon/http/handler.h"

namespace hon::app {

/// The longest CPU profile; a request for more is answered 400.
inline constexpr std::chrono::seconds kProfileMax{300};
inline constexpr std::chrono::seconds kProfileDefault{30};

/// Brings gperftools into the process by running the program again with it, if it was built for
/// that; returns when it is there, or cannot be had. Its allocator has to be there from the first
/// allocation on and takes more memory than the rest of an idle program, so only who asks for
/// profiles gets it. While there is one thread.
void NeedProfiler(char** argv);

/// Whether gperftools is in the process. Without, the handlers below answer 501.
[[nodiscard]] bool HasProfiler();

/// From now on about one allocation in half a mebibyte is noted, with its stack, while it lives.
void StartHeapSampling();

/// GET profile?seconds=N: samples all threads for so long and answers in pprof's format. One at a
/// time, another is answered 503; ends when the client leaves.
void ServeCpuProfile(http::ResponseWriter& w, http::Request& r);

/// GET heap: the sampled allocations that live, in pprof's format.
void ServeHeapProfile(http::ResponseWriter& w, http::Request& r);

}  // namespace hon::app
