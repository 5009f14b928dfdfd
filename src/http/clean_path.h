#pragma once

#include <array>
#include <span>
#include <string_view>

#include "hon/http/fs.h"

namespace hon::http::internal {

/// Room for the longest path of the system, with its terminating NUL.
using PathBuffer = std::array<char, kPathBytesMax + 1>;

/// Writes `name`, seen from the root of a tree, into `into` without "", "." and ".." elements,
/// without slashes at its ends, and with a NUL after it; "." for the root itself. ".." does not
/// climb above the root. Returns a view of `into`. Fails with ErrInvalidPath, or with ErrNotExist
/// when it does not fit.
[[nodiscard]] Result<std::string_view> CleanPath(std::string_view name, std::span<char> into);

/// As CleanPath, with a slash before it; "/" for the root.
[[nodiscard]] Result<std::string_view> CleanRootedPath(std::string_view name, PathBuffer& into);

}  // namespace hon::http::internal
