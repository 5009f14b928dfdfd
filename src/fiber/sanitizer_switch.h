#pragma once

// The notices to AddressSanitizer and ThreadSanitizer at a change of stacks. Empty in other builds.

#include <cstddef>

#include "base/outside_asan.h"
#include "hon/base/sanitizer.h"

#ifdef HON_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef HON_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#ifdef HON_OUTSIDE_ASAN
// Null in a program without AddressSanitizer.
extern "C" {
[[gnu::weak]] void hon_asan_start_switch(void** fake_stack, const void* bottom,
                                         size_t size) __asm__("__sanitizer_start_switch_fiber");
[[gnu::weak]] void hon_asan_finish_switch(void* fake_stack, const void** bottom,
                                          size_t* size) __asm__("__sanitizer_finish_switch_fiber");
}
#endif

namespace hon::fiber {

/// Called before a jump to the stack [bottom, bottom + size). `fake_stack` keeps the state for the
/// matching FinishSwitch; null when the running stack is left for good.
inline void StartSwitch([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* bottom,
                        [[maybe_unused]] size_t size, [[maybe_unused]] void* tsan_fiber) {
#ifdef HON_ASAN
  __sanitizer_start_switch_fiber(fake_stack, bottom, size);
#endif
#ifdef HON_TSAN
  __tsan_switch_to_fiber(tsan_fiber, 0);
#endif
}

/// Called after the jump, on the new stack; returns the bounds of the stack that was left.
inline void FinishSwitch([[maybe_unused]] void* fake_stack,
                         [[maybe_unused]] const void** from_bottom,
                         [[maybe_unused]] size_t* from_size) {
#ifdef HON_ASAN
  __sanitizer_finish_switch_fiber(fake_stack, from_bottom, from_size);
#endif
}

/// As StartSwitch and FinishSwitch, for a program that is CheckedFromOutside.
inline void StartSwitchOutside([[maybe_unused]] void** fake_stack,
                               [[maybe_unused]] const void* bottom, [[maybe_unused]] size_t size) {
#ifdef HON_OUTSIDE_ASAN
  if (CheckedFromOutside()) hon_asan_start_switch(fake_stack, bottom, size);
#endif
}
inline void FinishSwitchOutside([[maybe_unused]] void* fake_stack,
                                [[maybe_unused]] const void** from_bottom,
                                [[maybe_unused]] size_t* from_size) {
#ifdef HON_OUTSIDE_ASAN
  if (CheckedFromOutside()) hon_asan_finish_switch(fake_stack, from_bottom, from_size);
#endif
}

inline void* CreateTsanFiber() {
#ifdef HON_TSAN
  return __tsan_create_fiber(0);
#else
  return nullptr;
#endif
}

inline void DestroyTsanFiber([[maybe_unused]] void* tsan_fiber) {
#ifdef HON_TSAN
  __tsan_destroy_fiber(tsan_fiber);
#endif
}

inline void* CurrentTsanFiber() {
#ifdef HON_TSAN
  return __tsan_get_current_fiber();
#else
  return nullptr;
#endif
}

}  // namespace hon::fiber
