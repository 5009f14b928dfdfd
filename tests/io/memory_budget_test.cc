// Blocks for which the system has no memory.

#include "hon/io/memory_budget.h"

#include <gtest/gtest.h>

#include <new>
#include <vector>

#include "hon/io/link_buffer.h"
#include "support/failing_allocations.h"

namespace hon::io {
namespace {

// The system may have less memory than the budget allows: a failed allocation is the evidence.
TEST(NoMemory, AFailedBlockLowersTheLimitUntilRearm) {
  constexpr size_t kMax = size_t{64} << 20;
  int told = 0;
  MemoryBudget budget(kMax, [&told] { ++told; });
  BlockPool pool(0);
  pool.SetBudget(&budget);
  std::vector<BlockRef> held;
  const auto take = [&] {
    Block* const block = pool.Get();
    held.emplace_back(block);
    BlockPool::Unref(block);
  };
  while (budget.Used() < 4 * kMemoryBudgetFailedMin) take();
  EXPECT_FALSE(budget.Scarce());
  const auto fail = [&] {
    const test::FailingAllocation failing(1);
    EXPECT_THROW(static_cast<void>(pool.Get()), std::bad_alloc);
  };
  fail();
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(budget.Exceeded());
  EXPECT_EQ(budget.Max(), budget.Used() - budget.Used() / 8);
  // Half of the connections were cut.
  held.resize(held.size() / 2);
  EXPECT_FALSE(budget.Scarce());
  budget.Rearm();
  EXPECT_EQ(budget.Max(), kMax);
  fail();
  EXPECT_EQ(told, 2);
  held.clear();
  // So little is not what has used up the memory.
  budget.Rearm();
  fail();
  EXPECT_EQ(budget.Max(), kMemoryBudgetFailedMin);
  EXPECT_FALSE(budget.Scarce());
}

}  // namespace
}  // namespace hon::io
