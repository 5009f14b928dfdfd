#include "fiber/stack.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "base/outside_asan.h"
#include "hon/base/assert.h"

namespace hon::fiber {
namespace {

// Since Linux 6.13; headers may be older than the kernel.
constexpr int kMadviseGuardInstall = 102;
constexpr int kMadviseNoHugePage = 15;
// A function with a large frame may touch its far end first, which must fault too.
constexpr size_t kGuardBytes = 64 * 1024;
// Larger stacks share a slab with fewer others.
constexpr size_t kSlabBytesMax = size_t{32} << 20;

template <class Address, class Vector>
Vector VectorOf(int (*)(Address, size_t, Vector));
using MincoreVector = decltype(VectorOf(&::mincore));

size_t PageBytes() {
  static const auto bytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

bool InstallGuard(char* at, size_t bytes) {
  if (GuardsAreLight()) return ::madvise(at, bytes, kMadviseGuardInstall) == 0;
  return ::mprotect(at, bytes, PROT_NONE) == 0;
}

}  // namespace

bool GuardsAreLight() {
  static const bool light = [] {
    void* page =
        ::mmap(nullptr, PageBytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return false;
    const bool works = ::madvise(page, PageBytes(), kMadviseGuardInstall) == 0;
    ::munmap(page, PageBytes());
    return works;
  }();
  return light;
}

size_t RoundToPages(size_t bytes) { return (bytes + PageBytes() - 1) / PageBytes() * PageBytes(); }

StackSlab::StackSlab(size_t bytes)
    : size_(RoundToPages(bytes) + RoundToPages(kGuardBytes)),
      stacks_(std::clamp(kSlabBytesMax / size_, size_t{1}, kStacksMax)) {
  void* memory = ::mmap(nullptr, size_ * stacks_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<char*>(memory);
  // A huge page would commit several stacks at a touch. Kernels without this advice fail the call,
  // which is harmless.
  ::madvise(base_, size_ * stacks_, kMadviseNoHugePage);
}

StackSlab::~StackSlab() {
  UnpoisonAlways(base_, size_ * stacks_);  // redzones of frames that never returned
  ::munmap(base_, size_ * stacks_);
}

Stack StackSlab::Make(size_t index) {
  HON_ASSERT(index < stacks_);
  const Stack stack(base_ + index * size_, size_);
  if (!InstallGuard(stack.base_, Stack::GuardBytes())) throw std::bad_alloc();
  return stack;
}

size_t Stack::GuardBytes() { return RoundToPages(kGuardBytes); }

bool Stack::Guards(const void* address) const {
  const auto* at = static_cast<const char*>(address);
  return at >= base_ && at < Bottom();
}

void Stack::Trim(size_t keep) {
  keep = RoundToPages(keep);
  if (keep >= Bytes()) return;
  UnpoisonAlways(Bottom(), Bytes() - keep);
  ::madvise(Bottom(), Bytes() - keep, MADV_DONTNEED);
}

size_t Stack::ResidentBelow(size_t keep) const {
  constexpr size_t kPagesAtOnce = 64;
  unsigned char pages[kPagesAtOnce];
  keep = RoundToPages(keep);
  size_t resident = 0;
  size_t left = keep >= Bytes() ? 0 : Bytes() - keep;
  for (char* at = Bottom(); left != 0;) {
    const size_t part = std::min(left, kPagesAtOnce * PageBytes());
    // The last parameter is char* or unsigned char*, depending on the system.
    if (::mincore(at, part, reinterpret_cast<MincoreVector>(pages)) != 0) return resident;
    for (size_t i = 0; i < part / PageBytes(); ++i) resident += (pages[i] & 1U) * PageBytes();
    at += part;
    left -= part;
  }
  return resident;
}

}  // namespace hon::fiber
