#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hon::http::internal {

/// Base64 with the standard alphabet and padding (RFC 4648 §4).
std::string Base64Encode(std::string_view bytes);
/// Nothing when `text` is malformed, lacks padding, or ends in bits that mean nothing and are not
/// zero (§3.5): each text has one encoding.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace hon::http::internal
