#pragma once

// AddressSanitizer in a program whose hon was built without it: hon asks for the sanitizer by weak
// symbols, which are null in every other program. Nothing in builds that are sanitized themselves.

#include <cstddef>

#include "hon/base/sanitizer.h"

#if !defined(HON_ASAN) && !defined(__APPLE__)  // Mach-O has no such symbols
#define HON_OUTSIDE_ASAN 1
extern "C" {
[[gnu::weak]] void hon_asan_poison(const volatile void* data,
                                   size_t size) __asm__("__asan_poison_memory_region");
[[gnu::weak]] void hon_asan_unpoison(const volatile void* data,
                                     size_t size) __asm__("__asan_unpoison_memory_region");
}
#endif

namespace hon {

/// Whether the program has AddressSanitizer and this code does not. Pools then keep nothing, so
/// that free() is what ends their memory.
inline bool CheckedFromOutside() {
#ifdef HON_OUTSIDE_ASAN
  return hon_asan_poison != nullptr;
#else
  return false;
#endif
}

/// As Poison; in a build without sanitizers too, if the program is CheckedFromOutside.
inline void PoisonAlways(void* data, size_t size) {
  Poison(data, size);
#ifdef HON_OUTSIDE_ASAN
  if (CheckedFromOutside()) hon_asan_poison(data, size);
#endif
}

/// As Unpoison, for PoisonAlways and for what the program's own code left on a stack.
inline void UnpoisonAlways(void* data, size_t size) {
  Unpoison(data, size);
#ifdef HON_OUTSIDE_ASAN
  if (CheckedFromOutside()) hon_asan_unpoison(data, size);
#endif
}

}  // namespace hon
