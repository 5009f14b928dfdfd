#pragma once

#include <cstddef>
#include <span>

#include "hon/base/result.h"

namespace hon::fiber {

/// Memory for one fiber: a guard that faults, then `Bytes()` that are committed as touched.
/// A stack grows down from Top towards the guard.
class Stack {
 public:
  /// `bytes` is rounded up to whole pages. Throws std::bad_alloc when the system refuses.
  explicit Stack(size_t bytes);
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  [[nodiscard]] char* Bottom() const { return base_ + guard_; }
  [[nodiscard]] char* Top() const { return base_ + size_; }
  [[nodiscard]] size_t Bytes() const { return size_ - guard_; }
  /// Whether `address` lies in the guard.
  [[nodiscard]] bool Guards(const void* address) const;

  /// Gives back what lies deeper than `keep` bytes below the top.
  void Trim(size_t keep);
  /// Bytes in RAM now that lie deeper than `keep` bytes below the top. A system call.
  [[nodiscard]] size_t ResidentBelow(size_t keep) const;

 private:
  char* base_ = nullptr;
  size_t size_ = 0;
  size_t guard_ = 0;
};

/// Whether the kernel has guards that do not split a mapping (Linux 6.13 and later). The other kind
/// does, and a process may have some 65,000 mappings: 32,000 stacks (vm.max_map_count).
[[nodiscard]] bool GuardsAreLight();

/// What `bytes` of stack become: whole pages.
[[nodiscard]] size_t RoundToPages(size_t bytes);

}  // namespace hon::fiber
