#pragma once

#include <string>
#include <string_view>

namespace hon::app {

/// `text` as a JSON string (RFC 8259), quotes included. Malformed UTF-8 becomes U+FFFD; "<", ">",
/// "&" and the line separators are escaped too, so that the result may stand in any page.
[[nodiscard]] std::string JsonString(std::string_view text);

}  // namespace hon::app
