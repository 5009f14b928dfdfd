#include "base/cgroup.h"

#include <fstream>

namespace hon {
namespace {

using Visit = std::function<void(const std::string& folder, bool unified)>;

void VisitUpwards(const std::string& mount, std::string group, bool unified, const Visit& visit) {
  for (;;) {
    visit(mount + group, unified);
    const size_t slash = group.rfind('/');
    if (slash == std::string::npos || group.empty()) return;
    group.resize(slash);
  }
}

}  // namespace

void ForEachCgroup(const std::string& root, std::string_view controller,
                   const std::function<void(const std::string& folder, bool unified)>& visit) {
  const std::string wanted = "," + std::string(controller) + ",";
  std::ifstream groups(root + "/proc/self/cgroup");
  // Lines are "number:controllers:/group"; version 2 has the number 0 and no controllers.
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool unified = controllers.empty();
    if (!unified && ("," + controllers + ",").find(wanted) == std::string::npos) continue;
    const std::string group = line.substr(second + 1);
    const std::string mounts = root + "/sys/fs/cgroup";
    const auto below = [&](std::string_view name) {
      return std::string(mounts).append("/").append(name);
    };
    if (unified) {
      VisitUpwards(mounts, group, true, visit);
      continue;
    }
    // A hierarchy of several controllers is mounted under their list, under one of them, or both.
    VisitUpwards(below(controllers), group, false, visit);
    if (controllers != controller) {
      VisitUpwards(below(controller), group, false, visit);
    }
  }
}

}  // namespace hon
