#pragma once

#include <cstddef>
#include <cstdint>

namespace hon::test {

/// During its lifetime allocation number `at` of this thread, counted from 1, fails. Link
/// failing_allocations.cc, which replaces operator new.
class FailingAllocation {
 public:
  explicit FailingAllocation(size_t at);
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;

  /// Whether the allocation was reached, and has failed.
  [[nodiscard]] static bool Failed();
};

/// true: allocations of this thread neither count nor fail, until as many calls with false.
void SetSafe(bool safe);

/// During its lifetime allocations of this thread neither count nor fail: those of the test itself.
class SafeAllocations {
 public:
  SafeAllocations() { SetSafe(true); }
  ~SafeAllocations() { SetSafe(false); }
  SafeAllocations(const SafeAllocations&) = delete;
  SafeAllocations& operator=(const SafeAllocations&) = delete;
};

}  // namespace hon::test
