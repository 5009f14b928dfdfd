// The life of a connection of HTTP/1 over a backend without a kernel: the fibers that serve it, and
// the deadlines that end it. The test sets the clock.

#include "engine/http1_conn.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/conn_fixture.h"
#include "hon/io/stream.h"

namespace hon::engine {
namespace {

using namespace std::chrono_literals;

// Small enough that no handler waits for the peer to read.
constexpr size_t kBodyBytes = 2000;
// More than the high water of a connection holds.
constexpr int kPiledRequests = 100;
static_assert(kPiledRequests * kBodyBytes > 2 * io::kHighWaterBytes);

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: t\r\n\r\n";

std::string Repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

size_t Count(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

class Http1ConnTest : public ConnTest {
 protected:
  Http1ConnTest()
      : ConnTest([](const Event& event) {
          return std::to_string(event.status) + " " + std::string(event.detail);
        }) {
    AddHandlers();
    Serve(Settings());
  }

  void AddHandlers() {
    mux_.HandleFunc("/", [](http::ResponseWriter& w, http::Request&) { w.Write("hello"); });
    mux_.HandleFunc("/sleep", [](http::ResponseWriter& w, http::Request&) {
      w.Write(fiber::Sleep(2s) ? "cut" : "slept");
    });
    mux_.HandleFunc("/silent", [](http::ResponseWriter&, http::Request&) {
      static_cast<void>(fiber::Sleep(1h));
    });
    mux_.HandleFunc("/big", [](http::ResponseWriter& w, http::Request&) {
      w.Write(std::string(kBodyBytes, 'b'));
    });
  }

  /// Turns the loop until nothing is left to do at the current time.
  void Settle() {
    for (int i = 0; i < 8; ++i) loop_->Turn(0ms);
  }
  void Sends(std::string_view bytes) {
    Socket().Sends(bytes);
    Settle();
  }
  void Passes(Duration time) {
    kernel_->Advance(time);
    Settle();
  }
  [[nodiscard]] uint64_t FibersStarted() const { return scheduler_->GetStats().started; }
};

TEST_F(Http1ConnTest, AHeadIsCollectedWithoutAFiber) {
  for (size_t i = 0; i + 1 < kGet.size(); ++i) {
    Sends(kGet.substr(i, 1));
    ASSERT_EQ(FibersStarted(), 0U) << i;
  }
  Sends(kGet.substr(kGet.size() - 1));
  EXPECT_EQ(FibersStarted(), 1U);
  EXPECT_EQ(scheduler_->Live(), 0U);  // and the idle connection has none
  EXPECT_EQ(Count(Socket().Take(), "hello"), 1U);
}

TEST_F(Http1ConnTest, OneFiberServesThePipelinedRequestsOfATurn) {
  Sends(Repeated(kGet, kRequestsPerTurnMax));
  EXPECT_EQ(Count(Socket().Take(), "hello"), size_t{kRequestsPerTurnMax});
  EXPECT_EQ(FibersStarted(), 1U);
}

TEST_F(Http1ConnTest, OneMoreRequestIsServedByTheNextFiber) {
  Sends(Repeated(kGet, kRequestsPerTurnMax + 1));
  EXPECT_EQ(Count(Socket().Take(), "hello"), size_t{kRequestsPerTurnMax + 1});
  EXPECT_EQ(FibersStarted(), 2U);
}

TEST_F(Http1ConnTest, RequestsBehindAHandlerThatWaitedAreServedByItsFiber) {
  Sends("GET /sleep HTTP/1.1\r\nHost: t\r\n\r\n" + Repeated(kGet, 2));
  EXPECT_EQ(Socket().Take(), "");
  Passes(4s);
  const std::string answers = Socket().Take();
  EXPECT_LT(answers.find("slept"), answers.find("hello"));
  EXPECT_EQ(Count(answers, "hello"), 2U);
  EXPECT_EQ(FibersStarted(), 1U);
  EXPECT_EQ(scheduler_->Live(), 0U);
}

TEST_F(Http1ConnTest, ABadHeadBehindGoodOnesIsRefusedOnce) {
  Sends(Repeated(kGet, 2) + "GET / HTTP/1.1\r\n\r\n" + std::string(kGet));
  const std::string answers = Socket().Take();
  EXPECT_EQ(Count(answers, "HTTP/1.1 200"), 2U);
  EXPECT_EQ(Count(answers, "HTTP/1.1 400"), 1U);
  EXPECT_EQ(events_, std::vector<std::string>{"400 400 Bad Request: missing required Host header"});
  EXPECT_EQ(FibersStarted(), 1U);
  EXPECT_TRUE(Socket().SawFin());
}

TEST_F(Http1ConnTest, ABeginningOfAHeadBehindAnAnswerHasTheTimeOfAHead) {
  Sends(std::string(kGet) + "GET /");
  EXPECT_EQ(Count(Socket().Take(), "hello"), 1U);
  EXPECT_EQ(scheduler_->Live(), 0U);
  Passes(990ms);
  EXPECT_EQ(Socket().Take(), "");
  Passes(20ms);
  EXPECT_EQ(Socket().Take().substr(0, 12), "HTTP/1.1 408");
}

TEST_F(Http1ConnTest, AConnectionIsIdleForItsTimeBehindTheLastOfItsRequests) {
  Sends(kGet);
  Passes(6s);
  Sends(kGet);
  static_cast<void>(Socket().Take());
  Passes(9900ms);
  EXPECT_FALSE(Socket().SawFin());
  Passes(200ms);
  EXPECT_TRUE(Socket().SawFin() || Socket().Closed());
  EXPECT_EQ(Socket().Take(), "");  // without an answer
}

TEST_F(Http1ConnTest, ARequestTimesOutAlsoBehindOneThatDidNotWait) {
  Sends(std::string(kGet) + "GET /silent HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(Count(Socket().Take(), "hello"), 1U);
  Passes(4900ms);
  EXPECT_EQ(Socket().Take(), "");
  Passes(200ms);
  EXPECT_EQ(Socket().Take().substr(0, 12), "HTTP/1.1 503");
  EXPECT_EQ(scheduler_->Live(), 0U);
}

TEST_F(Http1ConnTest, TheRestOfABodyIsDroppedBetweenAnswerAndNextRequest) {
  Sends("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n12345");
  EXPECT_EQ(Count(Socket().Take(), "hello"), 1U);  // not held back by the body
  EXPECT_EQ(scheduler_->Live(), 1U);
  Sends("67890" + std::string(kGet));
  EXPECT_EQ(Count(Socket().Take(), "hello"), 1U);
  EXPECT_EQ(FibersStarted(), 1U);
  EXPECT_EQ(scheduler_->Live(), 0U);
}

TEST_F(Http1ConnTest, APeerThatLeavesWhileItsBodyIsDroppedLeavesNothingBehind) {
  Sends("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n12345");
  EXPECT_EQ(scheduler_->Live(), 1U);
  Socket().Resets();
  Settle();
  EXPECT_EQ(scheduler_->Live(), 0U);
  EXPECT_EQ(serving_->Connections(), 0U);
}

TEST_F(Http1ConnTest, AConnectionThatIsCutInAHandlerEndsWithIt) {
  Sends("GET /sleep HTTP/1.1\r\nHost: t\r\n\r\n" + std::string(kGet));
  serving_->CutServed(io::ErrClosed);
  Settle();
  EXPECT_EQ(Socket().Take(), "");
  EXPECT_TRUE(Socket().SawReset());
  EXPECT_EQ(scheduler_->Live(), 0U);
  EXPECT_EQ(serving_->Connections(), 0U);
}

TEST_F(Http1ConnTest, AnswersThatNobodyTakesStopTheServingWithoutAFiber) {
  Socket().SetRoom(0);
  Sends(Repeated("GET /big HTTP/1.1\r\nHost: t\r\n\r\n", kPiledRequests));
  EXPECT_LE(serving_->Requests() * kBodyBytes, io::kHighWaterBytes);
  EXPECT_EQ(scheduler_->Live(), 0U);
  Socket().SetRoom(SIZE_MAX);
  Settle();
  Settle();
  EXPECT_EQ(serving_->Requests(), uint64_t{kPiledRequests});
}

TEST_F(Http1ConnTest, AnswersThatNobodyTakesEndTheConnectionInTheWriteTime) {
  Socket().SetRoom(0);
  Sends(Repeated("GET /big HTTP/1.1\r\nHost: t\r\n\r\n", kPiledRequests));
  Passes(2900ms);
  EXPECT_FALSE(Socket().Closed());
  Passes(200ms);
  EXPECT_TRUE(Socket().SawReset());
  EXPECT_EQ(serving_->Connections(), 0U);
}

TEST_F(Http1ConnTest, ADrainClosesWhatWaitsAndAnswersWhatHasBegun) {
  Sends(kGet);
  const int other = kernel_->Open();
  const auto adopted = loop_->Adopt(other, *serving_);
  ASSERT_TRUE(adopted.has_value());
  kernel_->At(other).Sends("GET /sleep HTTP/1.1\r\nHost: t\r\n\r\n");
  Settle();
  static_cast<void>(Socket().Take());
  int empty = 0;
  serving_->Drain({.hijacked = 1h}, [&] { ++empty; });
  Settle();
  EXPECT_TRUE(Socket().SawFin() || Socket().Closed());
  EXPECT_EQ(serving_->Connections(), 1U);
  EXPECT_EQ(empty, 0);
  Passes(4s);
  const std::string answer = kernel_->At(other).Take();
  EXPECT_EQ(Count(answer, "slept"), 1U);
  EXPECT_EQ(Count(answer, "Connection: close"), 1U);
  EXPECT_EQ(serving_->Connections(), 0U);
  EXPECT_EQ(empty, 1);
}

TEST_F(Http1ConnTest, NoRequestIsServedBehindTheEndOfKeepAlives) {
  Sends("GET /sleep HTTP/1.1\r\nHost: t\r\n\r\n" + std::string(kGet));
  serving_->SetKeepAlivesEnabled(false);
  Passes(4s);
  const std::string answers = Socket().Take();
  EXPECT_EQ(Count(answers, "slept"), 1U);
  EXPECT_EQ(Count(answers, "hello"), 0U);
  EXPECT_EQ(Count(answers, "Connection: close"), 1U);
}

}  // namespace
}  // namespace hon::engine
