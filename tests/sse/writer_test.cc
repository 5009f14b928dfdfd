#include "hon/sse/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"
#include "sse/read_events.h"
#include "support/test_server.h"

namespace hon::sse {
namespace {

using namespace std::chrono_literals;
using test::EventReader;
using test::SeenEvent;
using test::WirePeer;
using testing::ElementsAre;

TEST(WriterTest, SendsTheHeadAtOnce) {
  httptest::ResponseRecorder w;
  http::Request r = httptest::NewRequest("GET", "/");
  const Result<Writer> stream = Writer::Start(w, r);
  ASSERT_TRUE(stream);
  EXPECT_TRUE(w.Flushed);
  EXPECT_EQ(w.Result().StatusCode, 200);
  EXPECT_EQ(w.Result().Header.Get("Content-Type"), "text/event-stream");
  EXPECT_EQ(w.Result().Header.Get("Cache-Control"), "no-cache, no-transform");
  EXPECT_EQ(w.Result().Header.Get("X-Accel-Buffering"), "no");
  EXPECT_EQ(stream->LastEventId(), "");
}

TEST(WriterTest, KeepsTheHandlersFields) {
  httptest::ResponseRecorder w;
  http::Request r = httptest::NewRequest("GET", "/");
  r.Header.Set("Last-Event-ID", "41");
  w.Header().Set("Cache-Control", "no-store");
  w.Header().Set("X-Accel-Buffering", "yes");
  const Result<Writer> stream = Writer::Start(w, r);
  ASSERT_TRUE(stream);
  EXPECT_EQ(w.Result().Header.Get("Cache-Control"), "no-store");
  EXPECT_EQ(w.Result().Header.Get("X-Accel-Buffering"), "yes");
  EXPECT_EQ(stream->LastEventId(), "41");
}

TEST(WriterTest, ARefusedEventLeavesTheStreamUsable) {
  httptest::ResponseRecorder w;
  http::Request r = httptest::NewRequest("GET", "/");
  Result<Writer> stream = Writer::Start(w, r);
  ASSERT_TRUE(stream);
  EXPECT_FALSE(stream->Send("one"));
  EXPECT_TRUE(stream->Send({.data = "two", .id = "\n"}).Is(ErrBadField));
  EXPECT_FALSE(stream->Comment("hi"));
  EXPECT_FALSE(stream->Send({.data = "three", .event = "e", .id = "3"}));
  EventReader reader;
  reader.Take(w.Body);
  EXPECT_THAT(reader.Events(),
              ElementsAre(SeenEvent{"message", "one", ""}, SeenEvent{"e", "three", "3"}));
  EXPECT_THAT(reader.Comments(), ElementsAre("hi"));
}

TEST(WriterTest, AHeadRequestGetsTheHeadOnce) {
  httptest::ResponseRecorder w;
  http::Request r = httptest::NewRequest("HEAD", "/");
  const Result<Writer> stream = Writer::Start(w, r);
  ASSERT_FALSE(stream);
  EXPECT_TRUE(stream.error().Is(http::ErrBodyNotAllowed));
  EXPECT_EQ(w.Result().Header.Get("Content-Type"), "text/event-stream");
}

TEST(WriterTest, EndsWithTheContext) {
  httptest::ResponseRecorder w;
  http::Request r = httptest::NewRequest("GET", "/");
  const auto [context, cancel] = appcontext::WithCancel(r.Context());
  r.SetContext(context);
  Result<Writer> stream = Writer::Start(w, r);
  ASSERT_TRUE(stream);
  EXPECT_FALSE(stream->Send("one"));
  cancel(Error::New("over"));
  EXPECT_EQ(stream->Send("two").Message(), "over");
  EXPECT_EQ(stream->Wait(1h).Message(), "over");
  EXPECT_EQ(w.Body, "data: one\n\n");
  EXPECT_EQ(Writer::Start(w, r).error().Message(), "over");
}

TEST(WriterTest, WaitSendsHeartbeats) {
  httptest::ResponseRecorder w;
  http::Request r = httptest::NewRequest("GET", "/");
  Result<Writer> stream = Writer::Start(w, r, {.heartbeat = 10ms});
  ASSERT_TRUE(stream);
  EXPECT_FALSE(stream->Wait(10ms));
  EXPECT_EQ(w.Body, "");
  EXPECT_FALSE(stream->Wait(100ms));
  EventReader reader;
  reader.Take(w.Body);
  EXPECT_GE(reader.Comments().size(), 1u);
  EXPECT_LT(reader.Comments().size(), 10u);
  EXPECT_EQ(w.Body.size(), 4 * reader.Comments().size());
}

// Over sockets, on each backend.

// The ends of stream handlers.
class Endings {
 public:
  void Note(const Error& err) {
    std::lock_guard lock(mutex_);
    texts_.push_back(err.Message());
    changed_.notify_all();
  }
  std::string Next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, 20s, [&] { return !texts_.empty(); })) return "never";
    std::string text = texts_.front();
    texts_.erase(texts_.begin());
    return text;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> texts_;
};

