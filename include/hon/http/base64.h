#pragma once

// Go's encoding/base64 (RFC 4648 §4, §5).

#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/result.h"

namespace hon::base64 {

/// The text is no base64 of the encoding. The error's text says at which byte.
inline constexpr Sentinel ErrCorruptInput{"illegal base64 data"};

/// An encoding of base64; the four of Go stand below. Pure; any thread.
class Encoding {
 public:
  enum class Alphabet : uint8_t { kStd, kUrl };

  constexpr Encoding(Alphabet alphabet, bool padded, bool strict = false)
      : alphabet_(alphabet), padded_(padded), strict_(strict) {}

  [[nodiscard]] std::string EncodeToString(std::string_view bytes) const;
  /// Line ends (CR, LF) in `text` are skipped. Fails with ErrCorruptInput.
  [[nodiscard]] Result<std::string> DecodeString(std::string_view text) const;
  /// An Encoding that also refuses bits after the last byte that are not zero (§3.5), so that each
  /// text has one encoding, line ends apart.
  [[nodiscard]] constexpr Encoding Strict() const { return {alphabet_, padded_, true}; }

 private:
  Alphabet alphabet_;
  bool padded_;
  bool strict_;
};

/// With "+" and "/" (§4), or "-" and "_" (§5); Raw: without the padding "=".
inline constexpr Encoding StdEncoding{Encoding::Alphabet::kStd, true};
inline constexpr Encoding URLEncoding{Encoding::Alphabet::kUrl, true};
inline constexpr Encoding RawStdEncoding{Encoding::Alphabet::kStd, false};
inline constexpr Encoding RawURLEncoding{Encoding::Alphabet::kUrl, false};

}  // namespace hon::base64
