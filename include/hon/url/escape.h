#pragma once

// Percent-encoding (RFC 3986 §2.1) and the form encoding of queries (HTML's
// application/x-www-form-urlencoded), with Go's choice of bytes. Results own their text, which is
// at most three times as long as what was escaped; all functions may be called from any thread.

#include <cstddef>
#include <string>
#include <string_view>

#include "hon/base/error.h"
#include "hon/base/result.h"

namespace hon::url {

/// A "%" without two hexadecimal digits, or an escape that may not stand where it does; the text
/// of the error shows it.
inline constexpr Sentinel ErrEscape{"invalid URL escape"};

/// For a key or a value of a query: a space becomes "+", every other byte but letters, digits and
/// "-_.~" becomes "%XX".
[[nodiscard]] std::string QueryEscape(std::string_view text);
/// For one segment of a path (RFC 3986 §3.3): "/" is escaped as well.
[[nodiscard]] std::string PathEscape(std::string_view text);

/// Undoes QueryEscape. Fails with ErrEscape. The result may hold any byte, NUL and "/" included.
[[nodiscard]] Result<std::string> QueryUnescape(std::string_view text);
/// As QueryUnescape, but "+" stays.
[[nodiscard]] Result<std::string> PathUnescape(std::string_view text);

/// The result of PathUnescapeInto for a malformed escape.
inline constexpr size_t kBadEscape = static_cast<size_t>(-1);

/// As PathUnescape, into memory of the caller's that holds text.size() bytes. Returns how many were
/// written, or kBadEscape (what `into` then holds is unspecified). Never allocates.
[[nodiscard]] size_t PathUnescapeInto(std::string_view text, char* into);

}  // namespace hon::url