class SseSockets : public test::BackendTest {
 protected:
  SseSockets() {
    mux_.HandleFunc("/count", [this](http::ResponseWriter& w, http::Request& r) {
      Result<Writer> stream = Writer::Start(w, r, {.heartbeat = 20ms});
      if (!stream) return endings_.Note(stream.error());
      std::string from(stream->LastEventId());
      for (int i = from.empty() ? 1 : std::stoi(from) + 1;; ++i) {
        const std::string id = std::to_string(i);
        if (Error err = stream->Send({.data = "n\n" + id, .id = id})) return endings_.Note(err);
        if (Error err = stream->Wait(i < 3 ? Duration(1ms) : Duration(1h))) {
          return endings_.Note(err);
        }
      }
    });
    mux_.HandleFunc("/flood", [this](http::ResponseWriter& w, http::Request& r) {
      Result<Writer> stream = Writer::Start(w, r, {.write_timeout = 100ms});
      if (!stream) return endings_.Note(stream.error());
      const std::string data(10000, 'f');
      while (true) {
        if (Error err = stream->Send(data)) return endings_.Note(err);
      }
    });
  }

  static std::string Get(const std::string& path, const std::string& fields = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n";
  }

  // The first `wanted` events of an answer.
  static EventReader ReadEvents(WirePeer& peer, size_t wanted) {
    EXPECT_NE(peer.ReadThrough("\r\n\r\n").find("Content-Type: text/event-stream\r\n"),
              std::string::npos);
    return test::ReadEvents(peer, wanted);
  }

  http::ServeMux mux_;
  Endings endings_;
};

TEST_P(SseSockets, EachEventArrivesWhileTheHandlerWaits) {
  engine::Engine engine(mux_, engine::WithRequestTimeout(50ms), test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/count")));
  EXPECT_THAT(ReadEvents(peer, 3).Events(),
              ElementsAre(SeenEvent{"message", "n\n1", "1"}, SeenEvent{"message", "n\n2", "2"},
                          SeenEvent{"message", "n\n3", "3"}));
  // The request timeout is long over; heartbeats go on.
  EXPECT_EQ(peer.Read(9), "4\r\n: \n\n\r\n");
  EXPECT_EQ(peer.Read(9), "4\r\n: \n\n\r\n");
  EXPECT_EQ(peer.Read(9), "4\r\n: \n\n\r\n");
  EXPECT_EQ(peer.Read(9), "4\r\n: \n\n\r\n");
  peer.Close();
  EXPECT_EQ(endings_.Next(), "http: client disconnected");
}

TEST_P(SseSockets, GoesOnBehindTheLastEventId) {
  engine::Engine engine(mux_, test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/count", "Last-Event-ID: 41\r\n")));
  EXPECT_THAT(ReadEvents(peer, 1).Events(), ElementsAre(SeenEvent{"message", "n\n42", "42"}));
}

TEST_P(SseSockets, AClientThatReadsNothingIsCut) {
  engine::Engine engine(mux_, test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/flood")));
  EXPECT_EQ(endings_.Next(), "i/o timeout");
}

TEST_P(SseSockets, EndsByItselfWhenTheServerShutsDown) {
  engine::Engine engine(mux_, test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/count")));
  ReadEvents(peer, 3);
  const auto grace = appcontext::WithTimeout(appcontext::Background(), 10s);
  EXPECT_FALSE(server.Get().Shutdown(grace.context));
  EXPECT_EQ(endings_.Next(), "http: Server closed");
  const std::string rest = peer.ReadAll();
  EXPECT_TRUE(peer.Ended());
  EXPECT_TRUE(rest.ends_with("0\r\n\r\n")) << rest;
}

TEST_P(SseSockets, EndsWhenTheServerIsClosed) {
  engine::Engine engine(mux_, test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/count")));
  ReadEvents(peer, 3);
  EXPECT_FALSE(server.Get().Close());
  EXPECT_EQ(endings_.Next(), "http: Server closed");
}

TEST_P(SseSockets, AnOldClientGetsAPlainStream) {
  engine::Engine engine(mux_, test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send("GET /count HTTP/1.0\r\n\r\n"));
  const std::string head = peer.ReadThrough("\r\n\r\n");
  EXPECT_EQ(head.find("Transfer-Encoding"), std::string::npos) << head;
  EXPECT_EQ(peer.Read(24),
            "id: 1\ndata: n\ndata: 1\n\n"
            "i");
}

HON_INSTANTIATE_BACKENDS(SseSockets);

}  // namespace
}  // namespace hon::sse
