#pragma once

#include <cstddef>
#include <string>

namespace hon::server {

/// The memory that this process may use: the least of the machine's memory, of the limits of its
/// cgroups and of its resource limits (RLIMIT_AS, RLIMIT_DATA). `root` is the folder with /proc and
/// /sys ("/"; another one in tests). SIZE_MAX where the system does not tell.
[[nodiscard]] size_t MemoryLimit(const std::string& root);

/// The default of WithMemoryBudget: half of MemoryLimit, at least kMemoryBudgetMin. The other half
/// is for stacks, handlers and the kernel.
[[nodiscard]] size_t DefaultMemoryBudget(const std::string& root);

}  // namespace hon::server
