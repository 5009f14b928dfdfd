// The deadlines that a handler sets (http::ResponseController). The numbers are those of the
// contract.

#include "hon/fiber/fiber.h"
#include "support/test_server.h"

namespace hon {
namespace {

using test::Answer;
using test::kGet;
using test::WirePeer;
using namespace std::chrono_literals;

/// A middleware's writer without deadlines.
class Wrapper final : public http::ResponseWriter {
 public:
  explicit Wrapper(http::ResponseWriter& inner) : inner_(&inner) {}
  http::Header& Header() override { return inner_->Header(); }
  io::IoResult Write(std::string_view data) override { return inner_->Write(data); }
  void WriteHeader(int status) override { inner_->WriteHeader(status); }
  http::ResponseWriter* Unwrap() override { return inner_; }

 private:
  http::ResponseWriter* inner_;
};

class Deadlines : public test::BackendTest {
 protected:
  using Function = std::function<void(http::ResponseWriter&, http::Request&)>;

  /// Registers `handler` with a writer behind two wrappers.
  void Handle(const Function& handler) {
    mux_.HandleFunc("/", [handler](http::ResponseWriter& w, http::Request& r) {
      Wrapper inner(w);
      Wrapper outer(inner);
      handler(outer, r);
    });
  }
  static TimePoint In(Duration time) { return Clock::now() + time; }

  http::ServeMux mux_;
  engine::Engine engine_{mux_, test::SuitePlacement(),
                         engine::WithEventHook([](const engine::Event&) {})};
};

constexpr std::string_view kHalfBody = "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\na";

TEST_P(Deadlines, ReadDeadlineWithoutABodyEndsTheContext) {  // A10, A11, W87
  Handle([](http::ResponseWriter& w, http::Request& r) {
    if (http::ResponseController(w).SetReadDeadline(In(50ms))) return;
    const Error why = fiber::Wait(r.Context());
    w.Write(r.Context().Err().Message() + ": " + why.Message());
  });
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  for (int i = 0; i < 2; ++i) {  // the connection can be used again
    ASSERT_TRUE(peer.Send(kGet));
    const Answer answer = peer.ReadAnswer();
    EXPECT_EQ(answer.body, "context canceled: i/o timeout");
    EXPECT_FALSE(answer.Has("Connection"));
  }
}

TEST_P(Deadlines, ReadDeadlineBehindABodyEndsTheContext) {  // W87
  Handle([](http::ResponseWriter& w, http::Request& r) {
    if (http::ResponseController(w).SetReadDeadline(In(1s))) return;
    const Result<std::string> body = r.Body.ReadAll();
    w.Write(body.value_or(body ? "" : body.error().Message()) + ": " +
            fiber::Wait(r.Context()).Message());
  });
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(kHalfBody));
  ASSERT_TRUE(peer.Send("b"));
  EXPECT_EQ(peer.ReadAnswer().body, "ab: i/o timeout");
}

TEST_P(Deadlines, DeadlinesEndWithTheirRequest) {  // W87
  Handle([](http::ResponseWriter& w, http::Request&) {
    if (http::ResponseController(w).SetReadDeadline(In(500ms))) return;
    if (http::ResponseController(w).SetWriteDeadline(In(500ms))) return;
    w.Write("quick");
  });
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(peer.Send(kGet));
    EXPECT_EQ(peer.ReadAnswer().body, "quick");
    std::this_thread::sleep_for(600ms);
  }
}

TEST_P(Deadlines, ReadDeadlineFailsTheReaderWhoMayStillAnswer) {  // W83
  Handle([](http::ResponseWriter& w, http::Request& r) {
    if (http::ResponseController(w).SetReadDeadline(In(50ms))) return;
    const Result<std::string> body = r.Body.ReadAll();
    w.Write(body ? "read" : body.error().Message());
  });
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(kHalfBody));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.body, "i/o timeout");
  EXPECT_EQ(answer.Get("Connection"), "close");
  EXPECT_TRUE(peer.ExpectEnd());
}

