#pragma once

#include <string>

#include "hon/base/result.h"
#include "hon/io/file.h"

namespace hon::http::internal {

/// Creates a file without a name in the folder `dir` ("": $TMPDIR, else /tmp), to be read and
/// written. The system removes it when it is closed or the process ends.
[[nodiscard]] Result<io::File> CreateTempFile(const std::string& dir);

}  // namespace hon::http::internal
