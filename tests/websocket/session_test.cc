// The calls of a connection, with slow, silent and misbehaving peers.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "websocket/server_fixture.h"

namespace hon::websocket {
namespace {

using namespace std::chrono_literals;
using test::WsPeer;

class SessionTest : public test::ServerTest {
 protected:
  // A connection whose handler waits until the test ends it; the test uses the handle.
  Conn Take(UpgraderOptions options = {}) {
    auto taken = std::make_shared<std::promise<Conn>>();
    Serve(std::move(options), [taken](Conn& conn) {
      taken->set_value(conn);
      const Error err = conn.Wait();
      static_cast<void>(err);
    });
    peer_ = std::make_unique<WsPeer>(Address(), "/ws", more_);
    return taken->get_future().get();
  }
  void TearDown() override { peer_.reset(); }

  std::string more_;
  std::unique_ptr<WsPeer> peer_;
};

TEST_P(SessionTest, ThreadsWriteWholeMessagesInTheirOrder) {
  Conn conn = Take();
  constexpr int kThreads = 4;
  constexpr int kMessages = 300;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&conn, t] {
      for (int i = 0; i < kMessages; ++i) {
        const std::string text = std::to_string(t) + " " + std::to_string(i);
        if (i % 10 == 9) {
          auto writer = conn.NextWriter(MessageType::kText);
          ASSERT_TRUE(writer);
          ASSERT_FALSE(writer->Write(text.substr(0, 1)).err);
          ASSERT_FALSE(writer->Write(text.substr(1)).err);
          ASSERT_FALSE(writer->Close());
        } else {
          ASSERT_FALSE(conn.WriteText(text));
        }
      }
    });
  }
  int next[kThreads] = {};
  for (int i = 0; i < kThreads * kMessages; ++i) {
    const std::string got = peer_->ReadAnswer();
    ASSERT_TRUE(got.starts_with("text:")) << got;
    const int t = got[5] - '0';
    ASSERT_EQ(got, "text:" + std::to_string(t) + " " + std::to_string(next[t]++));
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(SessionTest, CloseIsAHandshake) {
  Conn conn = Take();
  const appcontext::Context context = conn.Context();
  EXPECT_TRUE(conn.Close(1005).Is(ErrBadMessage));
  EXPECT_TRUE(conn.Close(1000, std::string(124, 'x')).Is(ErrBadMessage));
  EXPECT_FALSE(conn.WriteText("last words"));
  EXPECT_FALSE(conn.Close(4001, "bye"));
  EXPECT_TRUE(conn.Close().Is(ErrClosed));
  EXPECT_TRUE(conn.WriteText("late").Is(ErrClosed));
  EXPECT_TRUE(conn.Ping().Is(ErrClosed));
  EXPECT_EQ(peer_->ReadAnswer(), "text:last words");
  EXPECT_EQ(peer_->ReadAnswer(), "close:4001");
  EXPECT_FALSE(context.Done());
  peer_->wire.Send(test::Text("on its way") + test::Close(4002, "so be it"));
  EXPECT_EQ(peer_->ReadAnswer(), "end");
  peer_->wire.Close();
  EXPECT_FALSE(conn.Wait());
  EXPECT_TRUE(Eventually([&] { return context.Done(); }));
  EXPECT_TRUE(context.Cause().Is(ErrClosed));
  EXPECT_EQ(conn.Status().code, 4002);
  EXPECT_EQ(conn.Status().reason, "so be it");
}

TEST_P(SessionTest, APeerThatDoesNotAnswerACloseIsCut) {
  UpgraderOptions options;
  options.conn.close_timeout = 50ms;
  Conn conn = Take(options);
  EXPECT_FALSE(conn.Close());
  EXPECT_FALSE(conn.Wait());
  EXPECT_EQ(peer_->ReadAnswer(), "close:1000");
  EXPECT_EQ(peer_->ReadAnswer(), "end");
}

TEST_P(SessionTest, WithoutAHandshakeTheStatusSaysSo) {
  Conn conn = Take();
  peer_->wire.Close();
  EXPECT_FALSE(conn.Wait());
  EXPECT_EQ(conn.Status().code, kCloseAbnormal);
}

TEST_P(SessionTest, AReaderGetsWhatCameBeforeTheEnd) {
  auto seen = std::make_shared<std::promise<std::string>>();
  Serve({}, [seen](Conn& conn) {
    std::string all;
    Error err;
    for (;;) {
      auto message = conn.ReadMessage();
      if (!message) {
        err = message.error();
        break;
      }
      all += message->data + ";";
      const Error slept = fiber::Sleep(5ms);
      static_cast<void>(slept);
    }
    EXPECT_TRUE(err.Is(ErrClosed));
    seen->set_value(all + err.Message());
  });
  WsPeer peer(Address(), "/ws");
  peer.wire.Send(test::Text("a") + test::Binary("b") + test::Close(4000, "done"));
  EXPECT_EQ(seen->get_future().get(), "a;b;websocket: closed: 4000 done");
}

// A reader that waits for the end of the connection answers no more.
TEST_P(SessionTest, AReaderThatWaitsHasAnswered) {
  UpgraderOptions options;
  options.conn.close_timeout = 10min;
  Serve(options, [](Conn& conn) {
    EXPECT_TRUE(conn.ReadMessage());
    EXPECT_FALSE(conn.WriteText("answer"));
    static_cast<void>(conn.Wait());  // the peer's leaving ends the handler's context, too
    EXPECT_EQ(conn.Status().code, 4000);
  });
  for (const bool before : {false, true}) {
    SCOPED_TRACE(before ? "closed before the answer" : "closed behind the answer");
    WsPeer peer(Address(), "/ws");
    peer.wire.Send(test::Text("question") + (before ? test::Close(4000) : ""));
    EXPECT_EQ(peer.ReadAnswer(), "text:answer");
    if (!before) peer.wire.Send(test::Close(4000));
    EXPECT_EQ(peer.ReadAnswer(), "close:4000");
    EXPECT_EQ(peer.ReadAnswer(), "end");
  }
}

TEST_P(SessionTest, ControlFramesAreAnsweredWhileNobodyReads) {
  Conn conn = Take();
  peer_->wire.Send(test::Ping("anybody?"));
  EXPECT_EQ(peer_->ReadAnswer(), "pong:anybody?");
  peer_->wire.Send(test::Close(1000));
  EXPECT_EQ(peer_->ReadAnswer(), "close:1000");
  EXPECT_FALSE(conn.Wait());
}

TEST_P(SessionTest, ThreadsCanRead) {
  Conn conn = Take();
  peer_->wire.Send(test::Text("to a thread") + test::Text(std::string(100'000, 'b')));
  auto message = conn.ReadMessage();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->data, "to a thread");
  auto reader = conn.NextReader();
  ASSERT_TRUE(reader);
  char byte;
  EXPECT_EQ(reader->Read({&byte, 1}).n, 1u);
  { const IncomingMessage dropped = std::move(*reader); }
  peer_->wire.Send(test::Text("the next"));
  message = conn.ReadMessage();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->data, "the next");
}

TEST_P(SessionTest, SilentPeersArePingedAndThenCut) {
  UpgraderOptions options;
  options.conn.ping_interval = 20ms;
  options.conn.pong_timeout = 100ms;
  Conn conn = Take(options);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(peer_->ReadAnswer(), "ping:");
    peer_->wire.Send(test::Pong(""));
  }
  EXPECT_FALSE(conn.Wait());  // without a pong
  EXPECT_EQ(conn.Status().code, kCloseAbnormal);
}

TEST_P(SessionTest, AWriterWaitsForASlowPeer) {
  UpgraderOptions options;
  options.conn.unsent_bytes_max = 100'000;
  std::atomic<int> written{0};
  Serve(options, [&](Conn& conn) {
    const std::string data(50'000, 'w');
    for (int i = 0; i < 400; ++i) {
      ASSERT_FALSE(conn.WriteBinary(data));
      EXPECT_LE(conn.Unsent(), 160'000u);
      ++written;
    }
  });
  WsPeer peer(Address(), "/ws");
  int before = -1;
  while (before != written) {
    before = written;
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_LT(written, 400);
  for (int i = 0; i < 400; ++i) ASSERT_EQ(peer.ReadAnswer().size(), 50'007u);
  EXPECT_EQ(peer.ReadAnswer(), "close:1000");
}

TEST_P(SessionTest, AThreadWaitsForASlowPeerToo) {
  UpgraderOptions options;
  options.conn.unsent_bytes_max = 100'000;
  Conn conn = Take(options);
  std::atomic<int> written{0};
  std::thread writer([&] {
    for (int i = 0; i < 400; ++i) {
      ASSERT_FALSE(conn.WriteBinary(std::string(50'000, 'w')));
      ++written;
    }
  });
  int before = -1;
  while (before != written) {
    before = written;
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_LT(written, 400);
  for (int i = 0; i < 400; ++i) ASSERT_EQ(peer_->ReadAnswer().size(), 50'007u);
  writer.join();
}

TEST_P(SessionTest, OrDropsOrClosesByPolicy) {
  for (const Slow slow : {Slow::kDrop, Slow::kClose}) {
    UpgraderOptions options;
    options.conn.unsent_bytes_max = 100'000;
    options.conn.slow = slow;
    auto outcome = std::make_shared<std::promise<bool>>();
    const std::string path = slow == Slow::kDrop ? "/drop" : "/close";
    const auto upgrader = std::make_shared<Upgrader>(options);
    mux_.HandleFunc(path, [=](http::ResponseWriter& w, http::Request& r) {
      auto conn = upgrader->Upgrade(w, r);
      ASSERT_TRUE(conn);
      Error err;
      for (int i = 0; i < 2000 && !err; ++i) err = conn->WriteBinary(std::string(50'000, 'w'));
      EXPECT_TRUE(err.Is(ErrBackpressure)) << err.Message();
      if (slow == Slow::kClose) {
        EXPECT_FALSE(conn->Wait());
      }
      outcome->set_value(conn->Context().Done());
    });
    if (server_ == nullptr) Start();
    WsPeer peer(Address(), path);
    EXPECT_EQ(outcome->get_future().get(), slow == Slow::kClose);
  }
}

TEST_P(SessionTest, APeerThatTakesNothingIsCut) {
  UpgraderOptions options;
  options.conn.unsent_bytes_max = 100'000;
  options.conn.write_timeout = 200ms;
  auto outcome = std::make_shared<std::promise<Error>>();
  Serve(options, [outcome](Conn& conn) {
    Error err;
    while (!err) err = conn.WriteBinary(std::string(50'000, 'w'));
    outcome->set_value(err);
  });
  WsPeer peer(Address(), "/ws");
  EXPECT_TRUE(outcome->get_future().get().Is(ErrClosed));
}

TEST_P(SessionTest, TextsAreCheckedOnTheWayOutToo) {
  Conn conn = Take();
  EXPECT_TRUE(conn.WriteText("\xFF").Is(ErrBadMessage));
  EXPECT_TRUE(conn.Ping(std::string(126, 'p')).Is(ErrBadMessage));
  {
    auto writer = conn.NextWriter(MessageType::kText);
    ASSERT_TRUE(writer);
    EXPECT_FALSE(writer->Write("\xE2\x82").err);
    EXPECT_FALSE(writer->Write("\xAC").err);
    EXPECT_FALSE(writer->Close());
    EXPECT_TRUE(writer->Close().Is(ErrClosed));
  }
  EXPECT_EQ(peer_->ReadAnswer(), "text:\xE2\x82\xAC");
  { auto half = conn.NextWriter(MessageType::kText); }
  EXPECT_EQ(peer_->ReadAnswer(), "close:1011");
}

TEST_P(SessionTest, StreamsCanBeCompressed) {
  UpgraderOptions options;
  options.conn.deflate.enabled = true;
  options.conn.deflate.send_takeover = true;
  more_ = test::kOfferDeflate;
  Conn conn = Take(options);
  std::string all;
  for (int message = 0; message < 3; ++message) {
    all.clear();
    auto writer = conn.NextWriter(MessageType::kText);
    ASSERT_TRUE(writer);
    for (int i = 0; i < 200; ++i) {
      const std::string part = "part " + std::to_string(i * message) + "\n";
      ASSERT_FALSE(writer->Write(part).err);
      all += part;
    }
    ASSERT_FALSE(writer->Close());
    ASSERT_EQ(peer_->ReadAnswer(), "text:" + all);
    ASSERT_FALSE(conn.WriteText(all));
    ASSERT_EQ(peer_->ReadAnswer(), "text:" + all);
  }
}

TEST_P(SessionTest, APeerThatOnlySendsNoMoreStillGetsItsAnswer) {
  Serve({}, [](Conn& conn) {
    while (auto message = conn.ReadMessage()) {
      EXPECT_FALSE(fiber::Sleep(100ms));
      EXPECT_FALSE(conn.WriteMessage(message->type, message->data));
    }
    EXPECT_EQ(conn.Status().code, kCloseAbnormal);
  });
  WsPeer peer(Address(), "/ws");
  peer.wire.Send(test::Text("first") + test::Text("second"));
  peer.wire.EndSending();
  EXPECT_EQ(peer.ReadAnswer(), "text:first");
  EXPECT_EQ(peer.ReadAnswer(), "text:second");
  EXPECT_EQ(peer.ReadAnswer(), "end");
}

TEST_P(SessionTest, DataIsKept) {
  Conn conn = Take();
  conn.SetData(std::make_shared<int>(7));
  const Conn same = conn;
  EXPECT_TRUE(same == conn);
  EXPECT_EQ(*static_cast<int*>(same.Data().get()), 7);
}

// A client that sends requests and reads no answers: its further input is not read.
class BigAnswers final : public ConnHandler {
 public:
  void OnMessage(Conn& conn, MessageType type, std::string_view) override {
    ++answered;
    EXPECT_FALSE(conn.WriteMessage(type, std::string(20'000, 'a')));
    most = std::max<size_t>(most, conn.Unsent());
  }
  std::atomic<int> answered{0};
  std::atomic<size_t> most{0};
};

TEST_P(SessionTest, EventsStopWhileThePeerTakesNothing) {
  const auto events = std::make_shared<BigAnswers>();
  ServeEvents({}, events);
  WsPeer peer(Address(), "/ws");
  std::string asks;
  for (int i = 0; i < 1000; ++i) asks += test::Text("more");
  peer.wire.Send(asks);
  int before = -1;
  while (before != events->answered) {
    before = events->answered;
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_LT(events->answered, 1000);
  EXPECT_LT(events->most, 300'000u);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(peer.ReadAnswer().size(), 20'005u);
}

// The number of frames of a burst that were served before a task that was posted at the first
// frame.
struct FirstTurn {
  std::atomic<uint32_t> frames{0};
  std::atomic<uint32_t> when_others_ran{0};

  void OnFrame() {
    netpoll::Loop* const loop = netpoll::Loop::Current();  // null on a worker
    if (frames++ != 0 || loop == nullptr) return;
    loop->Post([this] { when_others_ran = frames.load(); });
  }
};

class CountsPings final : public ConnHandler {
 public:
  void OnMessage(Conn&, MessageType, std::string_view) override {}
  void OnPing(Conn&, std::string_view) override { turn.OnFrame(); }
  FirstTurn turn;
};

constexpr uint32_t kBurst = 1000;

TEST_P(SessionTest, PingsAreServedAFewInATurn) {
  const auto events = std::make_shared<CountsPings>();
  ServeEvents({}, events);
  WsPeer peer(Address(), "/ws");
  std::string pings;
  for (uint32_t i = 0; i < kBurst; ++i) pings += test::Frame("", {.opcode = 9});
  peer.wire.Send(pings);
  for (uint32_t i = 0; i < kBurst; ++i) ASSERT_EQ(peer.ReadAnswer(), "pong:");
  EXPECT_LE(events->turn.when_others_ran, kFramesPerTurnMax);
}

TEST_P(SessionTest, MessagesAreReadAFewInATurn) {
  FirstTurn turn;
  Serve({}, [&turn](Conn& conn) {
    while (auto message = conn.ReadMessage()) {
      for (size_t i = 0; i < message->data.size(); ++i) turn.OnFrame();
    }
  });
  WsPeer peer(Address(), "/ws");
  std::string frames;
  for (uint32_t i = 0; i < kBurst; ++i) frames += test::Text("x");
  peer.wire.Send(frames);
  ASSERT_TRUE(Eventually([&] { return turn.frames == kBurst; }));
  // A worker has turns of its own, in which it may find all that the loop has passed on.
  EXPECT_LE(turn.when_others_ran, hon::test::SuiteIsOnWorkers() ? kBurst - 1 : kFramesPerTurnMax);
}

TEST_P(SessionTest, AMessageOfManyFragmentsArrivesWhole) {
  Serve({}, test::EchoAll);
  WsPeer peer(Address(), "/ws");
  std::string frames = test::Frame("x", {.final = false});
  for (uint32_t i = 0; i < kBurst; ++i) frames += test::Frame("x", {.opcode = 0, .final = false});
  frames += test::Frame("", {.opcode = 0});
  peer.wire.Send(frames + test::Close(1000, ""));
  EXPECT_EQ(peer.ReadAnswer(), "text:" + std::string(kBurst + 1, 'x'));
  EXPECT_EQ(peer.ReadAnswer(), "close:1000");
}

HON_INSTANTIATE_BACKENDS(SessionTest);

}  // namespace
}  // namespace hon::websocket
