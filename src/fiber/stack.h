#pragma once

#include <cstddef>

namespace hon::fiber {

/// Memory for one fiber, part of a StackSlab: a guard that faults, then `Bytes()` that are
/// committed as touched. A stack grows down from Top towards the guard.
class Stack {
 public:
  [[nodiscard]] char* Bottom() const { return base_ + GuardBytes(); }
  [[nodiscard]] char* Top() const { return base_ + size_; }
  [[nodiscard]] size_t Bytes() const { return size_ - GuardBytes(); }
  /// Whether `address` lies in the guard.
  [[nodiscard]] bool Guards(const void* address) const;

  /// Frees the memory deeper than `keep` bytes below the top.
  void Trim(size_t keep);
  /// Resident bytes deeper than `keep` bytes below the top. A system call.
  [[nodiscard]] size_t ResidentBelow(size_t keep) const;

 private:
  friend class StackSlab;
  Stack(char* base, size_t size) : base_(base), size_(size) {}
  [[nodiscard]] static size_t GuardBytes();

  char* base_;
  size_t size_;
};

/// Address space for several stacks, mapped and unmapped in one piece: those calls cost more than a
/// fiber's first steps.
class StackSlab {
 public:
  /// The most stacks of one slab; fewer when the stacks are large.
  static constexpr size_t kStacksMax = 16;

  /// `bytes` of each stack are rounded up to whole pages. Throws std::bad_alloc when the system
  /// refuses.
  explicit StackSlab(size_t bytes);
  ~StackSlab();
  StackSlab(const StackSlab&) = delete;
  StackSlab& operator=(const StackSlab&) = delete;

  [[nodiscard]] size_t Stacks() const { return stacks_; }
  /// Stack number `index`, with its guard. Once for each. Throws std::bad_alloc when the system
  /// refuses.
  [[nodiscard]] Stack Make(size_t index);

 private:
  const size_t size_;  // of one stack with its guard
  const size_t stacks_;
  char* base_ = nullptr;
};

/// Whether the kernel has guards that do not split a mapping (Linux 6.13 and later). Other guards
/// split it, and a process may have some 65,000 mappings: 32,000 stacks (vm.max_map_count).
[[nodiscard]] bool GuardsAreLight();

/// The whole pages for `bytes` of stack.
[[nodiscard]] size_t RoundToPages(size_t bytes);

}  // namespace hon::fiber
