#pragma once

#include <string>
#include <vector>

#include "flags.h"

namespace hon::app {

/// `hon bench ...`: becomes the benchmark runner (bench/run), which gets `arguments` as they are.
/// Returns only when that is impossible: the exit code, after having said why on stderr.
int ExecBench(const std::vector<std::string>& arguments);

/// `hon --type std|hertz|beast`: becomes the server of that type, with the same flags. Returns as
/// ExecBench does.
int ExecOtherType(const Flags& flags);

}  // namespace hon::app
