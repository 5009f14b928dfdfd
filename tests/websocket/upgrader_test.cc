// The opening handshake over the wire, and connections at the end of their server.

#include "hon/websocket/upgrader.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "hon/fiber/fiber.h"
#include "hon/http/server_context.h"
#include "hon/http/timeout_handler.h"
#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"
#include "websocket/server_fixture.h"

namespace hon::websocket {
namespace {

using namespace std::chrono_literals;
using test::WsPeer;

class UpgraderTest : public test::ServerTest {};

TEST_P(UpgraderTest, SubprotocolAndExtensionsAreNegotiated) {
  UpgraderOptions options;
  options.subprotocols = {"two", "one"};
  options.header = {{"X-Always", "yes"}, {"Connection", "close"}};
  options.conn.deflate.enabled = true;
  upgrader_ = std::make_unique<Upgrader>(options);
  std::promise<std::string> told;
  mux_.HandleFunc("/ws", [&](http::ResponseWriter& w, http::Request& r) {
    w.Header().Set("Set-Cookie", "a=b");
    w.Header().Set("Content-Length", "5");
    auto conn = upgrader_->Upgrade(w, r);
    ASSERT_TRUE(conn);
    told.set_value(std::string(conn->Subprotocol()) +
                   (conn->Compressed() ? " packed " : " plain ") +
                   std::string(conn->RemoteAddr().substr(0, 10)));
  });
  Start();
  WsPeer peer(Address(), "/ws",
              "Sec-WebSocket-Protocol: one\r\n" + std::string(test::kOfferDeflate) +
                  "Origin: http://example.com\r\n");
  EXPECT_EQ(peer.answer.status, 101);
  EXPECT_EQ(peer.answer.Get("Upgrade"), "websocket");
  EXPECT_EQ(peer.answer.Get("Connection"), "Upgrade");
  EXPECT_EQ(peer.answer.Get("Sec-WebSocket-Accept"), test::kSampleAccept);
  EXPECT_EQ(peer.answer.Get("Sec-WebSocket-Protocol"), "one");
  EXPECT_EQ(peer.answer.Get("Set-Cookie"), "a=b");
  EXPECT_EQ(peer.answer.Get("X-Always"), "yes");
  EXPECT_FALSE(peer.answer.Has("Content-Length"));
  EXPECT_EQ(told.get_future().get(), "one packed 127.0.0.1:");
  EXPECT_EQ(peer.ReadAnswer(), "close:1000");
}

TEST_P(UpgraderTest, InvalidHandshakesAreRefused) {
  Serve({}, test::EchoAll);
  const auto ask = [&](std::string request) {
    hon::test::WirePeer peer(Address());
    peer.Send(request);
    return peer.ReadAnswer();
  };
  std::string request = test::UpgradeRequest("/ws", "Origin: http://evil.example\r\n");
  EXPECT_EQ(ask(request).status, 403);
  request = test::UpgradeRequest();
  request.replace(request.find("13"), 2, "12");
  hon::test::Answer answer = ask(request);
  EXPECT_EQ(answer.status, 426);
  EXPECT_EQ(answer.Get("Sec-WebSocket-Version"), "13");
  answer = ask("POST /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.Get("Allow"), "GET");
  EXPECT_EQ(ask("GET /ws HTTP/1.1\r\nHost: a\r\n\r\n").status, 400);
  EXPECT_EQ(ask(test::UpgradeRequest("/ws", "Sec-WebSocket-Extensions: ;\r\n")).status, 400);
  // The connection goes on as HTTP.
  hon::test::WirePeer peer(Address());
  peer.Send("GET /ws HTTP/1.1\r\nHost: a\r\n\r\n" + test::UpgradeRequest());
  EXPECT_EQ(peer.ReadAnswer().status, 400);
  EXPECT_EQ(peer.ReadAnswer().status, 101);
}

TEST_P(UpgraderTest, TheOriginIsTheProgramsToJudge) {
  UpgraderOptions options;
  options.check_origin = [](const http::Request& r) {
    return r.Header.Get("Origin") == "http://friend.example";
  };
  Serve(options, test::EchoAll);
  EXPECT_EQ(WsPeer(Address(), "/ws", "Origin: http://friend.example\r\n").answer.status, 101);
  EXPECT_EQ(WsPeer(Address(), "/ws", "Origin: http://example.com\r\n").answer.status, 403);
  EXPECT_EQ(WsPeer(Address(), "/ws").answer.status, 403);
}

TEST_P(UpgraderTest, FramesThatComeWithTheRequestAreRead) {
  Serve({}, test::EchoAll);
  WsPeer peer(Address());
  peer.wire.Send(test::UpgradeRequest() + test::Text("early"));
  EXPECT_EQ(peer.wire.ReadAnswer().status, 101);
  EXPECT_EQ(peer.ReadAnswer(), "text:early");
}

TEST_P(UpgraderTest, TheLimitIsThereByDefault) {
  Serve({}, test::EchoAll);
  const std::string full(kMessageBytesMax, 'm');
  WsPeer good(Address(), "/ws");
  good.wire.Send(test::Binary(full));
  EXPECT_EQ(good.ReadAnswer(), "binary:" + full);
  WsPeer bad(Address(), "/ws");
  bad.wire.Send(test::Binary(full + "m"));
  EXPECT_EQ(bad.ReadAnswer(), "close:1009");
}

TEST_P(UpgraderTest, AtShutdownPeersGetGoingAway) {
  std::promise<std::string> reader;
  Serve({}, [&](Conn& conn) {
    const auto message = conn.ReadMessage();
    reader.set_value(message ? "message" : message.error().Is(ErrClosed) ? "closed" : "?");
  });
  WsPeer peer(Address(), "/ws");
  std::thread shutdown([&] {
    const auto [grace, cancel] = appcontext::WithTimeout(appcontext::Background(), 20s);
    EXPECT_FALSE(server_->Get().Shutdown(grace));
  });
  EXPECT_EQ(peer.ReadAnswer(), "close:1001");
  peer.wire.Send(test::Close(1001));
  EXPECT_EQ(peer.ReadAnswer(), "end");
  shutdown.join();
  EXPECT_EQ(reader.get_future().get(), "closed");
}

// The successor is a program that says at once that it serves.
TEST_P(UpgraderTest, WhereASuccessorServesPeersGetServiceRestart) {
  std::promise<Error> cause;
  mux_.HandleFunc("/waits", [&](http::ResponseWriter& w, http::Request& r) {
    w.Write("begun");
    static_cast<void>(w.Flush());
    const appcontext::Context shutdown = http::ShutdownContext(r.Context());
    static_cast<void>(fiber::Wait(shutdown));
    cause.set_value(shutdown.Cause());
  });
  Serve({}, test::EchoAll);
  WsPeer peer(Address(), "/ws");
  hon::test::WirePeer waits(Address());
  waits.Send("GET /waits HTTP/1.1\r\nHost: t\r\n\r\n");
  ASSERT_NE(waits.ReadThrough("begun"), "");
  const Result<int> successor = server_->Get().StartSuccessor(
      {.program = "/bin/sh", .arguments = {"sh", "-c", "printf r >&$HON_READY_FD"}});
  ASSERT_TRUE(successor) << successor.error().Message();
  std::thread shutdown([&] {
    const auto [grace, cancel] = appcontext::WithTimeout(appcontext::Background(), 20s);
    EXPECT_FALSE(server_->Get().Shutdown(grace));
  });
  EXPECT_EQ(peer.ReadAnswer(), "close:1012");
  peer.wire.Send(test::Close(1012));
  EXPECT_EQ(peer.ReadAnswer(), "end");
  shutdown.join();
  EXPECT_TRUE(cause.get_future().get().Is(http::ErrServerReplaced));
  EXPECT_EQ(::waitpid(*successor, nullptr, 0), *successor);
}

class CountsEvents final : public ConnHandler {
 public:
  void OnOpen(Conn&) override { ++opened; }
  void OnMessage(Conn&, MessageType, std::string_view) override { throw std::runtime_error("oh"); }
  void OnClose(Conn&, const CloseStatus& status) override {
    last = status.code;
    ++closed;
  }
  std::atomic<int> opened{0};
  std::atomic<int> closed{0};
  std::atomic<int> last{0};
};

TEST_P(UpgraderTest, AtShutdownPeersOfEventedConnectionsGetGoingAway) {
  const auto events = std::make_shared<CountsEvents>();
  ServeEvents({}, events);
  WsPeer one(Address(), "/ws");
  WsPeer two(Address(), "/ws");
  EXPECT_TRUE(Eventually([&] { return events->opened == 2; }));
  std::thread shutdown([&] {
    const auto [grace, cancel] = appcontext::WithTimeout(appcontext::Background(), 20s);
    EXPECT_FALSE(server_->Get().Shutdown(grace));
  });
  for (WsPeer* peer : {&one, &two}) {
    EXPECT_EQ(peer->ReadAnswer(), "close:1001");
    peer->wire.Send(test::Close(1001));
    EXPECT_EQ(peer->ReadAnswer(), "end");
  }
  shutdown.join();
  EXPECT_TRUE(Eventually([&] { return events->closed == 2; }));
  EXPECT_EQ(events->last, 1001);
}

TEST_P(UpgraderTest, AHandlerThatThrowsEndsItsConnectionOnly) {
  const auto events = std::make_shared<CountsEvents>();
  ServeEvents({}, events);
  WsPeer other(Address(), "/ws");
  WsPeer peer(Address(), "/ws");
  peer.wire.Send(test::Text("x"));
  EXPECT_EQ(peer.ReadAnswer(), "close:1011");
  peer.wire.Send(test::Close(1011));
  EXPECT_EQ(peer.ReadAnswer(), "end");
  EXPECT_TRUE(Eventually([&] { return events->closed == 1; }));
  other.wire.Send(test::Ping("still there"));
  EXPECT_EQ(other.ReadAnswer(), "pong:still there");
}

TEST_P(UpgraderTest, WithinTimeoutHandlerTheAnswerNamesIt) {
  upgrader_ = std::make_unique<Upgrader>();
  const auto events = std::make_shared<CountsEvents>();
  mux_.Handle("/ws", http::TimeoutHandler(
                         [&](http::ResponseWriter& w, http::Request& r) {
                           EXPECT_TRUE(upgrader_->Upgrade(w, r).error().Is(http::ErrNotSupported));
                         },
                         10s));
  mux_.Handle("/events",
              http::TimeoutHandler(
                  [&](http::ResponseWriter& w, http::Request& r) {
                    EXPECT_TRUE(upgrader_->Upgrade(w, r, events).Is(http::ErrNotSupported));
                  },
                  10s));
  Start();
  for (const char* path : {"/ws", "/events"}) {
    const WsPeer peer(Address(), path);
    EXPECT_EQ(peer.answer.status, 500) << path;
    EXPECT_NE(peer.answer.body.find("TimeoutHandler"), std::string::npos) << peer.answer.body;
  }
  EXPECT_EQ(events->opened, 0);
}

HON_INSTANTIATE_BACKENDS(UpgraderTest);

TEST(Upgrader, WithoutAServerUpgradeFails) {
  httptest::ResponseRecorder recorder;
  http::Request r = httptest::NewRequest("GET", "/ws");
  r.Header.Set("Upgrade", "websocket");
  r.Header.Set("Connection", "Upgrade");
  r.Header.Set("Sec-WebSocket-Version", "13");
  r.Header.Set("Sec-WebSocket-Key", test::kSampleKey);
  Upgrader upgrader;
  const auto conn = upgrader.Upgrade(recorder, r);
  ASSERT_FALSE(conn);
  EXPECT_TRUE(conn.error().Is(http::ErrNotSupported));
  EXPECT_EQ(recorder.Result().StatusCode, 500);
  EXPECT_NE(recorder.Body.find("ResponseRecorder"), std::string::npos) << recorder.Body;
}

TEST(Upgrader, OptionsThatNoConnectionCanHave) {
  UpgraderOptions options;
  options.conn.deflate.send_window_bits = 8;
  EXPECT_THROW(Upgrader{options}, std::invalid_argument);
}

}  // namespace
}  // namespace hon::websocket
