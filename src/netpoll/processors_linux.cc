#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "netpoll/processors.h"

namespace hon::netpoll {
namespace {

// The value that means no quota.
constexpr double kNoQuota = 0;

// "max 100000" or "150000 100000" (version 2).
double QuotaV2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  double quota = 0;
  double period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0) return kNoQuota;
  return quota / period;
}

double QuotaV1(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
  std::ifstream period_file(folder + "/cpu.cfs_period_us");
  double quota = 0;
  double period = 0;
  if (!(quota_file >> quota) || !(period_file >> period)) return kNoQuota;
  return quota <= 0 || period <= 0 ? kNoQuota : quota / period;
}

// The smallest quota from the group up to the root of the mount; every level limits those below.
template <class Read>
double SmallestUpwards(const std::string& mount, std::string group, Read read) {
  double smallest = kNoQuota;
  for (;;) {
    const double quota = read(mount + group);
    if (quota > 0 && (smallest == kNoQuota || quota < smallest)) smallest = quota;
    const size_t slash = group.rfind('/');
    if (slash == std::string::npos || group.empty()) return smallest;
    group.resize(slash);
  }
}

bool ListsCpu(std::string_view controllers) {
  std::istringstream list{std::string(controllers)};
  for (std::string name; std::getline(list, name, ',');) {
    if (name == "cpu") return true;
  }
  return false;
}

}  // namespace

unsigned AllowedProcessors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) < 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

unsigned GrantedProcessors(const std::string& root) {
  std::ifstream groups(root + "/proc/self/cgroup");
  double smallest = kNoQuota;
  // Lines are "number:controllers:/group"; version 2 has the number 0 and no controllers.
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    double quota = kNoQuota;
    if (controllers.empty()) {
      quota = SmallestUpwards(root + "/sys/fs/cgroup", group, QuotaV2);
    } else if (ListsCpu(controllers)) {
      quota = SmallestUpwards(root + "/sys/fs/cgroup/" + controllers, group, QuotaV1);
    }
    if (quota > 0 && (smallest == kNoQuota || quota < smallest)) smallest = quota;
  }
  return static_cast<unsigned>(std::ceil(smallest));
}

}  // namespace hon::netpoll
