#include "server/memory_limit.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "hon/server/server.h"
#include "support/temp_dir.h"

namespace hon::server {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

TEST(MemoryLimit, IsTheLeastOfTheGroupsAbove) {
  const support::TempDir root;
  root.Write("proc/self/cgroup", "0::/a/b\n");
  root.Write("sys/fs/cgroup/a/memory.max", std::to_string(64 * kMiB));
  root.Write("sys/fs/cgroup/a/b/memory.max", "max\n");
  EXPECT_EQ(MemoryLimit(root.Path()), 64 * kMiB);
  EXPECT_EQ(DefaultMemoryBudget(root.Path()), 32 * kMiB);
}

TEST(MemoryLimit, ReadsGroupsOfVersionOne) {
  const support::TempDir root;
  root.Write("proc/self/cgroup", "5:cpu:/x\n4:cpuset,memory:/docker/1\n");
  root.Write("sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", std::to_string(100 * kMiB));
  root.Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
  EXPECT_EQ(MemoryLimit(root.Path()), 100 * kMiB);
}

TEST(MemoryLimit, HasABudgetOfSomeUseWhereLittleIsLeft) {
  const support::TempDir root;
  root.Write("proc/self/cgroup", "0::/\n");
  root.Write("sys/fs/cgroup/memory.max", std::to_string(8 * kMiB));
  EXPECT_EQ(DefaultMemoryBudget(root.Path()), kMemoryBudgetMin);
}

TEST(MemoryLimit, IsThatOfTheMachineWithoutGroups) {
  const support::TempDir root;
  EXPECT_GT(MemoryLimit(root.Path()), kMemoryBudgetMin);
}

}  // namespace
}  // namespace hon::server
