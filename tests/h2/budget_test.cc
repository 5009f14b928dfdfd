#include "hon/h2/budget.h"

#include <gtest/gtest.h>

namespace hon::h2 {
namespace {

TEST(Budget, RunsOutAtItsLimit) {
  Budget budget(3);
  EXPECT_TRUE(budget.Spend());
  EXPECT_TRUE(budget.Spend(2));
  EXPECT_FALSE(budget.Spend());
}

TEST(Budget, ServedRequestsRefillTheBudgetUpToItsLimit) {
  Budget budget(3);
  EXPECT_TRUE(budget.Spend(3));
  budget.Earn(2);
  EXPECT_EQ(budget.Credit(), 2U);
  budget.Earn(UINT32_MAX);
  EXPECT_EQ(budget.Credit(), 3U);
  EXPECT_FALSE(budget.Spend(4));
  EXPECT_EQ(budget.Credit(), 0U);
}

}  // namespace
}  // namespace hon::h2
