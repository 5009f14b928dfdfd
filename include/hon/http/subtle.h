#pragma once

#include <string_view>

namespace hon::subtle {

/// Go's crypto/subtle.ConstantTimeCompare: whether both are equal, in a time that depends on their
/// sizes and not on their bytes, by libcrypto's CRYPTO_memcmp. Texts of different sizes are unequal
/// at once: compare hashes where the size is a secret too. Any thread.
[[nodiscard]] bool ConstantTimeCompare(std::string_view a, std::string_view b);

}  // namespace hon::subtle
