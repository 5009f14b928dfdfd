// Callbacks of the program that throw, with the effects in their docstrings. No callback may end
// the process, and the server goes on.

#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "hon/appcontext/context.h"
#include "hon/base/log.h"
#include "hon/fiber/fiber.h"
#include "support/eventually.h"
#include "support/test_server.h"

namespace hon {
namespace {

using engine::Event;
using test::kGet;
using test::WirePeer;
using namespace std::chrono_literals;

constexpr std::string_view kMalformed = "GET / HTTP/1.1\r\n\r\n";

class Callbacks : public test::BackendTest {
 protected:
  Callbacks() {
    mux_.HandleFunc("/", [](http::ResponseWriter& w, http::Request&) { w.Write("hello"); });
    mux_.HandleFunc("/panic", [](http::ResponseWriter&, http::Request&) {
      throw std::runtime_error("lost disk");
    });
    mux_.HandleFunc("/after", [](http::ResponseWriter& w, http::Request& r) {
      const appcontext::Cancelable below = appcontext::WithCancel(r.Context());
      const auto take_back =
          appcontext::AfterFunc(below.context, [] { throw std::runtime_error("no disk"); });
      below.cancel();
      w.Write("called");
    });
  }

  // How often `detail` was reported as a callback that threw.
  [[nodiscard]] int Reports(const std::string& detail) const {
    const auto entries = log_.Entries();
    return static_cast<int>(std::count_if(entries.begin(), entries.end(), [&](const auto& entry) {
      return entry.kind == Event::Kind::kCallback && entry.detail == detail;
    }));
  }
  void ExpectServes(const test::TestServer& server) {
    WirePeer peer(server.Address());
    ASSERT_TRUE(peer.Send(kGet));
    EXPECT_EQ(peer.ReadAnswer().body, "hello");
  }

