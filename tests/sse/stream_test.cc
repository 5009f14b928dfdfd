// Subscribers of a Broadcaster whose handlers have returned, and subscribers whose handlers stay.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <iterator>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "hon/sse/broadcaster.h"
#include "sse/read_events.h"
#include "support/eventually.h"
#include "support/test_server.h"

namespace hon::sse {
namespace {

using namespace std::chrono_literals;
using test::EventReader;
using test::WirePeer;

// Passes all writes on, in capitals.
class Shouting final : public http::ResponseWriter {
 public:
  explicit Shouting(http::ResponseWriter& w) : w_(&w) {}
  http::Header& Header() override { return w_->Header(); }
  void WriteHeader(int status) override { w_->WriteHeader(status); }
  io::IoResult Write(std::string_view data) override {
    std::string loud(data);
    for (char& c : loud) c = c == 'n' ? 'N' : c;
    return w_->Write(loud);
  }
  [[nodiscard]] ResponseWriter* Unwrap() override { return w_; }

 private:
  http::ResponseWriter* w_;
};

class StreamTest : public test::BackendTest {
 protected:
  // Serves `news` at /news, and at /loud by a writer that wraps another.
  void Start(Broadcaster& news) {
    mux_.HandleFunc("/news", [&](http::ResponseWriter& w, http::Request& r) {
      ++running_;
      news.ServeHTTP(w, r);
      --running_;
    });
    mux_.HandleFunc("/loud", [&](http::ResponseWriter& w, http::Request& r) {
      ++running_;
      Shouting loud(w);
      news.ServeHTTP(loud, r);
      --running_;
    });
    server_.emplace(engine_, GetParam());
  }

  WirePeer Ask(const std::string& request) {
    WirePeer peer(server_->Address());
    EXPECT_TRUE(peer.Send(request));
    head_ = peer.ReadThrough("\r\n\r\n");
    EXPECT_NE(head_.find(" 200 OK\r\n"), std::string::npos) << head_;
    return peer;
  }
  WirePeer Get(const std::string& path, const std::string& fields = "") {
    return Ask("GET " + path + " HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n");
  }

  // Data of the next events; fewer when the stream ends.
  static std::vector<std::string> Next(WirePeer& peer, size_t wanted) {
    const EventReader reader = test::ReadEvents(peer, wanted);
    std::vector<std::string> all;
    for (const test::SeenEvent& event : reader.Events()) all.push_back(event.data);
    return all;
  }

