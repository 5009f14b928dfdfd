#pragma once

#include <cstddef>

namespace hon::test {

/// Calls of operator new in this program so far; link allocation_counter.cc.
[[nodiscard]] size_t Allocations();

}  // namespace hon::test
