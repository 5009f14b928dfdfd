#include "fiber/stack.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "fiber/loops.h"
#include "hon/base/sanitizer.h"
#include "hon/fiber/fiber.h"

namespace hon::fiber {
namespace {

using namespace std::chrono_literals;

TEST(Stack, GivesBackWhatIsDeep) {
  Stack stack(256 * 1024);
  EXPECT_GE(stack.Bytes(), 256u * 1024);
  for (char* at = stack.Bottom(); at < stack.Top(); at += 4096) *at = 1;
  EXPECT_EQ(stack.ResidentBelow(0), stack.Bytes());
  stack.Trim(16 * 1024);
  EXPECT_EQ(stack.ResidentBelow(0), 16u * 1024);
  EXPECT_EQ(stack.ResidentBelow(16 * 1024), 0u);
}

TEST(Stack, ItsGuardIsWiderThanAPage) {
  Stack stack(256 * 1024);
  EXPECT_FALSE(stack.Guards(stack.Bottom()));
  EXPECT_TRUE(stack.Guards(stack.Bottom() - 1));
  EXPECT_TRUE(stack.Guards(stack.Bottom() - 60000));
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

// A burst of deep fibers: their stacks stay, for the next burst, but not what was deep in them.
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
  EXPECT_LE(scheduler_->Stacks(), Options().cached_stacks_max);
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

TEST_F(StackDeathTest, OneWithoutANameSaysSo) {
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
