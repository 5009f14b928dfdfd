#pragma once

#include <string>

namespace hon::http::internal {

/// A boundary for a multipart body: 60 hexadecimal digits that no peer can guess.
[[nodiscard]] std::string RandomBoundary();

}  // namespace hon::http::internal
