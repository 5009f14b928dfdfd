// Requests without memory for a handler's stack. A program of its own: it limits its address space.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <vector>

#include "hon/fiber/fiber.h"
#include "support/test_server.h"

namespace hon {
namespace {

using test::WirePeer;
using namespace std::chrono_literals;

// Each stack is a mapping of its own, and only a few fit.
constexpr size_t kStackBytes = size_t{1} << 30;
constexpr size_t kStacksAllowed = 3;
constexpr size_t kRoomBytes = (kStacksAllowed * 2 + 1) * kStackBytes / 2;

/// Limits the growth of the address space to `bytes` during its lifetime.
class AddressLimit {
 public:
  explicit AddressLimit(size_t bytes) {
    std::ifstream statm("/proc/self/statm");
    size_t pages = 0;
    statm >> pages;
    ::getrlimit(RLIMIT_AS, &before_);
    rlimit limit = before_;
    limit.rlim_cur = pages * static_cast<size_t>(::sysconf(_SC_PAGESIZE)) + bytes;
    EXPECT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
  }
  ~AddressLimit() { ::setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_ = {};
};

class ServerExhaustionTest : public test::ModeTest {};

TEST_P(ServerExhaustionTest, ARequestWithoutAStackIs503AndTheEndOfItsConnection) {
  std::atomic<bool> released{false};
  http::ServeMux mux;
  mux.HandleFunc("/wait", [&](http::ResponseWriter& w, http::Request& r) {
    while (!released) {
      if (fiber::Sleep(r.Context(), 1ms)) return;
    }
    w.Write("waited");
  });
  test::EventLog log;
  engine::Engine engine(mux, engine::WithEventHook(log.Hook()),
                        engine::WithPlacement(GetParam().placement), engine::WithMaxWorkers(1));
  test::TestServer server(engine, GetParam(), server::WithStackBytes(kStackBytes));
  const std::string get = "GET /wait HTTP/1.1\r\nHost: t\r\n\r\n";
  const AddressLimit limit(kRoomBytes);
  std::vector<std::unique_ptr<WirePeer>> waiting;
  size_t refused = 0;
  // The first handlers wait for the others; the later ones find no memory. A loop has its first
  // stacks already.
  for (size_t i = 0; i < 3 * kStacksAllowed; ++i) {
    auto peer = std::make_unique<WirePeer>(server.Address());
    ASSERT_TRUE(peer->Send(get));
    waiting.push_back(std::move(peer));
  }
  for (int i = 0; i < 4000 && log.Entries().size() < kStacksAllowed; ++i) {
    std::this_thread::sleep_for(5ms);
  }
  released = true;
  for (auto& peer : waiting) {
    const test::Answer answer = peer->ReadAnswer();
    if (answer.status == 200) {
      EXPECT_EQ(answer.body, "waited");
      continue;
    }
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.Get("Connection"), "close");
    EXPECT_TRUE(peer->ExpectEnd());
    ++refused;
  }
  EXPECT_GE(refused, kStacksAllowed);
  EXPECT_LT(refused, waiting.size());
  for (const auto& entry : log.Entries()) {
    EXPECT_EQ(entry.status, 503);
    EXPECT_EQ(entry.detail, "no memory for another request");
  }
  // The server still serves the next request.
  WirePeer next(server.Address());
  ASSERT_TRUE(next.Send(get));
  EXPECT_EQ(next.ReadAnswer().body, "waited");
}

HON_INSTANTIATE_MODES(ServerExhaustionTest);

}  // namespace
}  // namespace hon
