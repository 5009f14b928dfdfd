// http::TimeoutHandler with a fiber of its own for its handler (contract A33).

#include "hon/http/timeout_handler.h"

#include <atomic>
#include <stdexcept>

#include "hon/fiber/fiber.h"
#include "hon/httptest/server.h"
#include "support/own_process.h"
#include "support/test_server.h"

namespace hon {
namespace {

using test::Answer;
using test::WirePeer;
using namespace std::chrono_literals;

constexpr std::string_view kGetWithField =
    "GET / HTTP/1.1\r\nHost: t\r\nX-Field: of the request\r\n\r\n";

class TimeoutHandler : public test::BackendTest {
 protected:
  std::unique_ptr<httptest::Server> Serve(http::HandlerArg handler) {
    auto server = httptest::NewUnstartedServer(std::move(handler));
    server->Configure(server::WithBackend(GetParam()));
    server->Configure(engine::WithEventHook(log_.Hook()));
    return server;
  }
  /// Continues after the end of its request's context.
  void Outstay() {
    fiber::SetContext(nullptr);
    while (!released_) static_cast<void>(fiber::Sleep(1ms));
  }
  void Note(std::string what) {
    std::lock_guard lock(mutex_);
    noted_ = std::move(what);
  }
  std::string Noted() {
    std::lock_guard lock(mutex_);
    return noted_;
  }

  test::EventLog log_;
  std::atomic<bool> released_{false};
  std::mutex mutex_;
  std::string noted_;
};

TEST_P(TimeoutHandler, AnswersWhileTheHandlerStillRuns) {
  http::ServeMux mux;
  mux.Handle("/{name}/", http::TimeoutHandler(
                             [this](http::ResponseWriter& w, http::Request& r) {
                               w.Header().Set("X-Own", "1");
                               EXPECT_FALSE(w.Write("early").err);
                               const Error why = fiber::Sleep(1h);
                               Outstay();
                               EXPECT_TRUE(w.Write("late").err.Is(http::ErrHandlerTimeout));
                               Note(why.Message() + ", " + std::string(r.Header.Get("X-Field")) +
                                    ", " + std::string(r.PathValue("name")));
                             },
                             500ms, "too late"));
  mux.HandleFunc("/", [](http::ResponseWriter& w, http::Request&) { w.Write("next"); });
  auto server = Serve(mux);
  server->Start();
  WirePeer peer(server->Address);
  ASSERT_TRUE(peer.Send("GET /a%20name/ HTTP/1.1\r\nHost: t\r\nX-Field: of the first\r\n\r\n"));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "too late");
  EXPECT_FALSE(answer.Has("X-Own"));
  EXPECT_FALSE(answer.Has("Connection"));
  for (int i = 0; i < 3; ++i) {  // with memory other than the first one's
    ASSERT_TRUE(peer.Send(kGetWithField));
    EXPECT_EQ(peer.ReadAnswer().body, "next");
  }
  EXPECT_EQ(Noted(), "");
  released_ = true;
  server->Close();
  server.reset();  // waits for the handler
  EXPECT_EQ(Noted(), "context deadline exceeded, of the first, a name");
}

TEST_P(TimeoutHandler, AnAnswerInTimeIsUnchanged) {
  auto server = Serve(http::TimeoutHandler(
      [](http::ResponseWriter& w, http::Request& r) {
        EXPECT_NE(r.Context().Deadline(), kNever);
        const Result<std::string> body = r.Body.ReadAll();
        w.Header().Set("X-Trailer", r.Trailer.Get("Checksum"));
        w.WriteHeader(201);
        w.Write(body ? *body : body.error().Message());
      },
      1h));
  server->Start();
  WirePeer peer(server->Address);
  ASSERT_TRUE(
      peer.Send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n"
                "Expect: 100-continue\r\nTrailer: Checksum\r\n\r\n"));
  EXPECT_EQ(peer.ReadAnswer().status, 100);
  ASSERT_TRUE(peer.Send("4\r\nbody\r\n0\r\nChecksum: 7\r\n\r\n"));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, "body");
  EXPECT_EQ(answer.Get("X-Trailer"), "7");
  ASSERT_TRUE(peer.Send(kGetWithField));
  EXPECT_EQ(peer.ReadAnswer().status, 201);
}

