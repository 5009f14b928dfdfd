#pragma once

#include <cstdint>
#include <string_view>

#include "hon/http/fs.h"

namespace hon::http::internal {

/// Opens `path`, as CleanPath made it, beneath the open directory `root`: for reading, closed on
/// exec, without ever blocking. Returns the descriptor, or minus the errno: EXDEV when a link leads
/// out of `root`, ELOOP when a link may not be followed.
[[nodiscard]] int OpenBeneath(int root, std::string_view path, Symlinks symlinks);

/// As OpenBeneath, element by element, for systems without a call that does it at once.
[[nodiscard]] int WalkBeneath(int root, std::string_view path, Symlinks symlinks);

/// Opens the directory `path` (NUL-terminated) to start from. Returns as OpenBeneath.
[[nodiscard]] int OpenRoot(const char* path);

}  // namespace hon::http::internal
