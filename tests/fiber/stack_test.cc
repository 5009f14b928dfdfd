#include "fiber/stack.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <new>
#include <string>
#include <string_view>

#include "fiber/loops.h"
#include "hon/base/sanitizer.h"
#include "hon/fiber/fiber.h"

namespace hon::fiber {
namespace {

using namespace std::chrono_literals;

TEST(Stack, GivesDeepPagesBack) {
  StackSlab slab(256 * 1024);
  Stack stack = slab.Make(0);
  EXPECT_GE(stack.Bytes(), 256u * 1024);
  for (char* at = stack.Bottom(); at < stack.Top(); at += 4096) *at = 1;
  EXPECT_EQ(stack.ResidentBelow(0), stack.Bytes());
  stack.Trim(16 * 1024);
  EXPECT_EQ(stack.ResidentBelow(0), 16u * 1024);
  EXPECT_EQ(stack.ResidentBelow(16 * 1024), 0u);
}

TEST(Stack, ItsGuardIsWiderThanAPage) {
  StackSlab slab(256 * 1024);
  Stack stack = slab.Make(0);
  EXPECT_FALSE(stack.Guards(stack.Bottom()));
  EXPECT_TRUE(stack.Guards(stack.Bottom() - 1));
  EXPECT_TRUE(stack.Guards(stack.Bottom() - 60000));
}

TEST(Stack, StacksOfASlabHaveGuardsBetweenThem) {
  StackSlab slab(256 * 1024);
  ASSERT_GE(slab.Stacks(), 2u);
  const Stack first = slab.Make(0);
  const Stack second = slab.Make(1);
  EXPECT_TRUE(second.Guards(first.Top()));
  for (const Stack& stack : {first, second}) {
    *stack.Bottom() = 1;
    *(stack.Top() - 1) = 1;
  }
}

TEST(Stack, LargeStacksShareNoSlabAndExhaustionThrows) {
  EXPECT_EQ(StackSlab(size_t{64} << 20).Stacks(), 1u);
  EXPECT_THROW(StackSlab(size_t{1} << 50), std::bad_alloc);
}

int Deeper(int depth) {
  volatile char frame[1024];
  frame[0] = static_cast<char>(depth);
  return depth == 0 ? frame[0] : Deeper(depth - 1) + frame[0];
}

size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

class StackUseTest : public OneLoopTest {};

// A burst of deep fibers: their stacks are kept for the next burst, but not their deep memory.
TEST_F(StackUseTest, FreeStacksThatWentDeepGiveTheirMemoryBack) {
#if defined(HON_ASAN) || defined(HON_TSAN)
  constexpr size_t kFibers = 20;
#else
  constexpr size_t kFibers = 200;
#endif
  constexpr int kDeep = 100;  // of a kilobyte and more each
  int result = 0;
  for (size_t i = 0; i < kFibers; ++i) {
    Spawn([&] {
      result += Deeper(kDeep);
      Yield();  // so that each has a stack of its own
    });
  }
  Turn();
  ASSERT_EQ(scheduler_->Live(), 0u);
  EXPECT_EQ(scheduler_->GetStats().stacks, kFibers);
  const size_t deep = ResidentBytes();
  for (int i = 0; i < 10000 && scheduler_->GetStats().trimmed < kFibers; ++i) loop_->Turn(1ms);
  EXPECT_EQ(scheduler_->GetStats().trimmed, kFibers);
  EXPECT_EQ(scheduler_->GetStats().stacks, kFibers);
#if !defined(HON_ASAN) && !defined(HON_TSAN)
  EXPECT_LT(ResidentBytes() + kFibers * 80 * 1024, deep);
#else
  static_cast<void>(deep);
#endif
}

#if !defined(HON_ASAN) && !defined(HON_TSAN)

TEST_F(StackUseTest, AHundredThousandSleepAtOnce) {
  size_t fibers = 100'000;
  if (!GuardsAreLight()) {
    std::ifstream file("/proc/sys/vm/max_map_count");
    size_t maps = 65530;
    file >> maps;
    fibers = std::min(fibers, maps / 2 - 1000);
    std::cout << "this kernel lacks MADV_GUARD_INSTALL, so a stack takes two of the " << maps
              << " mappings of vm.max_map_count: only " << fibers << " fibers\n";
  }
  size_t awake = 0;
  const size_t resident = ResidentBytes();
  const appcontext::Cancelable c = appcontext::WithCancel(appcontext::Background());
  for (size_t i = 0; i < fibers; ++i) {
    Spawn([&] {
      static_cast<void>(Sleep(c.context, 1h));
      ++awake;
    });
    if (i % 1000 == 0) loop_->Turn(Duration::zero());
  }
  Turn();
  EXPECT_EQ(scheduler_->Live(), fibers);
  EXPECT_EQ(awake, 0u);
  const size_t each = (ResidentBytes() - resident) / fibers;
  std::cout << fibers << " fibers asleep, " << each << " bytes each\n";
  EXPECT_LT(each, 16384u);
  c.cancel();
  Settle();
  EXPECT_EQ(awake, fibers);
  EXPECT_EQ(scheduler_->GetStats().live_max, fibers);
  // Surplus stacks are freed step by step.
  const size_t kept = Options().cached_stacks_max;
  for (int i = 0; i < 20000 && scheduler_->Stacks() > kept; ++i) loop_->Turn(1ms);
  EXPECT_LE(scheduler_->Stacks(), kept);
  EXPECT_GE(scheduler_->Stacks() + StackSlab::kStacksMax, kept);
  EXPECT_LT(ResidentBytes(), resident + fibers * each / 4);
}

// Stacks beside others in use cannot be unmapped with their slab: their pages are freed.
TEST_F(StackUseTest, FreeStacksBesideUsedOnesGiveAllTheirMemoryBack) {
  constexpr size_t kFibers = 8000;
  const appcontext::Cancelable some = appcontext::WithCancel(appcontext::Background());
  const appcontext::Cancelable rest = appcontext::WithCancel(appcontext::Background());
  size_t awake = 0;
  const auto sleep = [&](const appcontext::Context& context) {
    Spawn([&awake, context] {
      Deeper(10);
      static_cast<void>(Sleep(context, 1h));
      ++awake;
    });
  };
  for (size_t i = 0; i < kFibers; ++i)
    sleep(i % StackSlab::kStacksMax == 0 ? rest.context : some.context);
  Turn();
  const size_t full = ResidentBytes();
  some.cancel();
  const size_t kept = Options().cached_stacks_max;
  const size_t freed = kFibers - kFibers / StackSlab::kStacksMax - kept;
  for (int i = 0; i < 20000 && scheduler_->GetStats().trimmed < freed; ++i) loop_->Turn(1ms);
  EXPECT_EQ(scheduler_->GetStats().trimmed, freed);
  EXPECT_LT(ResidentBytes() + freed * 8192, full);
  // The stacks are used again.
  for (size_t i = 0; i < kFibers; ++i) sleep(rest.context);
  Turn();
  EXPECT_EQ(scheduler_->Live(), kFibers + kFibers / StackSlab::kStacksMax);
  rest.cancel();
  for (int i = 0; i < 20000 && scheduler_->Stacks() > kept; ++i) loop_->Turn(1ms);
  EXPECT_EQ(awake, 2 * kFibers);
  EXPECT_LE(scheduler_->Stacks(), kept);
}

#endif

#if !defined(HON_TSAN)

class StackDeathTest : public OneLoopTest {
 protected:
  StackDeathTest() { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

TEST_F(StackDeathTest, AnOverrunNamesItsFiberAndTheOption) {
  EXPECT_DEATH(
      {
        fiber::Go([] { Deeper(1'000'000); }, {.scheduler = scheduler_.get(), .name = "digger"});
        Turn();
      },
      "the fiber \"digger\" has overrun its stack of 262144 bytes; raise it with "
      "fiber::Options::stack_bytes .server::WithStackBytes");
}

TEST_F(StackDeathTest, TheNameIsReadWhenItIsNeeded) {
  EXPECT_DEATH(
      {
        Spawn([] {
          std::string_view pattern;
          SetName(&pattern);
          Yield();
          pattern = "GET /deep/{how}";
          Deeper(1'000'000);
        });
        Turn();
      },
      "the fiber \"GET /deep/.how.\" has overrun");
}

TEST_F(StackDeathTest, AnOverrunOfAFiberWithoutANameIsReported) {
  EXPECT_DEATH(
      {
        Spawn([] { Deeper(1'000'000); });
        Turn();
      },
      "hon: the fiber has overrun its stack");
}

#endif

}  // namespace
}  // namespace hon::fiber
