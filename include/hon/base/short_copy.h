#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace hon {

/// Copies `text` to `into`, which does not overlap it, and returns the end of the copy. For a few
/// dozen bytes, as the pieces of a head are: a call of memcpy takes longer than their copy.
inline char* CopyShort(std::string_view text, char* into) {
  const char* const from = text.data();
  const size_t size = text.size();
  // Both ends of the text, in two pieces that may overlap.
  const auto both_ends = [from, into, size]<class Piece>(Piece first) {
    Piece last;
    const size_t behind = size - sizeof(Piece);
    std::memcpy(&first, from, sizeof first);
    std::memcpy(&last, from + behind, sizeof last);
    std::memcpy(into, &first, sizeof first);
    std::memcpy(into + behind, &last, sizeof last);
  };
  struct Bytes16 {
    uint64_t words[2];
  };
  struct Bytes32 {
    uint64_t words[4];
  };
  if (__builtin_constant_p(size) || size > 64) {
    std::memcpy(into, from, size);
  } else if (size > 32) {
    both_ends(Bytes32{});
  } else if (size >= 16) {
    both_ends(Bytes16{});
  } else if (size >= 8) {
    both_ends(uint64_t{});
  } else if (size >= 4) {
    both_ends(uint32_t{});
  } else if (size != 0) {
    into[0] = text[0];
    into[size / 2] = text[size / 2];
    into[size - 1] = text[size - 1];
  }
  return into + size;
}

}  // namespace hon
