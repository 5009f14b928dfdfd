// Answers of the engine keep the fields that middleware sets on every answer: without CORS fields a
// browser hides a 500 from the script that sent the request.

#include <stdexcept>

#include "hon/fiber/fiber.h"
#include "hon/http/middleware.h"
#include "hon/http/status.h"
#include "support/test_server.h"

namespace hon {
namespace {

using test::Answer;
using test::WirePeer;
using namespace std::chrono_literals;

class ErrorFields : public test::ModeTest {
 protected:
  ErrorFields() {
    mux_.HandleFunc("/panic", [](http::ResponseWriter& w, http::Request&) {
      http::Header& header = w.Header();
      header.Set("Set-Cookie", "session=secret");
      header.Set("Content-Type", "application/json");
      header.Set("Content-Length", "2");
      header.Set("Content-Encoding", "br");
      header.Set("Content-Disposition", "attachment");
      header.Set("Content-Security-Policy", "default-src 'none'");
      header.Set("Cache-Control", "max-age=600");
      header.Set("ETag", "\"1\"");
      header.Set("Location", "/elsewhere");
      header.Set("Transfer-Encoding", "chunked");
      header.Set("Connection", "keep-alive");
      header.Set("Trailer", "X-Sum");
      header.Set("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
      w.WriteHeader(200);
      w.Write("{}");
      throw std::runtime_error("boom");
    });
    mux_.HandleFunc("/silent", [](http::ResponseWriter& w, http::Request& r) {
      EXPECT_FALSE(w.SetRequestDeadline(Clock::now() + 20ms));
      static_cast<void>(fiber::Wait(r.Context()));
    });
    mux_.HandleFunc("/read", [](http::ResponseWriter&, http::Request& r) {
      static_cast<void>(r.Body.ReadAll());
    });
    mux_.HandleFunc("/late", [](http::ResponseWriter& w, http::Request&) {
      w.Write("sent");
      static_cast<void>(w.Flush());
      throw std::runtime_error("boom");
    });
  }

  // As a CORS and a request id middleware set them.
  http::HandlerFunc around_{[this](http::ResponseWriter& w, http::Request& r) {
    http::Header& header = w.Header();
    header.Set("Access-Control-Allow-Origin", "https://app.example");
    header.Set("Access-Control-Allow-Credentials", "true");
    header.Add("Vary", "Origin");
    header.Add("Vary", "Accept");
    header.AddExact("x-REQUEST-id", "7f\r\nSet-Cookie: injected=1");
    mux_.ServeHTTP(w, r);
  }};

  static void ExpectKept(const Answer& answer, int status) {
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.Get("Access-Control-Allow-Origin"), "https://app.example");
    EXPECT_EQ(answer.Get("Access-Control-Allow-Credentials"), "true");
    EXPECT_EQ(answer.Get("X-Request-Id"), "7f  Set-Cookie: injected=1");
    EXPECT_EQ(answer.Get("Connection"), "close");
    EXPECT_EQ(answer.Get("Content-Type"), "text/plain; charset=utf-8");
    size_t vary = 0;
    for (const auto& [name, value] : answer.fields) vary += static_cast<size_t>(name == "Vary");
    EXPECT_EQ(vary, 2U);
    const bool overloaded = status == http::StatusServiceUnavailable;
    EXPECT_EQ(answer.Get("Retry-After"), overloaded ? "1" : "");
    EXPECT_EQ(answer.fields.size(), overloaded ? 8U : 7U);  // and nothing else
  }

  http::ServeMux mux_;
};

TEST_P(ErrorFields, StayInTheAnswerForAHandlerThatThrew) {
  engine::Engine engine(around_, engine::WithPlacement(GetParam().placement),
                        engine::WithEventHook([](const engine::Event&) {}));
  const test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send("GET /panic HTTP/1.1\r\nHost: t\r\n\r\n"));
  const Answer answer = peer.ReadAnswer();
  ExpectKept(answer, 500);
  EXPECT_EQ(answer.body, "500 Internal Server Error");
  EXPECT_TRUE(peer.ExpectEnd());
}

TEST_P(ErrorFields, StayInTheHeadOfAnAnswerToHead) {
  engine::Engine engine(around_, engine::WithPlacement(GetParam().placement),
                        engine::WithEventHook([](const engine::Event&) {}));
  const test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send("HEAD /panic HTTP/1.1\r\nHost: t\r\n\r\n"));
  const Answer answer = peer.ReadAnswer(/*to_head=*/true);
  ExpectKept(answer, 500);
  EXPECT_TRUE(peer.ExpectEnd());  // without a body
}

TEST_P(ErrorFields, StayInAnswersForHandlersWithoutAnAnswer) {
  engine::Engine engine(around_, engine::WithPlacement(GetParam().placement),
                        engine::WithEventHook([](const engine::Event&) {}));
  const test::TestServer server(engine, GetParam(), server::WithMaxBodyBytes(2));
  const std::pair<const char*, int> cases[] = {
      {"GET /silent HTTP/1.1\r\nHost: t\r\n\r\n", 503},
      {"POST /read HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
       413},
      {"POST /read HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nx", 400},
  };
  for (const auto& [request, status] : cases) {
    WirePeer peer(server.Address());
    ASSERT_TRUE(peer.Send(request));
    ExpectKept(peer.ReadAnswer(), status);
  }
}

TEST_P(ErrorFields, StayBesideATextOfTheProgramsOwn) {
  engine::Engine engine(around_, engine::WithPlacement(GetParam().placement),
                        engine::WithEventHook([](const engine::Event&) {}),
                        engine::WithErrorReply([](const engine::Event&) {
                          return std::optional(engine::ErrorReply{"application/json", "{}"});
                        }));
  const test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send("GET /panic HTTP/1.1\r\nHost: t\r\n\r\n"));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.Get("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(answer.Get("Content-Type"), "application/json");
  EXPECT_FALSE(answer.Has("Set-Cookie"));
  EXPECT_EQ(answer.body, "{}");
}

TEST_P(ErrorFields, AreNotSentAgainBehindAnAnswerThatHasBegun) {
  engine::Engine engine(around_, engine::WithPlacement(GetParam().placement),
                        engine::WithEventHook([](const engine::Event&) {}));
  const test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send("GET /late HTTP/1.1\r\nHost: t\r\n\r\n"));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "sent");
  EXPECT_FALSE(answer.complete);
  EXPECT_TRUE(peer.Ended());
}

HON_INSTANTIATE_MODES(ErrorFields);

}  // namespace
}  // namespace hon
