#pragma once

// What the system lets this process compute on. In the file of the platform.

#include <string>

namespace hon::netpoll {

/// Processors in the affinity mask.
[[nodiscard]] unsigned AllowedProcessors();

/// The cgroup quota in whole processors, rounded up; 0: none. `root` is where /proc and /sys are
/// found ("/"; elsewhere in tests).
[[nodiscard]] unsigned GrantedProcessors(const std::string& root);

}  // namespace hon::netpoll
