#include "hon/base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/log_queue.h"

namespace hon {
namespace {

using namespace std::chrono_literals;

// The sum of the counts in the lines about left-out lines of kBadRequest.
size_t LeftOut(std::string_view text) {
  constexpr std::string_view kBegin = "http: lines left out: ";
  size_t sum = 0;
  for (size_t at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at)) {
    at += kBegin.size();
    sum += static_cast<size_t>(std::atoi(text.data() + at));
  }
  return sum;
}

/// A pipe whose reader reads on demand.
class LogPipe : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::pipe2(ends_, O_CLOEXEC), 0); }
  void TakeOnePage() const { ASSERT_GT(::fcntl(ends_[1], F_SETPIPE_SZ, 4096), 0); }
  void TearDown() override {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  // Reads until the bytes end in `end`.
  std::string ReadUntil(std::string_view end) {
    std::string all;
    char part[4096];
    while (!all.ends_with(end)) {
      const ssize_t n = ::read(ends_[0], part, sizeof part);
      if (n <= 0) break;
      all.append(part, static_cast<size_t>(n));
    }
    return all;
  }

  int ends_[2] = {-1, -1};
};

TEST_F(LogPipe, WritesLinesInOrder) {
  LogQueue log(ends_[1]);
  log.Add(LogKind::kOther, "one\n");
  log.Add(LogKind::kPanic, "two\n");
  EXPECT_TRUE(log.Flush(10s));
  EXPECT_EQ(ReadUntil("two\n"), "one\ntwo\n");
}

// 100 lines of 1 KiB into a pipe of 4 KiB: without a queue the third call would never return.
TEST_F(LogPipe, NobodyWaitsForADescriptorThatIsNotRead) {
  TakeOnePage();
  LogQueue log(ends_[1]);
  const std::string line = std::string(1023, 'x') + "\n";
  for (int i = 0; i < 100; ++i) log.Add(LogKind::kBadRequest, line);
  EXPECT_FALSE(log.Flush(10ms));
  // Another kind has a budget of its own.
  log.Add(LogKind::kPanic, "panic\n");
  std::string text;
  size_t kept = 0;
  size_t left_out = 0;
  while (kept + left_out < 100) {
    text += ReadUntil("\n");
    kept = static_cast<size_t>(std::count(text.begin(), text.end(), 'x')) / 1023;
    left_out = LeftOut(text);
  }
  EXPECT_EQ(kept + left_out, 100U);
  EXPECT_GE(kept, kLogBytesPerKindMax / line.size());
  // The waiting lines, and the bytes in the pipe and the writer.
  EXPECT_LE(kept, kLogBytesPerKindMax / line.size() + 5);
  while (text.find("panic\n") == std::string::npos) text += ReadUntil("\n");
}

TEST_F(LogPipe, EndsWhileTheDescriptorIsNotRead) {
  TakeOnePage();
  LogQueue log(ends_[1]);
  for (int i = 0; i < 20; ++i) log.Add(LogKind::kOther, std::string(1023, 'x') + "\n");
}  // its destructor returns

TEST_F(LogPipe, KindsAreLimitedEachForItself) {
  LogQueue log(ends_[1]);
  const TimePoint now(1h);
  const auto admitted = [&](LogKind kind, TimePoint at, uint32_t asked) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < asked; ++i) count += log.Admit(kind, at) ? 1U : 0U;
    return count;
  };
  EXPECT_EQ(admitted(LogKind::kBadRequest, now, 3000), kLogLinesBurst);
  EXPECT_EQ(admitted(LogKind::kPanic, now, 3000), kLogLinesBurst);
  EXPECT_EQ(admitted(LogKind::kBadRequest, now + 1s, 3000), kLogLinesPerSecond);
  EXPECT_EQ(admitted(LogKind::kBadRequest, now + 1h, 3000), kLogLinesBurst);
  log.Add(LogKind::kBadRequest, "last\n");
  EXPECT_EQ(ReadUntil("last\n"),
            "http: lines left out: 2900 (panic)\n"
            "http: lines left out: 8790 (bad request)\nlast\n");
}

#ifndef HON_TSAN  // starts no thread in the child of a process with threads
TEST_F(LogPipe, AForkedChildWritesWithAThreadOfItsOwn) {
  LogQueue log(ends_[1]);
  log.Add(LogKind::kOther, "parent\n");
  EXPECT_TRUE(log.Flush(10s));
  EXPECT_EQ(ReadUntil("parent\n"), "parent\n");
  log.BeforeFork();
  const pid_t child = ::fork();
  log.AfterFork(child == 0);
  if (child == 0) {
    log.Add(LogKind::kOther, "child\n");
    ::_exit(log.Flush(10s) ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(ReadUntil("child\n"), "child\n");
}
#endif

TEST(Log, AProgramThatEndsWritesWhatIsLeft) {
  // The leak check at the end of a forked child cannot stop a thread of its parent.
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        LogLine(LogKind::kOther, "the last line\n");
        std::exit(0);
      },
      testing::ExitedWithCode(0), "the last line");
}

}  // namespace
}  // namespace hon
