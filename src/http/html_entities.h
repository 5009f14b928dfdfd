#pragma once

#include <string_view>

namespace hon::http::internal {

/// The named character references of HTML (HTML Living Standard §13.5), sorted by name, each as
/// "name=HEX " or, for a name that is also valid without ";", "name!HEX "; two characters as
/// "HEX+HEX".
[[nodiscard]] std::string_view HtmlEntities();

}  // namespace hon::http::internal
