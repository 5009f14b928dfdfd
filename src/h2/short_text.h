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

}  // namespace hon::h2::internal
