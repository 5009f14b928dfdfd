#pragma once

#include <cstddef>
#include <string>

namespace hon::http::internal {

/// Bytes of the system's random number generator.
[[nodiscard]] std::string RandomBytes(size_t count);

}  // namespace hon::http::internal