TEST_P(TimeoutHandler, AReaderOfTheBodyIsNotAwaited) {
  auto server = Serve(http::TimeoutHandler(
      [this](http::ResponseWriter&, http::Request& r) {
        const Result<std::string> body = r.Body.ReadAll();
        Note(body ? *body : body.error().Message());
      },
      30ms, "too late"));
  server->Start();
  WirePeer peer(server->Address);
  ASSERT_TRUE(peer.Send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nhalf"));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "too late");
  peer.EndSending();  // or the rest is awaited, if the handler did not read in time
  EXPECT_TRUE(peer.ExpectEnd());
  server.reset();
  EXPECT_EQ(Noted(), "http: Handler timeout");
}

TEST_P(TimeoutHandler, ABodyThatIsReadTooLateIsGone) {
  auto server = Serve(http::TimeoutHandler(
      [this](http::ResponseWriter&, http::Request& r) {
        Outstay();
        const Result<std::string> body = r.Body.ReadAll();
        Note(body ? *body : body.error().Message());
      },
      30ms));
  server->Start();
  WirePeer peer(server->Address);
  ASSERT_TRUE(peer.Send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody"));
  EXPECT_EQ(peer.ReadAnswer().status, 503);
  released_ = true;
  server.reset();
  EXPECT_EQ(Noted(), "http: Handler timeout");
}

TEST_P(TimeoutHandler, ACanceledRequestIs503WithoutABody) {
  const auto base = appcontext::WithCancel(appcontext::Background());
  std::atomic<bool> running{false};
  auto server = Serve(http::TimeoutHandler(
      [&](http::ResponseWriter& w, http::Request& r) {
        running = true;
        static_cast<void>(fiber::Wait(r.Context()));
        EXPECT_TRUE(w.Write("x").err.Is(appcontext::ErrCanceled));
      },
      1h, "message"));
  server->Configure(server::WithBaseContext([&](std::string_view) { return base.context; }));
  server->Start();
  WirePeer peer(server->Address);
  ASSERT_TRUE(peer.Send(kGetWithField));
  while (!running) std::this_thread::sleep_for(1ms);
  base.cancel();
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.Get("Content-Length"), "0");
}

// The handler holds its thread, and only its own fiber waits for it: neither the 503 nor another
// request does.
TEST_P(TimeoutHandler, AnswersInTimeThoughTheHandlerBlocksItsThread) {
  constexpr int kCalls = 6;
  std::atomic<int> running{0};
  http::ServeMux mux;
  mux.Handle("/held", http::TimeoutHandler(
                          [&](http::ResponseWriter& w, http::Request&) {
                            ++running;
                            while (!released_) std::this_thread::sleep_for(1ms);
                            EXPECT_TRUE(w.Write("late").err.Is(http::ErrHandlerTimeout));
                            --running;
                          },
                          20ms, "too late"));
  mux.HandleFunc("/", [](http::ResponseWriter& w, http::Request&) { w.Write("next"); });
  for (const auto placement : {engine::kAdaptive, engine::kWorkers}) {
    released_ = false;
    auto server = Serve(mux);
    server->Configure(engine::WithPlacement(placement));
    server->Configure(engine::WithStallTime(kUnlimited));  // no standby loop helps
    server->Configure(server::WithLoops(1));
    server->Start();
    WirePeer peer(server->Address);
    for (int i = 0; i < kCalls; ++i) {
      ASSERT_TRUE(peer.Send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n"));
      EXPECT_EQ(peer.ReadAnswer().body, "too late");
      ASSERT_TRUE(peer.Send(kGetWithField));
      EXPECT_EQ(peer.ReadAnswer().body, "next");
    }
    server->Close();
    released_ = true;
    server.reset();
    EXPECT_EQ(running, 0);
  }
}

// Also with a handler around it that runs on a worker.
TEST_P(TimeoutHandler, AWorkerIsNotHeldByAWaitForTimeoutHandler) {
  std::atomic<int> running{0};
  const http::HandlerPtr limited = http::TimeoutHandler(
      [&](http::ResponseWriter&, http::Request&) {
        ++running;
        while (!released_) std::this_thread::sleep_for(1ms);
      },
      20ms, "too late");
  auto server = Serve(
      [limited](http::ResponseWriter& w, http::Request& r) { return limited->ServeHTTP(w, r); });
  server->Configure(engine::WithPlacement(engine::kWorkers));
  server->Start();
  for (int i = 0; i < 6; ++i) {
    WirePeer peer(server->Address);
    ASSERT_TRUE(peer.Send(kGetWithField));
    EXPECT_EQ(peer.ReadAnswer().body, "too late");
  }
  EXPECT_GE(running, 1);
  released_ = true;
}

// Each handler waits once, for its body; its thread takes the next handler meanwhile.
TEST_P(TimeoutHandler, RequestsOneAfterTheOtherNeedNoMoreThreads) {
  auto server = Serve(http::TimeoutHandler(
      [](http::ResponseWriter& w, http::Request& r) {
        const Result<std::string> body = r.Body.ReadAll();
        w.Write(body ? *body : body.error().Message());
      },
      1h));
  server->Start();
  WirePeer peer(server->Address);
  const auto ask = [&] {
    ASSERT_TRUE(peer.Send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbo"));
    std::this_thread::sleep_for(1ms);  // so that it has to wait
    ASSERT_TRUE(peer.Send("dy"));
    ASSERT_EQ(peer.ReadAnswer().body, "body");
  };
  ask();
  const size_t threads = test::Threads();
  const size_t descriptors = test::OpenDescriptors();
  for (int i = 0; i < 260; ++i) ask();
  EXPECT_LE(test::Threads(), threads + 4);
  EXPECT_LE(test::OpenDescriptors(), descriptors + 12);
}

TEST_P(TimeoutHandler, PlacedInlineItStaysOnItsLoop) {
  std::thread::id outside;
  std::thread::id inside;
  const http::HandlerPtr limited = http::TimeoutHandler(
      [&](http::ResponseWriter& w, http::Request&) {
        inside = std::this_thread::get_id();
        w.Write("in time");
      },
      1h);
  const http::HandlerPtr around =
      engine::Place(engine::kInline, [&](http::ResponseWriter& w, http::Request& r) {
        outside = std::this_thread::get_id();
        limited->ServeHTTP(w, r);
      });
  auto server = Serve(around);
  server->Start();
  WirePeer peer(server->Address);
  ASSERT_TRUE(peer.Send(kGetWithField));
  EXPECT_EQ(peer.ReadAnswer().body, "in time");
  server.reset();
  EXPECT_EQ(inside, outside);
  EXPECT_NE(inside, std::thread::id());
}

TEST_P(TimeoutHandler, ExceptionsPassUnlessTheyAreTooLate) {
  http::ServeMux mux;
  mux.Handle(
      "/early",
      http::TimeoutHandler(
          [](http::ResponseWriter&, http::Request&) { throw std::runtime_error("boom"); }, 1h));
  mux.Handle("/late", http::TimeoutHandler(
                          [](http::ResponseWriter&, http::Request& r) {
                            static_cast<void>(fiber::Wait(r.Context()));
                            throw std::runtime_error("nobody hears it");
                          },
                          20ms));
  auto server = Serve(mux);
  server->Start();
  WirePeer late(server->Address);
  ASSERT_TRUE(late.Send("GET /late HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(late.ReadAnswer().status, 503);
  WirePeer early(server->Address);
  ASSERT_TRUE(early.Send("GET /early HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(early.ReadAnswer().status, 500);
  server.reset();
  const auto events = log_.Entries();
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back().kind, engine::Event::Kind::kPanic);
  EXPECT_EQ(events.back().detail, "boom");
  for (const auto& event : events) EXPECT_NE(event.detail, "nobody hears it");
}

HON_INSTANTIATE_BACKENDS(TimeoutHandler);

}  // namespace
}  // namespace hon
