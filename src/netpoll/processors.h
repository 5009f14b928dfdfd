#pragma once

// The processors that the system grants to this process. Defined in the platform's file.

#include <string>

namespace hon::netpoll {

/// Processors in the affinity mask.
[[nodiscard]] unsigned AllowedProcessors();

/// The cgroup quota in whole processors, rounded up; 0: none. `root` is the folder with /proc and
/// /sys ("/"; another one in tests).
[[nodiscard]] unsigned GrantedProcessors(const std::string& root);

}  // namespace hon::netpoll
