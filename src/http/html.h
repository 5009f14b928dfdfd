#pragma once

#include <string>
#include <string_view>

namespace hon::http::internal {

/// Appends `text` with the five special characters of HTML escaped, as Go does.
void AppendHtmlEscaped(std::string& into, std::string_view text);

}  // namespace hon::http::internal
