#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "hon/base/arena.h"

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
  // A vector, and not a struct of words: g++ keeps it in a register and stores it once.
  using Bytes16 = uint8_t __attribute__((vector_size(16)));
  if (__builtin_constant_p(size) || size > 64) {
    std::memcpy(into, from, size);
  } else if (size >= 16) {
    both_ends(Bytes16{});
    if (size > 32) {
      Bytes16 second;
      Bytes16 last_but_one;
      std::memcpy(&second, from + 16, sizeof second);
      std::memcpy(&last_but_one, from + size - 32, sizeof last_but_one);
      std::memcpy(into + 16, &second, sizeof second);
      std::memcpy(into + size - 32, &last_but_one, sizeof last_but_one);
    }
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

/// Copies `text` into memory of `arena` and returns the copy, as Arena::Copy does for any text.
inline std::string_view CopyShort(std::string_view text, Arena& arena) {
  char* const into = static_cast<char*>(arena.Allocate(text.size()));
  CopyShort(text, into);
  return {into, text.size()};
}

}  // namespace hon