  std::atomic<int> running_{0};  // handlers
  std::string head_;
  http::ServeMux mux_;
  engine::Engine engine_{mux_, test::SuitePlacement()};
  std::optional<test::TestServer> server_;
};

TEST_P(StreamTest, NoHandlerWaitsWithTheSubscriber) {
  Broadcaster news;
  Start(news);
  std::list<WirePeer> peers;
  for (int i = 0; i < 20; ++i) peers.push_back(Get("/news"));
  EXPECT_NE(head_.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << head_;
  EXPECT_EQ(head_.find("Connection: close\r\n"), std::string::npos) << head_;
  EXPECT_TRUE(test::Eventually([&] { return running_ == 0; }));
  EXPECT_EQ(news.Subscribers(), 20u);
  for (const char* text : {"one", "two"}) {
    ASSERT_FALSE(news.Publish({.data = text}));
    for (WirePeer& peer : peers) EXPECT_EQ(Next(peer, 1), std::vector<std::string>{text});
  }
  // The first subscriber, the last and one between leave, each in a different way.
  peers.back().Reset();
  peers.pop_back();
  peers.erase(std::next(peers.begin(), 7));
  peers.erase(peers.begin());
  EXPECT_TRUE(test::Eventually([&] { return news.Subscribers() == 17; }));
  ASSERT_FALSE(news.Publish({.data = "three"}));
  for (WirePeer& peer : peers) EXPECT_EQ(Next(peer, 1), std::vector<std::string>{"three"});
  news.Close();
  for (WirePeer& peer : peers) EXPECT_EQ(peer.Read(5), "0\r\n\r\n");
  EXPECT_TRUE(test::Eventually([&] { return news.Subscribers() == 0; }));
}

// RFC 9112 §9.3: a connection persists, whatever wrote the answer.
TEST_P(StreamTest, TheConnectionGoesOnBehindAStream) {
  for (int round = 0; round < 3; ++round) {
    Broadcaster news({.newcomer = Newcomer::kOldest});
    ASSERT_FALSE(news.Publish({.data = "one"}));
    mux_.HandleFunc("/round" + std::to_string(round),
                    [&](http::ResponseWriter& w, http::Request& r) { news.ServeHTTP(w, r); });
    if (round == 0) server_.emplace(engine_, GetParam());
    WirePeer peer = Get("/round" + std::to_string(round));
    EXPECT_EQ(Next(peer, 1), std::vector<std::string>{"one"});
    // Requests behind a stream wait for the end of the stream, whenever they arrive.
    const std::string next = "GET /none HTTP/1.1\r\nHost: t\r\n\r\n";
    if (round == 1) {
      ASSERT_TRUE(peer.Send(next + next));
    }
    ASSERT_FALSE(news.Publish({.data = "two"}));
    EXPECT_EQ(Next(peer, 1), std::vector<std::string>{"two"});
    news.Close();
    EXPECT_EQ(peer.Read(5), "0\r\n\r\n");
    if (round != 1) {
      ASSERT_TRUE(peer.Send(next + next));
    }
    for (int i = 0; i < 2; ++i) EXPECT_EQ(peer.ReadAnswer().status, 404);
    EXPECT_TRUE(test::Eventually([&] { return news.Subscribers() == 0; }));
  }
}

TEST_P(StreamTest, AWriterThatWrapsAnotherKeepsItsHandler) {
  Broadcaster news;
  Start(news);
  WirePeer loud = Get("/loud");
  WirePeer plain = Get("/news");
  ASSERT_FALSE(news.Publish({.data = "one"}));
  EXPECT_EQ(Next(loud, 1), std::vector<std::string>{"oNe"});
  EXPECT_EQ(Next(plain, 1), std::vector<std::string>{"one"});
  EXPECT_TRUE(test::Eventually([&] { return running_ == 1; }));
  loud.Close();
  EXPECT_TRUE(test::Eventually([&] { return running_ == 0 && news.Subscribers() == 1; }));
}

TEST_P(StreamTest, ARequestWithABodyKeepsItsHandler) {
  Broadcaster news({.newcomer = Newcomer::kOldest});
  ASSERT_FALSE(news.Publish({.data = "one"}));
  Start(news);
  WirePeer peer = Ask("POST /news HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(Next(peer, 1), std::vector<std::string>{"one"});
  EXPECT_EQ(running_, 1);
  news.Close();
  EXPECT_EQ(peer.Read(5), "0\r\n\r\n");
}

TEST_P(StreamTest, AnOldClientGetsAPlainStream) {
  Broadcaster news({.newcomer = Newcomer::kOldest});
  ASSERT_FALSE(news.Publish({.data = "one", .id = "1"}));
  Start(news);
  WirePeer peer = Ask("GET /news HTTP/1.0\r\n\r\n");
  EXPECT_EQ(head_.find("Transfer-Encoding"), std::string::npos) << head_;
  EXPECT_EQ(peer.Read(17), "id: 1\ndata: one\n\n");
  news.Close();
  EXPECT_EQ(peer.ReadAll(), "");
}

TEST_P(StreamTest, AllKeptEventsComeInOrder) {
  Broadcaster news(
      {.events_max = 1000, .bytes_max = size_t{64} << 20, .newcomer = Newcomer::kOldest});
  std::vector<std::string> all;
  for (size_t i = 0; i < 300; ++i) {
    all.push_back(std::to_string(i) + std::string(i % 7 * 10'000, '.'));
    ASSERT_FALSE(news.Publish({.data = all.back()}));
  }
  Start(news);
  WirePeer peer = Get("/news");
  EXPECT_EQ(Next(peer, all.size()), all);
  EXPECT_EQ(news.Missed(), 0u);
}

TEST_P(StreamTest, ASubscriberThatReadsNothingIsCut) {
  Broadcaster news({.bytes_max = size_t{64} << 20, .writer = {.write_timeout = 100ms}});
  Start(news);
  WirePeer deaf = Get("/news");
  const std::string text(size_t{1} << 19, 'f');
  for (int i = 0; i < 32; ++i) ASSERT_FALSE(news.Publish({.data = text}));  // 16 MB
  EXPECT_TRUE(test::Eventually([&] { return news.Subscribers() == 0; }));
  WirePeer other = Get("/news");
  ASSERT_FALSE(news.Publish({.data = "one"}));
  EXPECT_EQ(Next(other, 1), std::vector<std::string>{"one"});
}

TEST_P(StreamTest, HeartbeatsComeOnlyBetweenEvents) {
  Broadcaster news({.writer = {.heartbeat = 30ms}});
  Start(news);
  WirePeer peer = Get("/news");
  EXPECT_EQ(peer.Read(9), "4\r\n: \n\n\r\n");
  ASSERT_FALSE(news.Publish({.data = "one"}));
  EXPECT_EQ(Next(peer, 1), std::vector<std::string>{"one"});
  EXPECT_EQ(peer.Read(9), "4\r\n: \n\n\r\n");
}

TEST_P(StreamTest, InputDuringAStreamIsTheNextRequest) {
  Broadcaster news;
  Start(news);
  WirePeer peer = Get("/news");
  const std::string more = "GET /news HTTP/1.1\r\nHost: t\r\n\r\n";
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(peer.Send(more));
  ASSERT_FALSE(news.Publish({.data = "one"}));
  EXPECT_EQ(Next(peer, 1), std::vector<std::string>{"one"});
  EXPECT_EQ(news.Subscribers(), 1u);
  news.Close();
  peer.EndSending();
  const std::string rest = peer.ReadAll();
  EXPECT_TRUE(rest.starts_with("0\r\n\r\nHTTP/1.1 200 OK\r\n")) << rest.substr(0, 100);
  EXPECT_EQ(news.Subscribers(), 0u);
  EXPECT_TRUE(test::Eventually([&] { return news.Subscribers() == 0; }));
}

TEST_P(StreamTest, EndsAtShutdownAlsoForThoseWhoDoNotRead) {
  Broadcaster news({.bytes_max = size_t{64} << 20});
  Start(news);
  WirePeer deaf = Get("/news");
  WirePeer polite = Get("/news");
  const std::string text(size_t{1} << 19, 'f');
  for (int i = 0; i < 32; ++i) ASSERT_FALSE(news.Publish({.data = text}));
  EXPECT_EQ(Next(polite, 32).size(), 32u);
  const auto grace = appcontext::WithTimeout(appcontext::Background(), 200ms);
  EXPECT_TRUE(server_->Get().Shutdown(grace.context));
  EXPECT_EQ(polite.ReadAll(), "0\r\n\r\n");
  EXPECT_FALSE(server_->Get().Close());
  EXPECT_TRUE(test::Eventually([&] { return news.Subscribers() == 0; }));
}

HON_INSTANTIATE_BACKENDS(StreamTest);

}  // namespace
}  // namespace hon::sse
