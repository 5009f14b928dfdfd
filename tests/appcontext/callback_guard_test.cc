#include "hon/appcontext/callback_guard.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "hon/base/log.h"

namespace hon::appcontext {
namespace {

class Recorder final : public ThrowReporter {
 public:
  void OnThrown(std::string_view callback, const Error& why) noexcept override {
    reports.push_back(DescribeThrown(callback, why));
  }
  std::vector<std::string> reports;
};

void Throw() { throw std::runtime_error("no disk"); }

TEST(CallbackGuard, ReportsToTheReporterOfTheContext) {
  const auto recorder = std::make_shared<Recorder>();
  const Context above = WithThrowReporter(Background(), recorder);
  const CallbackGuard guard = CallbackGuard::Of(WithValue(above, &guard, 1));
  EXPECT_FALSE(guard.Call("hook", [] {}));
  EXPECT_EQ(guard.Call("hook", Throw).Message(), "no disk");
  EXPECT_EQ(recorder->reports, std::vector<std::string>{"hook threw: no disk"});
}

TEST(CallbackGuard, ReportsToStderrWithoutAReporterOrWhenItHasEnded) {
  auto recorder = std::make_shared<Recorder>();
  const CallbackGuard guard = CallbackGuard::Of(WithThrowReporter(Background(), recorder));
  recorder.reset();
  testing::internal::CaptureStderr();
  static_cast<void>(guard.Call("one", Throw));
  static_cast<void>(CallbackGuard().Call("two", Throw));
  ASSERT_TRUE(FlushLog(std::chrono::seconds(10)));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "http: one threw: \"no disk\"\nhttp: two threw: \"no disk\"\n");
}

TEST(AfterFunc, AFunctionThatThrowsIsReportedAndTheOthersRun) {
  const auto recorder = std::make_shared<Recorder>();
  const Cancelable c = WithCancel(WithThrowReporter(Background(), recorder));
  int runs = 0;
  const auto first = AfterFunc(c.context, [&] { ++runs; });
  const auto throws = AfterFunc(c.context, Throw);
  const auto last = AfterFunc(c.context, [&] { ++runs; });
  c.cancel();
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(recorder->reports, std::vector<std::string>{"AfterFunc's function threw: no disk"});
  EXPECT_FALSE(throws());
  const auto late = AfterFunc(c.context, Throw);  // has ended: runs at once
  EXPECT_EQ(recorder->reports.size(), 2U);
}

TEST(AfterFunc, AThrowOnTheDeadlineThreadLeavesLaterDeadlines) {
  testing::internal::CaptureStderr();
  const Cancelable throws = WithTimeout(Background(), std::chrono::milliseconds(1));
  const auto first = AfterFunc(throws.context, Throw);
  const Cancelable later = WithTimeout(Background(), std::chrono::milliseconds(20));
  while (!later.context.Done()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ASSERT_TRUE(FlushLog(std::chrono::seconds(10)));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "http: AfterFunc's function threw: \"no disk\"\n");
}

}  // namespace
}  // namespace hon::appcontext
