#pragma once

// Integers of HPACK (RFC 7541 §5.1).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hon::h2::internal {

/// Octets behind the prefix: enough for 28 bits. Longer encodings, also of small numbers with
/// leading zeros, are refused: no length, index or table size needs them.
inline constexpr size_t kIntegerOctetsMax = 4;
/// Bytes that an integer takes at most: the prefix's and those behind it.
inline constexpr size_t kIntegerBytesMax = 1 + kIntegerOctetsMax;

/// Reads an integer with `prefix_bits` in the first byte of `in`, which is not empty, and consumes
/// it. Returns nothing when `in` ends inside the integer, or the encoding is longer than
/// kIntegerOctetsMax.
inline std::optional<uint32_t> ReadInteger(std::string_view& in, unsigned prefix_bits) {
  const uint32_t prefix_max = (1U << prefix_bits) - 1;
  uint32_t value = static_cast<unsigned char>(in.front()) & prefix_max;
  in.remove_prefix(1);
  if (value < prefix_max) return value;
  for (unsigned octet = 0; octet < kIntegerOctetsMax; ++octet) {
    if (in.empty()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value += (byte & 0x7fU) << (7 * octet);
    if ((byte & 0x80U) == 0) return value;
  }
  return std::nullopt;
}

/// Writes `value` (below 2^28) to `to` with `prefix_bits`; `first` has the bits in front of the
/// prefix. Returns the end of the written bytes, at most kIntegerBytesMax.
inline char* WriteInteger(char* to, unsigned char first, unsigned prefix_bits, uint32_t value) {
  const uint32_t prefix_max = (1U << prefix_bits) - 1;
  if (value < prefix_max) {
    *to++ = static_cast<char>(first | value);
    return to;
  }
  *to++ = static_cast<char>(first | prefix_max);
  value -= prefix_max;
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(0x80U | (value & 0x7fU));
  *to++ = static_cast<char>(value);
  return to;
}

}  // namespace hon::h2::internal
