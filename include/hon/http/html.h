#pragma once

// Go's package html.

#include <string>
#include <string_view>

namespace hon::html {

/// `text` with "<", ">", "&", "'" and "\"" as character references, so that it may stand between
/// the tags of a page and in a quoted attribute. Not for scripts, styles and URLs. Any thread.
[[nodiscard]] std::string EscapeString(std::string_view text);

/// `text` with its character references (HTML Living Standard §13.5) decoded to UTF-8: "&lt;",
/// "&#65;", "&#x41;", and the older names without ";" as "&amp". A number that is no character
/// becomes U+FFFD; any other text stays. Any thread.
[[nodiscard]] std::string UnescapeString(std::string_view text);

}  // namespace hon::html
