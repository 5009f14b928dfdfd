#include "hon/base/thread.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace hon {
namespace {

std::string OwnName() {
  char name[32] = {};
  EXPECT_EQ(::pthread_getname_np(::pthread_self(), name, sizeof name), 0);
  return name;
}

bool Blocks(int signal) {
  sigset_t set;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &set);
  return sigismember(&set, signal) == 1;
}

TEST(Thread, RunsUnderItsName) {
  for (const auto& [name, shown] :
       {std::pair{"hon-short", "hon-short"}, std::pair{"hon-fifteen-byt", "hon-fifteen-byt"},
        std::pair{"hon-sixteen-byte", "hon-sixteen-byt"}}) {
    std::string seen;
    auto thread = Thread::Start({.name = name}, [&] { seen = OwnName(); });
    ASSERT_TRUE(thread) << thread.error().Message();
    EXPECT_TRUE(thread->Joinable());
    thread->Join();
    EXPECT_FALSE(thread->Joinable());
    EXPECT_EQ(seen, shown);
  }
}

TEST(Thread, SignalsAreBlockedOrInherited) {
  for (const auto signals : {Thread::Signals::kBlocked, Thread::Signals::kInherited}) {
    bool blocks = false;
    auto thread =
        Thread::Start({.name = "t", .signals = signals}, [&] { blocks = Blocks(SIGTERM); });
    ASSERT_TRUE(thread);
    EXPECT_FALSE(Blocks(SIGTERM)) << "the mask of the starting thread has changed";
    thread->Join();
    EXPECT_EQ(blocks, signals == Thread::Signals::kBlocked);
  }
}

TEST(Thread, MovesWithItsThread) {
  bool ran = false;
  Thread owner;
  {
    auto started = Thread::Start({.name = "t"}, [&] { ran = true; });
    ASSERT_TRUE(started);
    owner = std::move(*started);
    EXPECT_FALSE(started->Joinable());
  }
  Thread next(std::move(owner));
  next.Join();
  EXPECT_TRUE(ran);
}

TEST(ThreadDeathTest, IsNotDroppedWhileItRuns) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(static_cast<void>(Thread::Start({.name = "t"}, [] { ::pause(); })), "joinable_");
}

// In a process of another user, whose limit is reached at once: root has no limit.
TEST(Thread, FailsWithAnErrorWhereNoneCanBeHad) {
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::getuid() == 0 && ::setuid(kNobody) != 0) ::_exit(1);
    const rlimit none = {0, 0};
    if (::setrlimit(RLIMIT_NPROC, &none) != 0) ::_exit(2);
    bool ran = false;
    const auto thread = Thread::Start({.name = "hon-none"}, [&] { ran = true; });
    if (thread || ran) ::_exit(3);
    if (thread.error().SystemCode() != EAGAIN) ::_exit(4);
    if (thread.error().Message().find("hon-none") == std::string::npos) ::_exit(5);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace hon