  test::EventLog log_;
  http::ServeMux mux_;
};

TEST_P(Callbacks, AnEventHookThatThrowsIsWrittenToStderrWithItsEvent) {
  testing::internal::CaptureStderr();
  {
    engine::Engine engine(
        mux_, engine::WithEventHook([](const Event&) { throw std::runtime_error("no disk"); }));
    const test::TestServer server(engine, GetParam());
    for (const std::string& request :
         {std::string(kMalformed), std::string("GET /panic HTTP/1.1\r\nHost: t\r\n\r\n")}) {
      WirePeer peer(server.Address());
      ASSERT_TRUE(peer.Send(request));
      EXPECT_GE(peer.ReadAnswer().status, 400);
      EXPECT_TRUE(peer.ExpectEnd());
    }
    ExpectServes(server);
  }
  ASSERT_TRUE(FlushLog(std::chrono::seconds(10)));
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_NE(written.find("missing required Host header"), std::string::npos) << written;
  EXPECT_NE(written.find("lost disk"), std::string::npos) << written;
  EXPECT_NE(written.find("WithEventHook's hook threw: \"no disk\""), std::string::npos) << written;
}

TEST_P(Callbacks, AnErrorReplyHookThatThrowsLeavesTheUsualText) {
  engine::Engine engine(
      mux_, engine::WithEventHook(log_.Hook()),
      engine::WithErrorReply([](const Event&) -> std::optional<engine::ErrorReply> {
        throw std::runtime_error("no disk");
      }));
  const test::TestServer server(engine, GetParam());
  WirePeer refused(server.Address());
  ASSERT_TRUE(refused.Send(kMalformed));
  EXPECT_EQ(refused.ReadAnswer().body, "400 Bad Request: missing required Host header");
  WirePeer failed(server.Address());
  ASSERT_TRUE(failed.Send("GET /panic HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(failed.ReadAnswer().body, "500 Internal Server Error");
  EXPECT_EQ(Reports("WithErrorReply's hook threw: no disk"), 2);
  ExpectServes(server);
}

TEST_P(Callbacks, AnErrorReplyHookIsAskedForEachKindOfFailure) {
  std::mutex mutex;
  std::vector<std::string> asked;
  http::ServeMux mux;
  mux.HandleFunc("/panic",
                 [](http::ResponseWriter&, http::Request&) { throw std::runtime_error("secret"); });
  mux.HandleFunc("/silent", [](http::ResponseWriter& w, http::Request& r) {
    EXPECT_FALSE(w.SetRequestDeadline(Clock::now() + 20ms));
    static_cast<void>(fiber::Wait(r.Context()));
  });
  mux.HandleFunc("/read", [](http::ResponseWriter&, http::Request& r) {
    static_cast<void>(r.Body.ReadAll());
  });
  engine::Engine engine(
      mux, engine::WithEventHook(log_.Hook()),
      engine::WithErrorReply([&](const Event& event) -> std::optional<engine::ErrorReply> {
        const std::lock_guard lock(mutex);
        asked.push_back((event.kind == Event::Kind::kPanic ? "panic " : "refused ") +
                        std::to_string(event.status) + " " + std::string(event.pattern) + " " +
                        std::string(event.detail));
        return engine::ErrorReply{"application/json", "{}"};
      }));
  const test::TestServer server(engine, GetParam());
  for (const char* request :
       {"GET /panic HTTP/1.1\r\nHost: t\r\n\r\n", "GET /silent HTTP/1.1\r\nHost: t\r\n\r\n",
        "POST /read HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nx",
        "GET / HTTP/1.1\r\n\r\n"}) {
    WirePeer peer(server.Address());
    ASSERT_TRUE(peer.Send(request));
    const test::Answer answer = peer.ReadAnswer();
    EXPECT_EQ(answer.body, "{}") << request;
    EXPECT_EQ(answer.Get("Content-Type"), "application/json") << request;
  }
  const std::lock_guard lock(mutex);
  EXPECT_EQ(asked,
            (std::vector<std::string>{
                "panic 500 /panic 500 Internal Server Error",
                "refused 503 /silent 503 Service Unavailable", "refused 400 /read 400 Bad Request",
                "refused 400  400 Bad Request: missing required Host header"}));
}

TEST_P(Callbacks, AConnStateHookThatThrowsIsReportedForEachState) {
  engine::Engine engine(mux_, engine::WithEventHook(log_.Hook()));
  test::TestServer server(engine, GetParam(),
                          server::WithConnState([](const engine::ConnInfo&, engine::ConnState) {
                            throw std::runtime_error("no disk");
                          }));
  {
    WirePeer peer(server.Address());
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(peer.Send(kGet));
      EXPECT_EQ(peer.ReadAnswer().body, "hello");
    }
  }
  // new, active, idle, active, idle, closed
  EXPECT_TRUE(
      test::Eventually([&] { return Reports("WithConnState's hook threw: no disk") == 6; }));
  EXPECT_TRUE(test::Eventually([&] { return server.Get().Connections() == 0; }));
}

TEST_P(Callbacks, AConnContextHookThatThrowsResetsThatConnection) {
  engine::Engine engine(mux_, engine::WithEventHook(log_.Hook()));
  std::atomic<int> asked{0};
  std::atomic<int> closed{0};
  test::TestServer server(
      engine, GetParam(), server::WithMaxConnectionsPerIP(1),
      server::WithConnContext([&](const appcontext::Context& above, const engine::ConnInfo&) {
        if (asked++ == 0) throw std::runtime_error("no disk");
        return above;
      }),
      server::WithConnState([&](const engine::ConnInfo&, engine::ConnState state) {
        if (state == engine::ConnState::kClosed) ++closed;
      }));
  WirePeer first(server.Address());
  static_cast<void>(first.Send(kGet));
  EXPECT_TRUE(first.ExpectEnd());
  EXPECT_EQ(Reports("WithConnContext's hook threw: no disk"), 1);
  ASSERT_TRUE(test::Eventually([&] { return closed == 1 && server.Get().Connections() == 0; }));
  ExpectServes(server);  // and its place among those of this address is free again
}

TEST_P(Callbacks, ABaseContextHookThatThrowsFailsListen) {
  engine::Engine engine(mux_, engine::WithEventHook(log_.Hook()));
  server::Server server(engine, server::WithBackend(GetParam()), server::WithLoops(1),
                        server::WithBaseContext([](std::string_view) -> appcontext::Context {
                          throw std::runtime_error("no disk");
                        }));
  EXPECT_EQ(server.Listen("127.0.0.1:0").Message(), "http: WithBaseContext's hook threw: no disk");
  EXPECT_TRUE(server.Addresses().empty());
}

TEST_P(Callbacks, AShutdownFunctionThatThrowsIsReportedAndTheOthersRun) {
  engine::Engine engine(mux_, engine::WithEventHook(log_.Hook()));
  std::atomic<int> ran{0};
  {
    test::TestServer server(engine, GetParam());
    server.Get().RegisterOnShutdown([] { throw std::runtime_error("no disk"); });
    server.Get().RegisterOnShutdown([&] { ++ran; });
    EXPECT_FALSE(server.Get().Shutdown(appcontext::Background()));
  }
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(Reports("RegisterOnShutdown's function threw: no disk"), 1);
}

TEST_P(Callbacks, AnAfterFuncOfARequestThatThrowsIsAnEventOfItsEngine) {
  engine::Engine engine(mux_, engine::WithEventHook(log_.Hook()), test::SuitePlacement());
  const test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send("GET /after HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(peer.ReadAnswer().body, "called");
  EXPECT_EQ(Reports("AfterFunc's function threw: no disk"), 1);
}

HON_INSTANTIATE_BACKENDS(Callbacks);

}  // namespace
}  // namespace hon
