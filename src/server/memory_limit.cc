#include "server/memory_limit.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>

#include "hon/server/server.h"

namespace hon::server {
namespace {

// The number in a file; SIZE_MAX for a missing file, and for "max".
size_t NumberIn(const std::string& path) {
  std::ifstream file(path);
  uint64_t bytes = 0;
  return file >> bytes && bytes != 0 ? static_cast<size_t>(bytes) : SIZE_MAX;
}

// The least limit from the group up to the root of the mount; every level limits those below.
size_t LeastUpwards(const std::string& mount, std::string group, const std::string& name) {
  size_t least = SIZE_MAX;
  for (;;) {
    least = std::min(least, NumberIn(mount + group + "/" + name));
    const size_t slash = group.rfind('/');
    if (slash == std::string::npos || group.empty()) return least;
    group.resize(slash);
  }
}

size_t CgroupLimit(const std::string& root) {
  std::ifstream groups(root + "/proc/self/cgroup");
  size_t least = SIZE_MAX;
  // Lines are "number:controllers:/group"; version 2 has the number 0 and no controllers.
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (controllers == ",,") {
      least = std::min(least, LeastUpwards(root + "/sys/fs/cgroup", group, "memory.max"));
    } else if (controllers.find(",memory,") != std::string::npos) {
      least = std::min(
          least, LeastUpwards(root + "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
  }
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
