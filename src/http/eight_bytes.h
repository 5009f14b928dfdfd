#pragma once

// Tests of eight bytes of text at once.

#include <cstdint>

namespace hon::http::internal {

inline constexpr uint64_t kEachByte = 0x0101010101010101;

/// Whether a byte of `word` is below 0x20.
constexpr bool HasBelowBlank(uint64_t word) {
  return ((word - kEachByte * 0x20) & ~word & kEachByte * 0x80) != 0;
}

/// Whether a byte of `word` is `byte`.
constexpr bool HasByte(uint64_t word, uint8_t byte) {
  const uint64_t zeros = word ^ kEachByte * byte;
  return ((zeros - kEachByte) & ~zeros & kEachByte * 0x80) != 0;
}

}  // namespace hon::http::internal
