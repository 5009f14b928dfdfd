#pragma once

#include <string_view>

#include "hon/http/fs.h"

namespace hon::http::internal {

/// Opens `name` beneath the directory `root` as Dir does.
[[nodiscard]] Result<DirFile> OpenDirFile(std::string_view root, std::string_view name,
                                          Symlinks symlinks);

}  // namespace hon::http::internal
