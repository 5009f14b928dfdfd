// The memory of idle connections, and the memory left by ended ones.

#include <gtest/gtest.h>

#include <filesystem>

#include "support/own_process.h"
#include "websocket/server_fixture.h"

namespace hon::websocket {
namespace {

using namespace std::chrono_literals;

size_t Descriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

class CountingEcho final : public ConnHandler {
 public:
  void OnOpen(Conn&) override { ++open; }
  void OnMessage(Conn& conn, MessageType type, std::string_view data) override {
    EXPECT_FALSE(conn.WriteMessage(type, data));
  }
  void OnClose(Conn&, const CloseStatus&) override { --open; }
  std::atomic<size_t> open{0};
};

class MemoryTest : public test::ServerTest {
 protected:
  // One loop and no other threads: descriptors of workers and of the standby loop would appear on a
  // busy machine, and count as those of connections.
  MemoryTest()
      : ServerTest(engine::WithPlacement(engine::kInline), engine::WithStallTime(kUnlimited)) {}
  void SetUp() override {
    ServerTest::SetUp();
    if (IsSkipped()) return;
    hon::test::LiftDescriptorLimit();
    UpgraderOptions options;
    options.conn.deflate.enabled = true;
    options.conn.deflate.threshold_bytes = 10;
    // The same as /ws, read in a loop.
    mux_.HandleFunc("/loop", [this, upgrader = std::make_shared<Upgrader>(options)](
                                 http::ResponseWriter& w, http::Request& r) {
      Result<Conn> conn = upgrader->Upgrade(w, r);
      if (!conn) return;
      ++echo_->open;
      while (Result<Message> message = conn->ReadMessage()) {
        if (conn->WriteMessage(message->type, message->data)) break;
      }
      --echo_->open;
    });
    ServeEvents(options, echo_);
  }
  static void Talk(test::WsPeer& peer) {
    const std::string packed = test::Deflated("Hello, hello, hello, hello!");
    peer.wire.Send(test::Frame(packed, {.opcode = 1, .rsv = 4}));
    ASSERT_EQ(peer.ReadAnswer(), "text:Hello, hello, hello, hello!");
  }
  const std::shared_ptr<CountingEcho> echo_ = std::make_shared<CountingEcho>();
};

TEST_P(MemoryTest, AnIdleConnectionWithAHandlerCostsAtMostOneKibibyte) {
  constexpr size_t kConnections = 5000;
  // Both ends are in this process: the client's end is only a descriptor.
  std::vector<int> idle;
  idle.reserve(2 * kConnections);
  const auto add = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      test::WsPeer peer(Address(), "/ws", test::kOfferDeflate);
      ASSERT_EQ(peer.answer.status, 101);
      if (i % 100 == 0) Talk(peer);
      idle.push_back(::dup(peer.wire.Fd()));
    }
  };
  add(500);
  ASSERT_TRUE(Eventually([&] { return echo_->open == 500; }));
  const size_t before = hon::test::ResidentBytes();
  add(kConnections);
  ASSERT_TRUE(Eventually([&] { return echo_->open == 500 + kConnections; }));
  const size_t each = (hon::test::ResidentBytes() - before) / kConnections;
  RecordProperty("bytes_per_idle_connection", static_cast<int>(each));
  std::printf("an idle connection costs %zu bytes\n", each);
  EXPECT_LE(each, 1024U);
  for (const int fd : idle) ::close(fd);
  EXPECT_TRUE(Eventually([&] { return echo_->open == 0; }));
}

TEST_P(MemoryTest, TenThousandThatCameAndWentLeaveNothing) {
  constexpr int kChurns = 10'000;
  const auto churn = [&](int count) {
    for (int i = 0; i < count; ++i) {
      const char* path = i % 8 < 4 ? "/ws" : "/loop";
      test::WsPeer peer(Address(), path, i % 2 == 0 ? test::kOfferDeflate : "");
      ASSERT_EQ(peer.answer.status, 101);
      if (i % 20 == 0) Talk(peer);
      switch (i % 4) {
        case 0:
          peer.wire.Send(test::Close(1000));
          ASSERT_EQ(peer.ReadAnswer(), "close:1000");
          break;
        case 1:
          peer.wire.Send(test::Header(1000, {}) + "cut off");
          break;
        case 2:
          peer.wire.Reset();
          break;
        default:
          break;  // just gone
      }
    }
    EXPECT_TRUE(Eventually([&] { return echo_->open == 0; }));
  };
  churn(1000);
  const size_t descriptors = Descriptors();
  const size_t resident = hon::test::ResidentBytes();
  churn(kChurns);
  EXPECT_TRUE(Eventually([&] { return Descriptors() <= descriptors; })) << Descriptors();
  // Chance leaves less than a byte for each connection; a leak would be a session of each.
  EXPECT_LE(hon::test::ResidentBytes(), resident + (size_t{1} << 20));
}

HON_INSTANTIATE_BACKENDS(MemoryTest);

}  // namespace
}  // namespace hon::websocket
