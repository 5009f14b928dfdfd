#pragma once

#include <string>

namespace hon::http::internal {

/// 60 hexadecimal digits that no peer can guess, to part the pieces of a multipart body.
[[nodiscard]] std::string RandomBoundary();

}  // namespace hon::http::internal
