#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace hon {

/// Calls `visit` with the folder of each control group of this process that limits `controller`
/// (cgroups(7)): from the process's own group up to the root of its hierarchy, since every level
/// limits those below. `unified`: of version 2. `root` is a prefix of all paths, "" for the real
/// ones. Reads files, which may block.
void ForEachCgroup(const std::string& root, std::string_view controller,
                   const std::function<void(const std::string& folder, bool unified)>& visit);

}  // namespace hon
