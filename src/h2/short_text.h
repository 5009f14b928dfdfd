#pragma once

// Comparisons of short texts without a call of memcmp, for the paths of every request.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace hon::h2::internal {

/// Whether `text` is the literal.
template <size_t kSize>
[[nodiscard]] inline bool Is(std::string_view text, const char (&literal)[kSize]) {
  return text.size() == kSize - 1 && __builtin_memcmp(text.data(), literal, kSize - 1) == 0;
}

/// Whether both texts are the same bytes.
[[nodiscard, gnu::always_inline]] inline bool Same(std::string_view one, std::string_view other) {
  const size_t size = one.size();
  if (size != other.size()) return false;
  const char* const left = one.data();
  const char* const right = other.data();
  // Whether the words at `at` differ; the last word may overlap the one before.
  const auto differ = [left, right]<class Word>(Word, size_t at) {
    Word mine;
    Word others;
    std::memcpy(&mine, left + at, sizeof mine);
    std::memcpy(&others, right + at, sizeof others);
    return mine != others;
  };
  if (size >= 16) {
    for (size_t i = 0; i + 16 < size; i += 16) {
      if (differ(uint64_t{}, i) || differ(uint64_t{}, i + 8)) return false;
    }
    return !differ(uint64_t{}, size - 16) && !differ(uint64_t{}, size - 8);
  }
  if (size >= 8) return !differ(uint64_t{}, 0) && !differ(uint64_t{}, size - 8);
  if (size >= 4) return !differ(uint32_t{}, 0) && !differ(uint32_t{}, size - 4);
  for (size_t i = 0; i < size; ++i) {
    if (left[i] != right[i]) return false;
  }
  return true;
}

/// Calls `test` with the bytes of `text`, eight in a word at a time, until it returns true: words
/// may overlap, and the bytes of a text shorter than eight are padded with `pad`. Returns whether
/// `test` did.
template <class Test>
[[nodiscard, gnu::always_inline]] inline bool AnyWord(std::string_view text, char pad, Test test) {
  constexpr uint64_t kOnes = 0x0101010101010101U;
  const size_t size = text.size();
  uint64_t word;
  if (size < sizeof word) {
    word = kOnes * static_cast<unsigned char>(pad);
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

/// Whether one of the bytes is in `text`.
template <char... kBytes>
[[nodiscard]] inline bool HasAny(std::string_view text) {
  constexpr char kPad = 'x';
  static_assert(((kBytes != kPad) && ...));
  constexpr uint64_t kOnes = 0x0101010101010101U;
  constexpr uint64_t kHighs = kOnes << 7;
  return AnyWord(text, kPad, [](uint64_t word) {
    // A byte of `zeros` has its high bit set where that of `differs` is 0, and perhaps above one.
    const auto zeros = [](uint64_t differs) { return (differs - kOnes) & ~differs; };
    return ((zeros(word ^ (kOnes * static_cast<unsigned char>(kBytes))) | ...) & kHighs) != 0;
  });
}

}  // namespace hon::h2::internal
