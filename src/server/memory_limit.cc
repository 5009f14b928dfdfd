#include "server/memory_limit.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>

#include "base/cgroup.h"
#include "hon/server/server.h"

namespace hon::server {
namespace {

// The number in a file; SIZE_MAX for a missing file, and for "max".
size_t NumberIn(const std::string& path) {
  std::ifstream file(path);
  uint64_t bytes = 0;
  return file >> bytes && bytes != 0 ? static_cast<size_t>(bytes) : SIZE_MAX;
}

size_t CgroupLimit(const std::string& root) {
  size_t least = SIZE_MAX;
  ForEachCgroup(root, "memory", [&least](const std::string& folder, bool unified) {
    least =
        std::min(least, NumberIn(folder + (unified ? "/memory.max" : "/memory.limit_in_bytes")));
  });
  return least;
}

size_t MachineMemory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return SIZE_MAX;
  return static_cast<size_t>(pages) * static_cast<size_t>(page);
}

}  // namespace

size_t MemoryLimit(const std::string& root) {
  size_t least = std::min(MachineMemory(), CgroupLimit(root));
  for (const auto which : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit = {};
    if (::getrlimit(which, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) continue;
    least = std::min(least, static_cast<size_t>(limit.rlim_cur));
  }
  return least;
}

size_t DefaultMemoryBudget(const std::string& root) {
  const size_t limit = MemoryLimit(root);
  return limit == SIZE_MAX ? SIZE_MAX : std::max(limit / 2, kMemoryBudgetMin);
}

}  // namespace hon::server
