// A loop that is held while no handler holds it: the report, and other clients meanwhile.

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "hon/fiber/fiber.h"
#include "support/eventually.h"
#include "support/test_server.h"

namespace hon {
namespace {

using test::WirePeer;
using namespace std::chrono_literals;

class HeldLoopTest : public test::BackendTest {
 protected:
  struct Report {
    std::string pattern, detail, stack;
  };

  HeldLoopTest() {
    mux_.HandleFunc("GET /quick", [](http::ResponseWriter& w, http::Request&) { w.Write("q"); });
    mux_.HandleFunc("GET /spawn", [this](http::ResponseWriter& w, http::Request&) {
      fiber::Go([this] {
        holds_ = true;
        while (holding_) std::this_thread::sleep_for(1ms);
        holds_ = false;
      });
      w.Write("s");
    });
  }

  engine::EventHook Hook() {
    return [this](const engine::Event& event) {
      if (event.kind != engine::Event::Kind::kStall) return;
      const std::lock_guard lock(mutex_);
      reports_.push_back(
          {std::string(event.pattern), std::string(event.detail), std::string(event.stack)});
    };
  }
  std::vector<Report> Reports() {
    const std::lock_guard lock(mutex_);
    return reports_;
  }
  static std::string Ask(WirePeer& peer, std::string_view path) {
    const std::string request = "GET " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n\r\n";
    return peer.Send(request) ? peer.ReadAnswer().body : "";
  }

  http::ServeMux mux_;
  std::atomic<bool> holds_{false};
  std::atomic<bool> holding_{true};
  std::mutex mutex_;
  std::vector<Report> reports_;
};

TEST_P(HeldLoopTest, AFiberThatHoldsItsLoopIsReportedAndOthersAreLetIn) {
  engine::Engine engine(mux_, engine::WithEventHook(Hook()));
  test::TestServer server(engine, GetParam());
  WirePeer first(server.Address());
  EXPECT_EQ(Ask(first, "/quick"), "q");
  ASSERT_TRUE(first.Send("GET /spawn HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_TRUE(test::Eventually([&] { return holds_.load(); }));
  {
    WirePeer second(server.Address());
    EXPECT_EQ(Ask(second, "/quick"), "q") << "by the standby loop";
    EXPECT_TRUE(holds_);
  }
  EXPECT_TRUE(test::Eventually([&] { return !Reports().empty(); }));
  holding_ = false;
  EXPECT_EQ(first.ReadAnswer().body, "s");
  EXPECT_EQ(Ask(first, "/quick"), "q");
  const Report report = Reports().front();
  EXPECT_EQ(report.pattern, "");
  EXPECT_NE(report.detail.find("while no handler holds it: it runs fibers and tasks"),
            std::string::npos)
      << report.detail;
  // Sanitizers may deliver the signal late.
#if !defined(HON_ASAN) && !defined(HON_TSAN)
  EXPECT_NE(report.stack.find("nanosleep"), std::string::npos) << report.stack;
#endif
}

// The watchdog's thread sleeps while all loops wait, and misses no turn for that.
TEST_P(HeldLoopTest, TheFirstTurnAfterAPauseIsWatchedToo) {
  engine::Engine engine(mux_, engine::WithEventHook(Hook()), engine::WithStallTime(1ms));
  test::TestServer server(engine, GetParam());
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(300ms);  // longer than the watchdog looks on
    holding_ = true;
    WirePeer peer(server.Address());
    ASSERT_TRUE(peer.Send("GET /spawn HTTP/1.1\r\nHost: t\r\n\r\n"));
    EXPECT_TRUE(test::Eventually([&] { return holds_.load(); }));
    WirePeer other(server.Address());
    EXPECT_EQ(Ask(other, "/quick"), "q") << i;
    holding_ = false;
    EXPECT_EQ(peer.ReadAnswer().body, "s");
    EXPECT_TRUE(test::Eventually([&] { return !holds_; }));
  }
  EXPECT_FALSE(Reports().empty());
}

HON_INSTANTIATE_BACKENDS(HeldLoopTest);

}  // namespace
}  // namespace hon
