#pragma once

// For tests that count what connections cost this process.

#include <malloc.h>
#include <sys/resource.h>

#include <fstream>
#include <string>

namespace hon::test {

/// Memory of this process that is resident, without what malloc could give back.
inline size_t ResidentBytes() {
  malloc_trim(0);
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6)) * 1024;
  }
  return 0;
}

/// As many descriptors as the system allows.
inline void LiftDescriptorLimit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace hon::test
