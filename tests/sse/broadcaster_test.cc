#include "hon/sse/broadcaster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"
#include "sse/read_events.h"
#include "support/eventually.h"
#include "support/test_server.h"

namespace hon::sse {
namespace {

using namespace std::chrono_literals;
using test::EventReader;
using test::ReadEvents;
using test::WirePeer;
using testing::ElementsAre;
using testing::IsEmpty;

// The events that a closed broadcaster gives a subscriber: all kept ones.
EventReader Kept(Broadcaster& news, std::string_view last_event_id = "") {
  httptest::ResponseRecorder w;
  http::Request r = httptest::NewRequest("GET", "/");
  if (!last_event_id.empty()) r.Header.Set("Last-Event-ID", last_event_id);
  news.ServeHTTP(w, r);
  EventReader reader;
  reader.Take(w.Body);
  return reader;
}

std::vector<std::string> Data(const EventReader& reader) {
  std::vector<std::string> all;
  for (const test::SeenEvent& event : reader.Events()) all.push_back(event.data);
  return all;
}

void Fill(Broadcaster& news, int count) {
  for (int i = 1; i <= count; ++i) {
    const std::string text = std::to_string(i);
    ASSERT_FALSE(news.Publish({.data = text}));
  }
}

TEST(BroadcasterTest, KeepsTheLastEventsByNumber) {
  Broadcaster news({.events_max = 3, .newcomer = Newcomer::kOldest});
  Fill(news, 3);
  Broadcaster more({.events_max = 3, .newcomer = Newcomer::kOldest});
  Fill(more, 4);
  news.Close();
  more.Close();
  EXPECT_THAT(Data(Kept(news)), ElementsAre("1", "2", "3"));
  EXPECT_THAT(Data(Kept(more)), ElementsAre("2", "3", "4"));
}

TEST(BroadcasterTest, KeepsTheLastEventsBySize) {
  const std::string text(100, 't');
  std::string sent;
  ASSERT_FALSE(AppendEvent({.data = text, .id = "1"}, sent));
  for (const size_t less : {size_t{0}, size_t{1}}) {
    Broadcaster news({.bytes_max = 2 * sent.size() - less, .newcomer = Newcomer::kOldest});
    for (const char* id : {"1", "2"}) ASSERT_FALSE(news.Publish({.data = text, .id = id}));
    news.Close();
    EXPECT_EQ(Data(Kept(news)).size(), 2 - less);
  }
  Broadcaster small({.bytes_max = 1, .newcomer = Newcomer::kOldest});
  ASSERT_FALSE(small.Publish({.data = text}));
  small.Close();
  EXPECT_THAT(Data(Kept(small)), ElementsAre(text)) << "the newest is kept in any case";
}

TEST(BroadcasterTest, GoesOnBehindTheLastEventId) {
  Broadcaster news;
  for (const char* id : {"a", "b", "c"}) ASSERT_FALSE(news.Publish({.data = id, .id = id}));
  Fill(news, 1);
  news.Close();
  EXPECT_THAT(Data(Kept(news)), IsEmpty()) << "a newcomer gets what is published from now on";
  EXPECT_THAT(Data(Kept(news, "a")), ElementsAre("b", "c", "1"));
  EXPECT_THAT(Data(Kept(news, "c")), ElementsAre("1"));
  const std::string own = Kept(news, "c").LastEventId();
  EXPECT_THAT(Data(Kept(news, own)), IsEmpty());
  EXPECT_THAT(Data(Kept(news, "from another process")), ElementsAre("a", "b", "c", "1"));
  EXPECT_THAT(Data(Kept(news, std::string(100'000, 'x'))), ElementsAre("a", "b", "c", "1"));
}

TEST(BroadcasterTest, IdsOfTwoBroadcastersDiffer) {
  Broadcaster one({.newcomer = Newcomer::kOldest});
  Broadcaster two({.newcomer = Newcomer::kOldest});
  Fill(one, 1);
  Fill(two, 1);
  one.Close();
  two.Close();
  EXPECT_NE(Kept(one).LastEventId(), "");
  EXPECT_NE(Kept(one).LastEventId(), Kept(two).LastEventId());
}

TEST(BroadcasterTest, RefusesWhatTheFormatCannotCarry) {
  Broadcaster news({.newcomer = Newcomer::kOldest});
  EXPECT_TRUE(news.Publish({.data = "x", .id = "a\nb"}).Is(ErrBadField));
  EXPECT_TRUE(news.Publish({.data = std::string(kEventBytesMax, 'x')}).Is(ErrTooLarge));
  ASSERT_FALSE(news.Publish({.data = "good"}));
  news.Close();
  EXPECT_THAT(Data(Kept(news)), ElementsAre("good"));
}

TEST(BroadcasterTest, AClosedBroadcasterRefusesEvents) {
  Broadcaster news({.newcomer = Newcomer::kOldest});
  news.Close();
  news.Close();
  EXPECT_FALSE(news.Publish({.data = "late"}));
  EXPECT_THAT(Data(Kept(news)), IsEmpty());
}

// Over sockets, on each backend.

class BroadcastSockets : public test::BackendTest {
 protected:
  static std::string Get(const std::string& fields = "") {
    return "GET /news HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n";
  }

  // A client that has subscribed.
  static WirePeer Subscribe(const std::string& address, const std::string& fields = "") {
    WirePeer peer(address);
    EXPECT_TRUE(peer.Send(Get(fields)));
    EXPECT_TRUE(peer.ReadThrough("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    return peer;
  }
};

TEST_P(BroadcastSockets, AllSubscribersGetAllEventsInOrderFromAnyThread) {
  constexpr int kThreads = 3;
  constexpr int kEach = 50;
  Broadcaster news;
  http::ServeMux mux;
  mux.Handle("/news", news);
  engine::Engine engine(mux, test::SuitePlacement());
  server::Server server(engine, server::WithBackend(GetParam()), server::WithLoops(2));
  ASSERT_FALSE(server.Listen("127.0.0.1:0"));
  std::vector<WirePeer> peers;
  for (int i = 0; i < 8; ++i) peers.push_back(Subscribe(server.Addresses().front()));
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&news, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string text = std::to_string(t) + " " + std::to_string(i);
        EXPECT_FALSE(news.Publish({.data = text}));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> first = Data(ReadEvents(peers[0], kThreads * kEach));
  EXPECT_EQ(first.size(), size_t{kThreads * kEach});
  for (int t = 0; t < kThreads; ++t) {
    std::vector<std::string> mine;
    for (const std::string& text : first) {
      if (text[0] == '0' + t) mine.push_back(text);
    }
    for (size_t i = 0; i < mine.size(); ++i) {
      EXPECT_EQ(mine[i], std::to_string(t) + " " + std::to_string(i));
    }
  }
  for (size_t i = 1; i < peers.size(); ++i) {
    EXPECT_EQ(Data(ReadEvents(peers[i], kThreads * kEach)), first);
  }
  EXPECT_EQ(news.Missed(), 0u);
}

TEST_P(BroadcastSockets, OneSubscriberTooManyIsRefused) {
  Broadcaster news({.subscribers_max = 2});
  http::ServeMux mux;
  mux.Handle("/news", news);
  engine::Engine engine(mux, test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  WirePeer first = Subscribe(server.Address());
  WirePeer second = Subscribe(server.Address());
  WirePeer third(server.Address());
  ASSERT_TRUE(third.Send(Get()));
  const test::Answer answer = third.ReadAnswer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.Get("Retry-After"), "1");
  first.Close();
  EXPECT_TRUE(test::Eventually([&] { return news.Subscribers() == 1; }));
  Subscribe(server.Address());
}

// A client that reads nothing while many events are published.
void FloodPast(Broadcaster& news) {
  const std::string text(50'000, 'f');
  for (int i = 0; i < 400; ++i) ASSERT_FALSE(news.Publish({.data = text}));  // 20 MB
}

TEST_P(BroadcastSockets, ASlowSubscriberDelaysNobodyAndIsDisconnected) {
  Broadcaster news({.events_max = 8});
  http::ServeMux mux;
  mux.Handle("/news", news);
  engine::Engine engine(mux, test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  WirePeer slow = Subscribe(server.Address());
  FloodPast(news);
  WirePeer quick = Subscribe(server.Address());
  ASSERT_FALSE(news.Publish({.data = "to all"}));
  EXPECT_THAT(Data(ReadEvents(quick, 1)), ElementsAre("to all"));
  // The slow client gets the bytes that the kernel had taken, then the end.
  const std::vector<std::string> seen = Data(ReadEvents(slow, 401));
  EXPECT_LT(seen.size(), 400u);
  EXPECT_NE(seen.empty() ? "" : seen.back(), "to all");
  EXPECT_GT(news.Missed(), 0u);
  EXPECT_TRUE(test::Eventually([&] { return news.Subscribers() == 1; }));
}

TEST_P(BroadcastSockets, ASlowSubscriberSkipsEventsByPolicy) {
  Broadcaster news({.events_max = 8, .slow = Slow::kSkip});
  http::ServeMux mux;
  mux.Handle("/news", news);
  engine::Engine engine(mux, test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  WirePeer slow = Subscribe(server.Address());
  FloodPast(news);
  ASSERT_FALSE(news.Publish({.data = "last"}));
  std::vector<std::string> seen;
  while (seen.empty() || seen.back() != "last") {
    const std::vector<std::string> more = Data(ReadEvents(slow, 1));
    ASSERT_FALSE(more.empty());
    seen.insert(seen.end(), more.begin(), more.end());
  }
  EXPECT_LT(seen.size(), 401u);
  EXPECT_EQ(seen.size() + news.Missed(), 401u);
}

TEST_P(BroadcastSockets, HeartbeatsGoOnWhileNothingHappens) {
  Broadcaster news({.writer = {.heartbeat = 10ms}});
  http::ServeMux mux;
  mux.Handle("/news", news);
  engine::Engine engine(mux, engine::WithRequestTimeout(50ms), test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  WirePeer peer = Subscribe(server.Address());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(peer.Read(9), "4\r\n: \n\n\r\n");
  ASSERT_FALSE(news.Publish({.data = "something"}));
  EXPECT_THAT(Data(ReadEvents(peer, 1)), ElementsAre("something"));
}

TEST_P(BroadcastSockets, EndsWithTheClientTheServerAndItself) {
  Broadcaster news;
  http::ServeMux mux;
  mux.Handle("/news", news);
  engine::Engine engine(mux, test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  WirePeer leaves = Subscribe(server.Address());
  leaves.Close();
  EXPECT_TRUE(test::Eventually([&] { return news.Subscribers() == 0; }));
  WirePeer stays = Subscribe(server.Address());
  const auto grace = appcontext::WithTimeout(appcontext::Background(), 20s);
  EXPECT_FALSE(server.Get().Shutdown(grace.context));
  EXPECT_EQ(stays.ReadAll(), "0\r\n\r\n");
  EXPECT_EQ(news.Subscribers(), 0u);

  test::TestServer other(engine, GetParam());
  WirePeer last = Subscribe(other.Address());
  ASSERT_FALSE(news.Publish({.data = "goodbye"}));
  news.Close();
  EXPECT_THAT(Data(ReadEvents(last, 2)), ElementsAre("goodbye"));
}

// As an EventSource: the last id is the value of the next request's Last-Event-ID.
TEST_P(BroadcastSockets, EveryIdThatIsTakenComesBack) {
  std::vector<std::string> ids = {" a", "a ", "\ta", "a\t", "a b", "a\tb", " ", "\xFF", "\xC3\xA4"};
  for (int byte = 1; byte < 0x100; ++byte) {
    ids.push_back(std::string("a") + static_cast<char>(byte) + "b");
  }
  Broadcaster news({.events_max = 2});
  http::ServeMux mux;
  mux.Handle("/news", news);
  engine::Engine engine(mux, test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  WirePeer peer = Subscribe(server.Address());
  int taken = 0;
  for (const std::string& id : ids) {
    if (news.Publish({.data = "seen", .id = id})) continue;
    ++taken;
    const EventReader reader = ReadEvents(peer, 1);
    ASSERT_THAT(Data(reader), ElementsAre("seen"));
    EXPECT_EQ(reader.LastEventId(), id);
    ASSERT_FALSE(news.Publish({.data = "missed", .id = "m"}));
    ReadEvents(peer, 1);
    WirePeer again = Subscribe(server.Address(), "Last-Event-ID: " + reader.LastEventId() + "\r\n");
    EXPECT_THAT(Data(ReadEvents(again, 1)), ElementsAre("missed")) << testing::PrintToString(id);
  }
  EXPECT_EQ(taken, 0x80 - 0x20 - 1 + 4);  // the visible characters, space, tab, and an umlaut
}

// The request reaches its socket before the broadcast begins, and is answered after a few steps.
// One loop alone, which no handler holds by the watchdog's measure.
TEST_P(BroadcastSockets, ARequestIsServedBetweenTheStepsOfABroadcast) {
  constexpr size_t kReceivers = 10 * kStreamsPerTurnMax;
  Broadcaster news;
  std::vector<WirePeer> peers;
  std::atomic<netpoll::Loop*> loop{nullptr};
  std::atomic<size_t> before{0};  // receivers that had the event when the request was served
  http::ServeMux mux;
  mux.Handle("/news", news);
  mux.HandleFunc("/", [&](http::ResponseWriter&, http::Request&) {
    if (loop.exchange(netpoll::Loop::Current()) == nullptr) return;
    before = static_cast<size_t>(std::count_if(
        peers.begin(), peers.end(), [](const WirePeer& peer) { return peer.HasUnread(); }));
  });
  engine::Engine engine(mux, engine::WithPlacement(engine::kInline),
                        engine::WithStallTime(kUnlimited));
  test::TestServer server(engine, GetParam());
  while (peers.size() < kReceivers) peers.push_back(Subscribe(server.Address()));
  WirePeer quick(server.Address());
  ASSERT_TRUE(quick.Send(test::kGet));
  ASSERT_EQ(quick.ReadAnswer().status, 200);
  std::promise<bool> begun;
  loop.load()->Post([&] {
    const bool sent = quick.Send(test::kGet);
    begun.set_value(sent && !news.Publish({.data = "news"}));
  });
  ASSERT_TRUE(begun.get_future().get());
  ASSERT_EQ(quick.ReadAnswer().status, 200);
  EXPECT_LE(before, 4 * kStreamsPerTurnMax);
  for (WirePeer& peer : peers) ASSERT_THAT(Data(ReadEvents(peer, 1)), ElementsAre("news"));
}

HON_INSTANTIATE_BACKENDS(BroadcastSockets);

}  // namespace
}  // namespace hon::sse
