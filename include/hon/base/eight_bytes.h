#pragma once

// Tests of eight bytes of text in one word, and of a text word by word.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace hon {

inline constexpr uint64_t kEachByte = 0x0101010101010101U;
inline constexpr uint64_t kEachHighBit = kEachByte << 7;

/// The high bit of each byte of `word` that is 0, and perhaps of a byte above such a byte.
constexpr uint64_t ZeroBytes(uint64_t word) { return (word - kEachByte) & ~word & kEachHighBit; }

/// Whether a byte of `word` is `byte`.
constexpr bool HasByte(uint64_t word, uint8_t byte) {
  return ZeroBytes(word ^ kEachByte * byte) != 0;
}

/// Whether a byte of `word` is below 0x20.
constexpr bool HasBelowBlank(uint64_t word) {
  return ((word - kEachByte * 0x20) & ~word & kEachHighBit) != 0;
}

/// Has the high bit of a byte set where that byte of `word` is below 0x20 (HTAB included), 0x7F or
/// past ASCII, and perhaps of a byte above such a byte. The other bits have no meaning.
constexpr uint64_t ControlBits(uint64_t word) {
  // The subtraction sets the bit of a byte below 0x20, the addition that of 0x7F.
  return (word - kEachByte * 0x20) | (word + kEachByte);
}

/// Calls `test` with the bytes of `text`, eight in a word at a time, until it returns true: words
/// may overlap, and the bytes of a text shorter than eight are padded with `pad`. Returns whether
/// `test` did.
template <class Test>
[[nodiscard, gnu::always_inline]] inline bool AnyWord(std::string_view text, char pad, Test test) {
  const size_t size = text.size();
  uint64_t word;
  if (size < sizeof word) {
    word = kEachByte * static_cast<unsigned char>(pad);
    for (const char c : text) word = word << 8 | static_cast<unsigned char>(c);
    return test(word);
  }
  for (size_t i = 0; i + sizeof word < size; i += sizeof word) {
    std::memcpy(&word, text.data() + i, sizeof word);
    if (test(word)) return true;
  }
  std::memcpy(&word, text.data() + size - sizeof word, sizeof word);
  return test(word);
}

/// Whether one of the bytes, none of which is "x", is in `text`.
template <char... kBytes>
[[nodiscard]] inline bool HasAny(std::string_view text) {
  constexpr char kPad = 'x';
  static_assert(((kBytes != kPad) && ...));
  return AnyWord(text, kPad, [](uint64_t word) {
    return (ZeroBytes(word ^ (kEachByte * static_cast<unsigned char>(kBytes))) | ...) != 0;
  });
}

}  // namespace hon
