#pragma once

#include <string>
#include <string_view>

namespace hon {

/// `text` in double quotes for a message or a log line, as Go's %q writes it: quotes, backslashes,
/// control bytes and what is no UTF-8 are escaped, so that a peer's bytes cannot forge a line.
[[nodiscard]] std::string Quote(std::string_view text);

}  // namespace hon
