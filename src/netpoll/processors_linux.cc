#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

#include "base/cgroup.h"
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

}  // namespace

unsigned AllowedProcessors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) < 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

unsigned GrantedProcessors(const std::string& root) {
  double smallest = kNoQuota;
  ForEachCgroup(root, "cpu", [&smallest](const std::string& folder, bool unified) {
    const double quota = unified ? QuotaV2(folder) : QuotaV1(folder);
    if (quota > 0 && (smallest == kNoQuota || quota < smallest)) smallest = quota;
  });
  return static_cast<unsigned>(std::ceil(smallest));
}

}  // namespace hon::netpoll
