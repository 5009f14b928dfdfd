#include "hon/websocket/hub.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <mutex>

#include "hon/websocket/dial.h"
#include "websocket/server_fixture.h"

namespace hon::websocket {
namespace {

using namespace std::chrono_literals;
using test::WsPeer;

class Joins final : public ConnHandler {
 public:
  explicit Joins(Hub hub) : hub_(std::move(hub)) {}
  void OnOpen(Conn& conn) override {
    hub_.Subscribe(conn, "all");
    hub_.Subscribe(conn, "all");
  }
  void OnMessage(Conn& conn, MessageType, std::string_view data) override {
    if (data == "leave") return hub_.Unsubscribe(conn, "all");
    EXPECT_FALSE(hub_.Publish("all", MessageType::kText, data));
  }

 private:
  Hub hub_;
};

class HubTest : public test::ServerTest {
 protected:
  void Join(UpgraderOptions options) {
    ServeEvents(std::move(options), std::make_shared<Joins>(hub_));
  }
  bool Joined(size_t count) {
    return Eventually([&] { return hub_.Subscribers("all") == count; });
  }
  Hub hub_;
};

TEST_P(HubTest, EverybodyGetsEverythingInOrder) {
  UpgraderOptions options;
  options.conn.deflate.enabled = true;
  options.conn.deflate.threshold_bytes = 100;
  options.conn.deflate.send_takeover = true;
  Join(options);
  std::vector<std::unique_ptr<WsPeer>> peers;
  for (int i = 0; i < 12; ++i) {
    const std::string offer = i % 3 == 0   ? std::string()
                              : i % 3 == 1 ? std::string(test::kOfferDeflate)
                                           : "Sec-WebSocket-Extensions: permessage-deflate; "
                                             "server_max_window_bits=10\r\n";
    peers.push_back(std::make_unique<WsPeer>(Address(), "/ws", offer));
  }
  ASSERT_TRUE(Joined(12));
  std::vector<std::string> sent;
  for (int i = 0; i < 40; ++i) {
    sent.push_back(std::to_string(i) + std::string(static_cast<size_t>(i * i * 5), 'x'));
    ASSERT_FALSE(hub_.Publish("all", MessageType::kText, sent.back()));
  }
  for (auto& peer : peers) {
    for (const std::string& text : sent) ASSERT_EQ(peer->ReadAnswer(), "text:" + text);
  }
  // Messages of the connection itself between the shared ones, with context takeover.
  peers[1]->wire.Send(test::Text(sent[20]) + test::Text(sent[20]));
  for (auto& peer : peers) {
    ASSERT_EQ(peer->ReadAnswer(), "text:" + sent[20]);
    ASSERT_EQ(peer->ReadAnswer(), "text:" + sent[20]);
  }
  EXPECT_TRUE(hub_.Publish("all", MessageType::kText, "\xFF").Is(ErrBadMessage));
  EXPECT_FALSE(hub_.Publish("nobody's", MessageType::kText, "x"));
}

TEST_P(HubTest, WhoLeavesGetsNothingMore) {
  Join({});
  WsPeer stays(Address(), "/ws");
  WsPeer leaves(Address(), "/ws");
  auto goes = std::make_unique<WsPeer>(Address(), "/ws");
  ASSERT_TRUE(Joined(3));
  leaves.wire.Send(test::Text("leave"));
  ASSERT_TRUE(Joined(2));
  goes.reset();
  ASSERT_TRUE(Joined(1));
  ASSERT_FALSE(hub_.Publish("all", MessageType::kBinary, "b"));
  EXPECT_EQ(stays.ReadAnswer(), "binary:b");
  leaves.wire.Send(test::Ping("p"));
  EXPECT_EQ(leaves.ReadAnswer(), "pong:p");
}

TEST_P(HubTest, ASlowReceiverHoldsUpNobody) {
  UpgraderOptions options;
  options.conn.unsent_bytes_max = 200'000;
  Join(options);
  WsPeer quick(Address(), "/ws");
  WsPeer slow(Address(), "/ws");
  ASSERT_TRUE(Joined(2));
  const std::string data(50'000, 'd');
  for (int i = 0; i < 400; ++i) {
    ASSERT_FALSE(hub_.Publish("all", MessageType::kBinary, data));
    ASSERT_EQ(quick.ReadAnswer().size(), data.size() + 7);
  }
  // The slow receiver has missed some messages, and the others are whole.
  int got = 0;
  while (slow.ReadAnswer().size() == data.size() + 7) {
    // Not answered as long as too much is unsent.
    if (++got > 3) slow.wire.Send(test::Ping("end"));
  }
  EXPECT_GT(got, 3);
  EXPECT_LT(got, 400);
}

TEST_P(HubTest, OrASlowReceiverIsCut) {
  UpgraderOptions options;
  options.conn.unsent_bytes_max = 200'000;
  options.conn.slow = Slow::kClose;
  Join(options);
  WsPeer slow(Address(), "/ws");
  ASSERT_TRUE(Joined(1));
  for (int i = 0; i < 4000 && hub_.Subscribers("all") != 0; ++i) {
    ASSERT_FALSE(hub_.Publish("all", MessageType::kBinary, std::string(50'000, 'd')));
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(hub_.Subscribers("all"), 0u);
}

HON_INSTANTIATE_BACKENDS(HubTest);

class DialTest : public test::ServerTest {};

TEST_P(DialTest, AClientTalksToAServer) {
  UpgraderOptions options;
  options.subprotocols = {"chat"};
  options.conn.deflate = {
      .enabled = true, .threshold_bytes = 50, .send_takeover = true, .receive_takeover = true};
  Serve(options, test::EchoAll);
  for (const bool deflate : {false, true}) {
    test::OnFiber(GetParam(), [&] {
      DialOptions dial;
      dial.subprotocols = {"other", "chat"};
      dial.conn.deflate = {.enabled = deflate,
                           .threshold_bytes = 50,
                           .send_window_bits = 11,
                           .receive_window_bits = 10,
                           .send_takeover = true,
                           .receive_takeover = true};
      auto conn = Dial("ws://" + Address() + "/ws?x=1", dial);
      ASSERT_TRUE(conn) << conn.error().Message();
      EXPECT_EQ(conn->Subprotocol(), "chat");
      EXPECT_EQ(conn->Compressed(), deflate);
      for (const size_t size : {0UL, 1UL, 100UL, 70'000UL, 1'000'000UL}) {
        std::string text;
        while (text.size() < size) text += std::to_string(text.size() * 7);
        text.resize(size);
        ASSERT_FALSE(conn->WriteText(text));
        auto message = conn->ReadMessage();
        ASSERT_TRUE(message);
        ASSERT_EQ(message->data, text);
      }
      EXPECT_FALSE(conn->Close(4000, "enough"));
      EXPECT_FALSE(conn->Wait());
      EXPECT_EQ(conn->Status().code, 4000);
    });
  }
}

TEST_P(DialTest, WhatIsNoWebSocket) {
  Serve({}, test::EchoAll);
  test::OnFiber(GetParam(), [&] {
    EXPECT_TRUE(Dial("ws://" + Address() + "/none").error().Is(ErrBadHandshake));
    // A server without TLS answers the handshake with plaintext.
    const Error plain = Dial("wss://" + Address() + "/ws").error();
    EXPECT_TRUE(plain) << plain.Message();
    EXPECT_NE(Dial("ws://me:secret@" + Address() + "/ws").error().Message().find("Authorization"),
              std::string::npos);
    EXPECT_TRUE(Dial("http://" + Address() + "/ws").error().Is(http::ErrNotSupported));
    DialOptions foreign;
    foreign.header = {{"Origin", "http://evil.example"}};
    EXPECT_TRUE(Dial("ws://" + Address() + "/ws", foreign).error().Is(ErrBadHandshake));
  });
}

// Publishes on the loop that has the most receivers, and counts those that this loop serves before
// a task that was posted after the message. A loop that is held gives connections to another one.
class BroadcastsInSteps final : public ConnHandler {
 public:
  explicit BroadcastsInSteps(Hub hub) : hub_(std::move(hub)) {}
  void OnOpen(Conn& conn) override {
    {
      std::lock_guard lock(mutex_);
      conns_[netpoll::Loop::Current()].push_back(conn);
    }
    hub_.Subscribe(conn, "all");
  }
  void OnMessage(Conn&, MessageType, std::string_view) override {}
  // Once every connection is open.
  void Publish() {
    const auto less = [](const auto& a, const auto& b) {
      return a.second.size() < b.second.size();
    };
    const auto& [loop, conns] = *std::max_element(conns_.begin(), conns_.end(), less);
    loop->Post([this, loop = loop, &conns = conns] { PublishOn(*loop, conns); });
  }
  void Forget() { conns_.clear(); }
  std::atomic<size_t> served_first{0};

 private:
  static size_t WithUnsent(const std::vector<Conn>& conns) {
    const auto unsent = [](const Conn& conn) { return conn.Unsent() != 0; };
    return static_cast<size_t>(std::count_if(conns.begin(), conns.end(), unsent));
  }

  // Waits for the completions of all earlier sends: a receiver may have read the answer to its
  // handshake before the loop hears that it was sent.
  void PublishOn(netpoll::Loop& loop, const std::vector<Conn>& conns) {
    if (WithUnsent(conns) != 0) {
      loop.Post([this, &loop, &conns] { PublishOn(loop, conns); });
      return;
    }
    EXPECT_FALSE(hub_.Publish("all", MessageType::kText, "one"));
    loop.Post([this, &conns] { served_first = WithUnsent(conns); });
    EXPECT_FALSE(hub_.Publish("all", MessageType::kText, "two"));
  }

  Hub hub_;
  std::mutex mutex_;
  std::map<netpoll::Loop*, std::vector<Conn>> conns_;
};

TEST_P(HubTest, ABroadcastIsMadeInSteps) {
  constexpr size_t kReceivers = 2 * kReceiversPerTurnMax + 10;
  const auto events = std::make_shared<BroadcastsInSteps>(hub_);
  ServeEvents({}, events);
  std::vector<std::unique_ptr<WsPeer>> peers;
  while (peers.size() < kReceivers) peers.push_back(std::make_unique<WsPeer>(Address(), "/ws"));
  ASSERT_TRUE(Joined(kReceivers));
  events->Publish();
  for (const auto& peer : peers) {
    ASSERT_EQ(peer->ReadAnswer(), "text:one");
    ASSERT_EQ(peer->ReadAnswer(), "text:two");
  }
  EXPECT_EQ(events->served_first, kReceiversPerTurnMax);
  for (const auto& peer : peers) peer->wire.Send(test::Close(1000));
  for (const auto& peer : peers) ASSERT_EQ(peer->ReadAnswer(), "close:1000");
  events->Forget();
}

// One loop alone, which no handler holds by the watchdog's measure.
class OneLoopTest : public test::ServerTest {
 protected:
  OneLoopTest()
      : ServerTest(engine::WithPlacement(engine::kInline), engine::WithStallTime(kUnlimited)) {}
};

// The request reaches its socket before the broadcast begins, and is answered after a few steps.
TEST_P(OneLoopTest, ARequestIsServedBetweenTheStepsOfABroadcast) {
  constexpr size_t kReceivers = 10 * kReceiversPerTurnMax;
  Hub hub;
  std::vector<std::unique_ptr<WsPeer>> peers;
  std::atomic<netpoll::Loop*> loop{nullptr};
  std::atomic<size_t> before{0};  // receivers that had the message when the request was served
  mux_.HandleFunc("/", [&](http::ResponseWriter&, http::Request&) {
    if (loop.exchange(netpoll::Loop::Current()) == nullptr) return;
    before = static_cast<size_t>(std::count_if(
        peers.begin(), peers.end(), [](const auto& peer) { return peer->wire.HasUnread(); }));
  });
  ServeEvents({}, std::make_shared<Joins>(hub));
  while (peers.size() < kReceivers) peers.push_back(std::make_unique<WsPeer>(Address(), "/ws"));
  ASSERT_TRUE(Eventually([&] { return hub.Subscribers("all") == kReceivers; }));
  hon::test::WirePeer quick(Address());
  ASSERT_TRUE(quick.Send(hon::test::kGet));
  ASSERT_EQ(quick.ReadAnswer().status, 200);
  std::promise<bool> begun;
  loop.load()->Post([&] {
    const bool sent = quick.Send(hon::test::kGet);
    begun.set_value(sent && !hub.Publish("all", MessageType::kText, "news"));
  });
  ASSERT_TRUE(begun.get_future().get());
  ASSERT_EQ(quick.ReadAnswer().status, 200);
  EXPECT_LE(before, 4 * kReceiversPerTurnMax);
  for (const auto& peer : peers) ASSERT_EQ(peer->ReadAnswer(), "text:news");
}

HON_INSTANTIATE_BACKENDS(OneLoopTest);

HON_INSTANTIATE_BACKENDS(DialTest);

}  // namespace
}  // namespace hon::websocket
