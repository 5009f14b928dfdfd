#include "hon/base/guard.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <string>

#include "hon/base/log.h"

namespace hon {
namespace {

TEST(Guard, PassesACallThatReturns) {
  int calls = 0;
  EXPECT_FALSE(CallGuarded([&] { ++calls; }));
  EXPECT_EQ(calls, 1);
}

TEST(Guard, TurnsAnExceptionIntoItsText) {
  const Error thrown = CallGuarded([] { throw std::runtime_error("no disk"); });
  EXPECT_EQ(thrown.Message(), "no disk");
  EXPECT_TRUE(CallGuarded([] { throw std::bad_alloc(); }));
}

TEST(Guard, TakesExceptionsOfEveryType) {
  EXPECT_EQ(CallGuarded([] { throw 7; }).Message(), "exception of unknown type");
}

TEST(Guard, LogsOneLineWhateverTheTextHolds) {
  testing::internal::CaptureStderr();
  LogThrown("AfterFunc", Error::New("a\nhttp: forged\x1b[2J"));
  ASSERT_TRUE(FlushLog(std::chrono::seconds(10)));
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_EQ(line, "http: AfterFunc threw: \"a\\nhttp: forged\\x1b[2J\"\n");
}

}  // namespace
}  // namespace hon
