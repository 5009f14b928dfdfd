#include "support/failing_allocations.h"

#include <cstdlib>
#include <new>

namespace {

struct State {
  size_t left = 0;  // allocations until the one that fails; 0: none fails
  bool failed = false;
  int safe = 0;
};
thread_local State state;

bool FailsNow() {
  if (state.safe != 0 || state.left == 0 || --state.left != 0) return false;
  state.failed = true;
  return true;
}

void* AllocateUnlessFailing(size_t size) {
  if (FailsNow()) return nullptr;
  return std::malloc(size == 0 ? 1 : size);
}

void* AllocateOrThrow(size_t size) {
  void* memory = AllocateUnlessFailing(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* AllocateAligned(size_t size, std::align_val_t alignment) {
  const auto step = static_cast<size_t>(alignment);
  void* memory = FailsNow() ? nullptr : std::aligned_alloc(step, (size + step - 1) / step * step);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

namespace hon::test {

FailingAllocation::FailingAllocation(size_t at) {
  state.left = at;
  state.failed = false;
}
FailingAllocation::~FailingAllocation() { state.left = 0; }
bool FailingAllocation::Failed() { return state.failed; }

void SetSafe(bool safe) { state.safe += safe ? 1 : -1; }

}  // namespace hon::test

void* operator new(size_t size) { return AllocateOrThrow(size); }
void* operator new[](size_t size) { return AllocateOrThrow(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return AllocateUnlessFailing(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return AllocateUnlessFailing(size);
}
void* operator new(size_t size, std::align_val_t alignment) {
  return AllocateAligned(size, alignment);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
