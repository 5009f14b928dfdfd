#pragma once

#include <cstddef>
#include <string_view>

namespace hon {

/// Bytes of the UTF-8 character that `text` begins with (RFC 3629 §4); 0 when `text` begins with
/// none. `text` is not empty.
[[nodiscard]] size_t Utf8CharacterBytes(std::string_view text);

/// Whether all of `text` is UTF-8. For short texts: byte by byte.
[[nodiscard]] bool IsUtf8(std::string_view text);

}  // namespace hon