TEST_P(Deadlines, ReadDeadlineCanBeLifted) {  // A11
  Handle([](http::ResponseWriter& w, http::Request& r) {
    if (http::ResponseController(w).SetReadDeadline(kNever)) return;
    const Result<std::string> body = r.Body.ReadAll();
    w.Write(body ? *body : body.error().Message());
  });
  test::TestServer server(engine_, GetParam(), server::WithReadTimeout(50ms));
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(kHalfBody));
  std::this_thread::sleep_for(200ms);
  ASSERT_TRUE(peer.Send("b"));
  EXPECT_EQ(peer.ReadAnswer().body, "ab");
}

TEST_P(Deadlines, PastTheWriteDeadlineNothingIsSent) {  // W84
  std::string flushed;
  std::mutex mutex;
  for (const bool flush : {true, false}) {
    http::ServeMux mux;
    mux.HandleFunc("/", [&, flush](http::ResponseWriter& w, http::Request&) {
      http::ResponseController control(w);
      if (control.SetWriteDeadline(In(-1ms))) return;
      w.Write("lost");
      if (!flush) return;
      std::lock_guard lock(mutex);
      flushed = control.Flush().Message();
    });
    engine::Engine engine(mux, test::SuitePlacement());
    test::TestServer server(engine, GetParam());
    WirePeer peer(server.Address());
    ASSERT_TRUE(peer.Send(kGet));
    EXPECT_EQ(peer.ReadAll(), "");
    EXPECT_TRUE(peer.Ended());
  }
  std::lock_guard lock(mutex);
  EXPECT_EQ(flushed, "i/o timeout");
}

TEST_P(Deadlines, HeadersHaveTheirTimeFromTheirFirstByte) {  // W82, W85
  Handle([](http::ResponseWriter& w, http::Request&) { w.Write("hello"); });
  test::TestServer server(engine_, GetParam(), server::WithReadHeaderTimeout(1s));
  WirePeer peer(server.Address());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(peer.Send(kGet));
    EXPECT_EQ(peer.ReadAnswer().body, "hello");
    std::this_thread::sleep_for(1100ms);  // idle for longer than the time limit of a head
  }
  ASSERT_TRUE(peer.Send(kGet.substr(0, 10)));
  EXPECT_EQ(peer.ReadAnswer().status, 408);
  EXPECT_TRUE(peer.ExpectEnd());
}

TEST_P(Deadlines, GeneralOptionsAndRefusalsAreTheHandlersToAnswer) {  // A21, G8
  http::HandlerFunc own(
      [](http::ResponseWriter& w, http::Request& r) { w.Write(std::string(r.RequestURI)); });
  std::mutex mutex;
  std::vector<std::string> asked;
  engine::Engine engine(own, test::SuitePlacement(), engine::WithGeneralOptionsHandler(false),
                        engine::WithEventHook([](const engine::Event&) {}),
                        engine::WithErrorReply([&](const engine::Event& event) {
                          std::lock_guard lock(mutex);
                          asked.emplace_back(event.detail);
                          std::optional<engine::ErrorReply> reply;
                          if (event.status == 400) reply = {"application/json", "{}"};
                          return reply;
                        }));
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send("OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(peer.ReadAnswer().body, "*");
  ASSERT_TRUE(peer.Send("GET / HTTP/1.1\r\n\r\n"));
  const Answer refused = peer.ReadAnswer();
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.reason, "Bad Request: missing required Host header");
  EXPECT_EQ(refused.Get("Content-Type"), "application/json");
  EXPECT_EQ(refused.body, "{}");
  WirePeer other(server.Address());
  ASSERT_TRUE(other.Send("GET / HTTP/2.7\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(other.ReadAnswer().body,
            "505 HTTP Version Not Supported: unsupported protocol version");
  std::lock_guard lock(mutex);
  EXPECT_EQ(asked.size(), 2);
}

HON_INSTANTIATE_BACKENDS(Deadlines);

}  // namespace
}  // namespace hon
