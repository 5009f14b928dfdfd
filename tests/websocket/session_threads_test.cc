// The use of a connection by its loop and by other threads.

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <thread>

#include "websocket/server_fixture.h"
#include "websocket/session.h"

namespace hon::websocket {
namespace {

using namespace std::chrono_literals;
using test::WsPeer;

class ThreadsTest : public test::ServerTest {
 protected:
  /// Upgrades at /inline, whose handlers run on the connection's loop.
  void ServeInline(std::function<void(Conn&)> body) {
    upgrader_ = std::make_unique<Upgrader>();
    mux_.Handle("/inline", engine::Place(engine::kInline,
                                         [this, body](http::ResponseWriter& w, http::Request& r) {
                                           auto conn = upgrader_->Upgrade(w, r);
                                           if (conn) body(*conn);
                                         }));
    Start();
  }
};

class Echo final : public ConnHandler {
 public:
  void OnOpen(Conn& conn) override { opened.set_value(conn); }
  void OnMessage(Conn& conn, MessageType type, std::string_view data) override {
    EXPECT_FALSE(conn.WriteMessage(type, data));
  }
  std::promise<Conn> opened;
};

// Another thread holds the mutex that the loop would have to take.
void ExpectEchoesWithoutALock(WsPeer& peer, const Conn& conn) {
  const std::lock_guard lock(conn.GetSession()->GetOutbox().mutex);
  const std::string large(100'000, 'l');
  for (int i = 0; i < 3; ++i) {
    peer.wire.Send(test::Text("small") + test::Binary(large));
    EXPECT_EQ(peer.ReadAnswer(), "text:small");
    EXPECT_EQ(peer.ReadAnswer(), "binary:" + large);
    peer.wire.Send(test::Ping("p"));
    EXPECT_EQ(peer.ReadAnswer(), "pong:p");
  }
}

TEST_P(ThreadsTest, EventsAreServedWithoutALock) {
  const auto echo = std::make_shared<Echo>();
  ServeEvents({}, echo);
  WsPeer peer(Address(), "/ws");
  ExpectEchoesWithoutALock(peer, echo->opened.get_future().get());
}

TEST_P(ThreadsTest, AFiberOfTheLoopReadsAndWritesWithoutALock) {
  std::promise<Conn> opened;
  ServeInline([&](Conn& conn) {
    opened.set_value(conn);
    test::EchoAll(conn);
  });
  WsPeer peer(Address(), "/inline");
  const Conn conn = opened.get_future().get();
  peer.wire.Send(test::Text("first"));
  EXPECT_EQ(peer.ReadAnswer(), "text:first");
  ExpectEchoesWithoutALock(peer, conn);
}

// Messages of many threads, some in parts: each is whole, each thread's in order.
TEST_P(ThreadsTest, MessagesOfAllThreadsAreWholeAndInOrder) {
  constexpr int kThreads = 4;
  constexpr int kEach = 100;
  for (const bool deflate : {false, true}) {
    SCOPED_TRACE(deflate);
    UpgraderOptions options;
    options.conn.deflate = {.enabled = deflate, .threshold_bytes = 8, .send_takeover = deflate};
    Upgrader upgrader(options);
    http::ServeMux mux;
    const auto echo = std::make_shared<Echo>();
    mux.HandleFunc("/ws", [&](http::ResponseWriter& w, http::Request& r) {
      EXPECT_FALSE(upgrader.Upgrade(w, r, echo));
    });
    engine::Engine engine(mux, hon::test::SuitePlacement());
    hon::test::TestServer server(engine, GetParam());
    WsPeer peer(server.Address(), "/ws", deflate ? test::kOfferDeflate : "");
    Conn conn = echo->opened.get_future().get();
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([conn, t]() mutable {
        for (int i = 0; i < kEach; ++i) {
          const std::string text = std::to_string(t) + " " + std::to_string(i) + " message";
          if ((i + t) % 3 != 0) {
            EXPECT_FALSE(conn.WriteText(text));
            continue;
          }
          auto parts = conn.NextWriter(MessageType::kText);
          ASSERT_TRUE(parts);
          for (const char c : text) EXPECT_FALSE(parts->Write({&c, 1}).err);
          EXPECT_FALSE(parts->Close());
        }
      });
    }
    std::vector<int> next(kThreads, 0);
    for (int i = 0; i < kThreads * kEach; ++i) {
      const std::string got = peer.ReadAnswer();
      ASSERT_TRUE(got.starts_with("text:")) << got;
      const size_t from = static_cast<size_t>(got[5] - '0');
      ASSERT_LT(from, next.size()) << got;
      EXPECT_EQ(got,
                "text:" + std::to_string(from) + " " + std::to_string(next[from]++) + " message");
    }
    for (std::thread& thread : threads) thread.join();
  }
}

// RFC 6455 §5.5.1: no data after a close frame, for any senders.
TEST_P(ThreadsTest, NothingFollowsTheCloseFrameOfAnotherThread) {
  for (int round = 0; round < 20; ++round) {
    const auto echo = std::make_shared<Echo>();
    UpgraderOptions options;
    options.conn.close_timeout = 60s;  // all that was written leaves before the close frame
    Upgrader upgrader(options);
    http::ServeMux mux;
    mux.HandleFunc("/ws", [&](http::ResponseWriter& w, http::Request& r) {
      EXPECT_FALSE(upgrader.Upgrade(w, r, echo));
    });
    engine::Engine engine(mux, hon::test::SuitePlacement());
    hon::test::TestServer server(engine, GetParam());
    WsPeer peer(server.Address(), "/ws");
    Conn conn = echo->opened.get_future().get();
    std::thread writer([conn]() mutable {
      while (!conn.WriteText("data")) {
      }
    });
    std::thread closer([conn, round]() mutable {
      std::this_thread::sleep_for(round * 100us);
      EXPECT_FALSE(conn.Close(4001, "enough"));
      EXPECT_TRUE(conn.WriteText("late").Is(ErrClosed));
      EXPECT_TRUE(conn.Close().Is(ErrClosed));
    });
    std::string got;
    while ((got = peer.ReadAnswer()) == "text:data") {
    }
    EXPECT_EQ(got, "close:4001");
    peer.wire.Send(test::Close(4001));
    EXPECT_EQ(peer.ReadAnswer(), "end");
    writer.join();
    closer.join();
    EXPECT_FALSE(conn.Wait());
    EXPECT_EQ(conn.Status().code, 4001);
  }
}

// A reader whose context ends loses no received message.
TEST_P(ThreadsTest, ARestOfAMessageGoesToTheNextReader) {
  std::promise<std::string> second;
  const auto body = [&](Conn& conn) {
    const auto [context, cancel] = appcontext::WithTimeout(appcontext::Background(), 50ms);
    fiber::SetContext(&context);
    std::string text;
    EXPECT_TRUE(conn.ReadMessage(text).error().Is(appcontext::ErrDeadlineExceeded));
    const appcontext::Context none = appcontext::Background();
    fiber::SetContext(&none);
    EXPECT_FALSE(conn.WriteText("half is here"));
    const auto message = conn.ReadMessage();
    second.set_value(message ? message->data : "?");
    fiber::SetContext(nullptr);
  };
  Serve({}, body);
  WsPeer peer(Address(), "/ws");
  const std::string whole = test::Text("one message");
  peer.wire.Send(whole.substr(0, whole.size() - 4));
  EXPECT_EQ(peer.ReadAnswer(), "text:half is here");
  peer.wire.Send(whole.substr(whole.size() - 4));
  EXPECT_EQ(second.get_future().get(), "one message");
}

HON_INSTANTIATE_BACKENDS(ThreadsTest);

}  // namespace
}  // namespace hon::websocket
