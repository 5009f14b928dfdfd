#pragma once

#include <string>
#include <string_view>

namespace hon::http::internal {

/// `text` in double quotes, with quotes, backslashes and control bytes escaped: for messages.
std::string Quote(std::string_view text);

}  // namespace hon::http::internal
