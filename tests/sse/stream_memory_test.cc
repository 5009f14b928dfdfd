// The memory of waiting subscribers.

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "hon/sse/broadcaster.h"
#include "support/own_process.h"
#include "support/test_server.h"

namespace hon::sse {
namespace {

using namespace std::chrono_literals;

class StreamMemoryTest : public test::BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    test::LiftDescriptorLimit();
  }
};

TEST_P(StreamMemoryTest, ASubscriberThatWaitsCostsAtMostOneKibibyte) {
  constexpr size_t kSubscribers = 4000;
  Broadcaster news;
  http::ServeMux mux;
  mux.Handle("/news", news);
  engine::Engine engine(mux);
  test::TestServer server(engine, GetParam());
  // Both ends are in this process: the client's end is only a descriptor.
  std::vector<int> clients;
  clients.reserve(2 * kSubscribers);
  const auto add = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      test::WirePeer peer(server.Address());
      ASSERT_TRUE(peer.Send("GET /news HTTP/1.1\r\nHost: t\r\n\r\n"));
      ASSERT_TRUE(peer.ReadThrough("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
      clients.push_back(::dup(peer.Fd()));
    }
  };
  add(500);
  ASSERT_FALSE(news.Publish({.data = "warm"}));
  const size_t before = test::ResidentBytes();
  add(kSubscribers);
  ASSERT_FALSE(news.Publish({.data = "to all"}));
  test::WirePeer last(server.Address());
  ASSERT_TRUE(last.Send("GET / HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(last.ReadAnswer().status, 404);  // by then every subscriber has been notified
  const size_t each = (test::ResidentBytes() - before) / kSubscribers;
  RecordProperty("bytes_per_waiting_subscriber", static_cast<int>(each));
  std::printf("a subscriber that waits costs %zu bytes\n", each);
  EXPECT_LE(each, 1024U);
  EXPECT_EQ(news.Subscribers(), 500 + kSubscribers);
  for (const int fd : clients) ::close(fd);
  for (int i = 0; i < 2000 && news.Subscribers() != 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(news.Subscribers(), 0u);
}

HON_INSTANTIATE_BACKENDS(StreamMemoryTest);

}  // namespace
}  // namespace hon::sse
