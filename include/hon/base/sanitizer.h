#pragma once

// Poisoning of memory that a handler saw and must not see again. AddressSanitizer reports a late
// access at once, debug builds read 0xDD, release builds do nothing.

#include <cstddef>
#include <cstring>

#if defined(__SANITIZE_ADDRESS__)
#define HON_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HON_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define HON_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HON_TSAN 1
#endif
#endif

#ifdef HON_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace hon {

/// Makes [data, data + size) unreadable until Unpoison. Partial 8-byte granules at the ends may
/// stay readable.
inline void Poison([[maybe_unused]] void* data, [[maybe_unused]] size_t size) {
#ifdef HON_ASAN
  ASAN_POISON_MEMORY_REGION(data, size);
#elif !defined(NDEBUG)
  std::memset(data, 0xDD, size);
#endif
}

/// Makes the region usable again; its contents are unspecified.
inline void Unpoison([[maybe_unused]] void* data, [[maybe_unused]] size_t size) {
#ifdef HON_ASAN
  ASAN_UNPOISON_MEMORY_REGION(data, size);
#endif
}

}  // namespace hon
