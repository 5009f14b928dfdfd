#pragma once

#include <string>
#include <vector>

#include "flags.h"

namespace hon::app {

/// `hon bench ...`: replaces the process by the benchmark runner (bench/run), which gets
/// `arguments` unchanged. Returns only when that is impossible: the exit code, after a message on
/// stderr.
int ExecBench(const std::vector<std::string>& arguments);

/// `hon --type std|hertz|beast`: replaces the process by the server of that type, with the same
/// flags. Returns as ExecBench does.
int ExecOtherType(const Flags& flags);

}  // namespace hon::app
