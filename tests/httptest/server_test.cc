#include "hon/httptest/server.h"

#include <gtest/gtest.h>

#include <atomic>

#include "hon/fiber/fiber.h"
#include "support/wire_peer.h"

namespace hon::httptest {
namespace {

using namespace std::chrono_literals;
using test::WirePeer;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: t\r\n\r\n";

TEST(Server, ServesOnAPortOfItsOwn) {  // A52
  const auto server =
      NewServer([](http::ResponseWriter& w, http::Request& r) { w.Write(std::string(r.Host)); });
  EXPECT_EQ(server->URL, "http://" + server->Address);
  EXPECT_TRUE(server->URL.starts_with("http://127.0.0.1:"));
  WirePeer peer(server->Address);
  ASSERT_TRUE(peer.Send(kGet));
  EXPECT_EQ(peer.ReadAnswer().body, "t");
  EXPECT_EQ(server->Get().Loops(), 1);
  EXPECT_THROW(server->Start(), std::logic_error);
  server->Close();
  EXPECT_TRUE(peer.ExpectEnd());
  EXPECT_THROW(WirePeer(server->Address), std::runtime_error);
  server->Close();
}

TEST(Server, IsConfiguredBeforeItStarts) {  // A52
  std::atomic<int> events{0};
  const auto server =
      NewUnstartedServer([](http::ResponseWriter& w, http::Request&) { w.Write("hello"); });
  EXPECT_EQ(server->URL, "");
  server->Configure(server::WithMaxHeaderFields(3));
  server->Configure(server::WithMaxHeaderFields(2));
  server->Configure(engine::WithEventHook([&](const engine::Event& event) {
    if (event.kind == engine::Event::Kind::kBadRequest) ++events;
  }));
  server->Start();
  WirePeer peer(server->Address);
  ASSERT_TRUE(peer.Send("GET / HTTP/1.1\r\nHost: t\r\nA: 1\r\n\r\n"));
  EXPECT_EQ(peer.ReadAnswer().status, 200);
  ASSERT_TRUE(peer.Send("GET / HTTP/1.1\r\nHost: t\r\nA: 1\r\nB: 2\r\n\r\n"));
  EXPECT_EQ(peer.ReadAnswer().status, 431);
  server->Close();
  EXPECT_EQ(events, 1);
}

TEST(Server, CloseBlocksForOutstandingRequests) {  // A52
  std::atomic<bool> begun{false};
  std::atomic<bool> ended{false};
  const auto server = NewServer([&](http::ResponseWriter& w, http::Request&) {
    begun = true;
    EXPECT_FALSE(fiber::Sleep(100ms));
    w.Write("late");
    ended = true;
  });
  WirePeer peer(server->Address);
  ASSERT_TRUE(peer.Send(kGet));
  while (!begun) std::this_thread::sleep_for(1ms);
  server->Close();
  EXPECT_TRUE(ended);
  EXPECT_EQ(peer.ReadAnswer().body, "late");
}

TEST(Server, CloseClientConnectionsCutsAndGoesOn) {  // A52
  std::atomic<int> waiting{0};
  const auto server = NewServer([&](http::ResponseWriter& w, http::Request& r) {
    if (r.URL.Path == "/wait") {
      ++waiting;
      static_cast<void>(fiber::Wait(r.Context()));
      --waiting;
    }
    w.Write("hello");
  });
  WirePeer idle(server->Address);
  ASSERT_TRUE(idle.Send(kGet));
  EXPECT_EQ(idle.ReadAnswer().status, 200);
  WirePeer busy(server->Address);
  ASSERT_TRUE(busy.Send("GET /wait HTTP/1.1\r\nHost: t\r\n\r\n"));
  while (waiting != 1) std::this_thread::sleep_for(1ms);
  server->CloseClientConnections();
  EXPECT_TRUE(idle.ExpectEnd());
  EXPECT_TRUE(busy.ExpectEnd());
  WirePeer next(server->Address);
  ASSERT_TRUE(next.Send(kGet));
  EXPECT_EQ(next.ReadAnswer().body, "hello");
  server->Close();
  EXPECT_EQ(waiting, 0);
}

void AnswerHost(http::ResponseWriter& w, http::Request& r) {
  w.Write(std::string(r.Host) + " " + std::string(r.Proto));
}

TEST(ServerClient, AsksThePlainServer) {  // A52
  const auto server = NewServer(AnswerHost);
  http::Client& client = server->Client();
  Result<http::Response> answer = client.Get(server->URL);
  ASSERT_TRUE(answer) << answer.error().Message();
  EXPECT_EQ(*answer->Body.ReadAll(), server->Address + " HTTP/1.1");
  EXPECT_EQ(&server->Client(), &client);
}

TEST(ServerClient, GoesToTheServerForExampleDotCom) {
  const auto server = NewServer(AnswerHost);
  EXPECT_EQ(*server->Client().Get("http://example.com/")->Body.ReadAll(), "example.com HTTP/1.1");
  EXPECT_EQ(*server->Client().Get("http://a.b.example.com/")->Body.ReadAll(),
            "a.b.example.com HTTP/1.1");
}

TEST(ServerClient, NeedsAStartedServer) {
  const auto server = NewUnstartedServer(AnswerHost);
  EXPECT_THROW(static_cast<void>(server->Client()), std::logic_error);
}

TEST(ServerClient, ClosesItsConnectionsWithTheServer) {
  const auto server = NewServer(AnswerHost);
  EXPECT_EQ(server->Client().Get(server->URL)->StatusCode, 200);
  server->Close();
  const Result<http::Response> after = server->Client().Get(server->URL);
  ASSERT_FALSE(after);
  EXPECT_EQ(http::KindOf(after.error()), http::ErrorKind::kDial) << after.error().Message();
}

#ifdef HON_TEST_TLS
TEST(ServerClient, TrustsTheCertificateAndSpeaksHttp2) {  // A52
  const auto server = NewTLSServer(AnswerHost);
  Result<http::Response> answer = server->Client().Get(server->URL);
  ASSERT_TRUE(answer) << answer.error().Message();
  EXPECT_NE(answer->TLS, nullptr);
  EXPECT_EQ(*answer->Body.ReadAll(), server->Address + " HTTP/2.0");
  EXPECT_EQ(*server->Client().Get("https://example.com/")->Body.ReadAll(), "example.com HTTP/2.0");
  const Result<http::Response> stranger = http::Client{}.Get(server->URL);
  ASSERT_FALSE(stranger) << "only its own client trusts the certificate";
  EXPECT_EQ(http::KindOf(stranger.error()), http::ErrorKind::kTls);
}
#endif

}  // namespace
}  // namespace hon::httptest
