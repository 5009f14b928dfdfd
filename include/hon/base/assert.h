#pragma once

// HON_ASSERT checks our own invariants, in every build: a broken one ends the process with the
// place and the condition. Never use it on what a peer sent; that meets Result or Error.

namespace hon {

/// Prints `condition` with its place to stderr and aborts.
[[noreturn]] void AssertionFailed(const char* condition, const char* file, int line) noexcept;

}  // namespace hon

#define HON_ASSERT(condition)                                                                 \
  (__builtin_expect(!(condition), 0) ? ::hon::AssertionFailed(#condition, __FILE__, __LINE__) \
                                     : static_cast<void>(0))

// For checks of more than two or three instructions on the way of a request or a record; others are
// HON_ASSERT.
#ifdef NDEBUG
#define HON_DEBUG_ASSERT(condition) static_cast<void>(0)
#else
#define HON_DEBUG_ASSERT(condition) HON_ASSERT(condition)
#endif
