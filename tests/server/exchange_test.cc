// One exchange over real sockets, on every backend.

#include <atomic>
#include <stdexcept>

#include "hon/fiber/fiber.h"
#include "hon/http/file_server.h"
#include "support/eventually.h"
#include "support/test_server.h"

namespace hon {
namespace {

using test::Answer;
using test::WirePeer;
using namespace std::chrono_literals;

// Of the answer of /big: far more than the buffers of two sockets hold.
constexpr size_t kBigPartBytes = 100'000;
constexpr int kBigParts = 300;
constexpr size_t kCountedBytes = 10'000;  // of an answer of /count

class Exchange : public test::ModeTest {
 protected:
  Exchange() {
    mux_.HandleFunc("/hello", [](http::ResponseWriter& w, http::Request&) { w.Write("hello"); });
    mux_.HandleFunc("/echo", [](http::ResponseWriter& w, http::Request& r) {
      Result<std::string> body = r.Body.ReadAll();
      if (!body) return;  // the server answers the unreadable request
      w.Header().Set("Content-Type", "text/plain");
      w.Write(*body);
    });
    mux_.HandleFunc("/noread",
                    [](http::ResponseWriter& w, http::Request&) { w.Write("not read"); });
    mux_.HandleFunc("/panic", [](http::ResponseWriter& w, http::Request&) {
      w.Write("lost");
      throw std::runtime_error("boom");
    });
    mux_.HandleFunc("/panic-late", [](http::ResponseWriter& w, http::Request&) {
      w.Write("sent");
      Error flushed = w.Flush();
      throw std::runtime_error(flushed ? flushed.Message() : "late boom");
    });
    mux_.HandleFunc("/abort",
                    [](http::ResponseWriter&, http::Request&) { throw http::AbortHandler(); });
    mux_.HandleFunc("/flush", [](http::ResponseWriter& w, http::Request&) {
      for (int i = 0; i < 3; ++i) {
        w.Write("part " + std::to_string(i) + "\n");
        if (w.Flush()) return;
      }
    });
    mux_.HandleFunc("/wait", [this](http::ResponseWriter& w, http::Request& r) {
      ++waiting_;
      const Error err = fiber::Wait(r.Context());
      SetCause(err.Message());
      --waiting_;
      w.Write("waited");
    });
    mux_.HandleFunc("/big", [this](http::ResponseWriter& w, http::Request&) {
      const std::string part(kBigPartBytes, 'x');
      for (int i = 0; i < kBigParts; ++i) {
        if (w.Write(part).err) return;
        ++big_parts_;
      }
    });
    mux_.HandleFunc("/silent-timeout", [](http::ResponseWriter&, http::Request&) {
      const Error err = fiber::Sleep(10s);
      static_cast<void>(err);
    });
    mux_.HandleFunc("/count", [this](http::ResponseWriter& w, http::Request&) {
      ++counted_;
      w.Write(std::string(kCountedBytes, 'c'));
    });
    mux_.HandleFunc("/changes", [](http::ResponseWriter& w, http::Request& r) {
      static const appcontext::Cancelable other = appcontext::WithCancel(appcontext::Background());
      other.cancel();
      r.SetContext(other.context);
      fiber::SetContext(&other.context);
      r.Header.Set("X-Mine", "1");
      r.SetPathValue("id", "1");
      r.RemoteAddr = "elsewhere";
      w.Header().Set("X-Mine", "1");
      EXPECT_FALSE(w.SetReadDeadline(Clock::now() + 20ms));
      EXPECT_FALSE(w.SetWriteDeadline(Clock::now() + 10s));
      w.Write("changing");
    });
    mux_.HandleFunc("/hurries", [](http::ResponseWriter& w, http::Request&) {
      EXPECT_FALSE(w.SetRequestDeadline(Clock::now() + 20ms));
      w.Write("hurrying");
    });
    mux_.HandleFunc("/looks", [](http::ResponseWriter& w, http::Request& r) {
      const Error cut = fiber::Sleep(100ms);  // by the fiber's context
      w.Write(cut || r.Context().Done() || r.Header.Has("X-Mine") || !r.PathValue("id").empty() ||
                      r.RemoteAddr.starts_with("e")
                  ? "changed"
                  : "as it was");
    });
    mux_.HandleFunc("/lifted", [](http::ResponseWriter& w, http::Request& r) {
      if (w.SetRequestDeadline(kNever)) return;
      w.Write(fiber::Sleep(r.Context(), 300ms) ? "cut short" : "slept");
    });
    mux_.HandleFunc("/hijack", [](http::ResponseWriter& w, http::Request&) {
      auto conn = w.Hijack();
      if (!conn) return;
      (*conn)->Write(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\nConnection: Upgrade\r\n\r\n");
      char bytes[512];
      for (;;) {
        const io::IoResult got = (*conn)->Read(bytes);
        if (got.n > 0) (*conn)->Write(std::string_view(bytes, got.n));
        if (got.err) return;
      }
    });
  }

  std::string Get(std::string_view path, std::string_view fields = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n" + std::string(fields) + "\r\n";
  }

  bool Eventually(const std::function<bool()>& condition) {
    return test::Eventually(condition, 10s);
  }

  http::ServeMux mux_;
  test::EventLog log_;
  std::atomic<int> waiting_{0};
  std::atomic<int> big_parts_{0};
  std::atomic<int> counted_{0};
  void SetCause(std::string cause) {
    std::lock_guard lock(mutex_);
    cause_ = std::move(cause);
  }
  std::string Cause() {
    std::lock_guard lock(mutex_);
    return cause_;
  }

  std::mutex mutex_;
  std::string cause_;  // the cause that ended the last /wait
  engine::Engine engine_{mux_, engine::WithEventHook(log_.Hook()),
                         engine::WithPlacement(GetParam().placement)};
};

TEST_P(Exchange, KeepsAliveAndAnswersInOrder) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(peer.Send(Get("/hello")));
    const Answer answer = peer.ReadAnswer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.Get("Content-Length"), "5");
    EXPECT_EQ(answer.Get("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_TRUE(answer.Has("Date"));
    EXPECT_FALSE(answer.Has("Connection"));
  }
}

TEST_P(Exchange, PipelinedRequestsAreAnsweredInOrder) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  std::string wire;
  for (int i = 0; i < 100; ++i) {
    const std::string body = "body " + std::to_string(i);
    wire += "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body;
  }
  ASSERT_TRUE(peer.Send(wire));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(peer.ReadAnswer().body, "body " + std::to_string(i));
  }
}

TEST_P(Exchange, APipelinedRequestSeesNothingOfTheOneBefore) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/hello") + Get("/changes") + Get("/looks") + Get("/hurries") +
                        Get("/looks") + Get("/hello") + Get("/panic") + Get("/hello")));
  for (const std::string_view body :
       {"hello", "changing", "as it was", "hurrying", "as it was", "hello"}) {
    const Answer answer = peer.ReadAnswer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, body);
    EXPECT_EQ(answer.Has("X-Mine"), body == "changing");
  }
  EXPECT_EQ(peer.ReadAnswer().status, 500);
  EXPECT_TRUE(peer.ExpectEnd());
}

TEST_P(Exchange, InputBehindAPipelinedRequestIsJudgedAsUsual) {
  test::TestServer server(engine_, GetParam());
  for (const std::string_view bad :
       {"nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: t\r\n\r\n"}) {
    WirePeer peer(server.Address());
    ASSERT_TRUE(peer.Send(Get("/hello") + Get("/hello") + std::string(bad)));
    EXPECT_EQ(peer.ReadAnswer().body, "hello");
    EXPECT_EQ(peer.ReadAnswer().body, "hello");
    EXPECT_EQ(peer.ReadAnswer().status, 400) << bad;
    EXPECT_TRUE(peer.ExpectEnd());
  }
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/hello") + "\r\nGET /hel"));
  EXPECT_EQ(peer.ReadAnswer().body, "hello");
  ASSERT_TRUE(peer.Send("lo HTTP/1.1\r\nHost: t\r\n\r\n" + Get("/hijack") + "raw"));
  EXPECT_EQ(peer.ReadAnswer().body, "hello");
  EXPECT_EQ(peer.ReadAnswer().status, 101);
  EXPECT_EQ(peer.Read(3), "raw");
}

TEST_P(Exchange, EveryCutOfARequest) {
  test::TestServer server(engine_, GetParam());
  const std::string wire =
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  WirePeer peer(server.Address());
  for (size_t cut = 0; cut <= wire.size(); ++cut) {
    ASSERT_TRUE(peer.Send(wire.substr(0, cut)));
    ::usleep(300);
    ASSERT_TRUE(peer.Send(wire.substr(cut)));
    const Answer answer = peer.ReadAnswer();
    ASSERT_EQ(answer.status, 200) << "cut " << cut;
    ASSERT_EQ(answer.body, "abc") << "cut " << cut;
  }
}

TEST_P(Exchange, ByteByByte) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(
      peer.SendInPieces("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nxyz", 1));
  EXPECT_EQ(peer.ReadAnswer().body, "xyz");
}

TEST_P(Exchange, AHeadOfManyBlocks) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  // One field is longer than the high water mark of input, and the limit is a mebibyte.
  for (const size_t size : {size_t{60'000}, size_t{70'000}, size_t{900'000}}) {
    ASSERT_TRUE(peer.Send(Get("/hello", "X-Large: " + std::string(size, 'x') + "\r\n")));
    EXPECT_EQ(peer.ReadAnswer().body, "hello") << size;
  }
}

TEST_P(Exchange, BadRequestBehindAGoodOne) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/hello") + "GET / HTTP/1.1\nHost: t\r\n\r\n"));
  EXPECT_EQ(peer.ReadAnswer().body, "hello");
  const Answer refused = peer.ReadAnswer();
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.Get("Connection"), "close");
  EXPECT_TRUE(peer.Ended());
}

TEST_P(Exchange, ThrowBeforeTheHeadIs500) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/panic")));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.Get("Connection"), "close");
  EXPECT_EQ(answer.body.find("lost"), std::string::npos);
  const auto entries = log_.Entries();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].kind, engine::Event::Kind::kPanic);
  EXPECT_EQ(entries[0].detail, "boom");
  EXPECT_EQ(entries[0].pattern, "/panic");
}

TEST_P(Exchange, ThrowAfterTheHeadCutsTheAnswer) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/panic-late")));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "sent");
  EXPECT_FALSE(answer.complete);
  EXPECT_TRUE(peer.Ended());
}

TEST_P(Exchange, AbortHandlerIsSilent) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/abort")));
  EXPECT_TRUE(peer.ExpectEnd());
  EXPECT_TRUE(log_.Entries().empty());
}

TEST_P(Exchange, FlushSendsChunks) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/flush")));
  const Answer answer = peer.ReadAnswer();
  EXPECT_TRUE(answer.chunked);
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, "part 0\npart 1\npart 2\n");
}

TEST_P(Exchange, ALeavingClientEndsTheContext) {
  test::TestServer server(engine_, GetParam());
  for (const bool with_body : {false, true}) {
    WirePeer peer(server.Address());
    ASSERT_TRUE(peer.Send(with_body
                              ? "POST /wait HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nsome"
                              : Get("/wait")));
    ASSERT_TRUE(Eventually([&] { return waiting_ == 1; }));
    if (with_body) {
      peer.Reset();
    } else {
      peer.Close();
    }
    ASSERT_TRUE(Eventually([&] { return waiting_ == 0; }));
    EXPECT_EQ(Cause(), "http: client disconnected");
  }
}

TEST_P(Exchange, AHalfClosedClientStillGetsItsAnswer) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/wait")));
  peer.EndSending();
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.body, "waited");
  EXPECT_TRUE(peer.ExpectEnd());
}

TEST_P(Exchange, PipelinedBeforeHalfCloseAreAllAnswered) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/hello") + Get("/flush") + Get("/hello")));
  peer.EndSending();
  EXPECT_EQ(peer.ReadAnswer().body, "hello");
  EXPECT_EQ(peer.ReadAnswer().body, "part 0\npart 1\npart 2\n");
  EXPECT_EQ(peer.ReadAnswer().body, "hello");
  EXPECT_TRUE(peer.ExpectEnd());
}

TEST_P(Exchange, AReaderThatStopsMakesTheHandlerWait) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/big")));
  int written = 0;
  while (written == 0 || big_parts_ != written) {  // until the number is stable
    written = big_parts_;
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_LT(written, kBigParts);
  WirePeer other(server.Address());  // the loop is not held up
  ASSERT_TRUE(other.Send(Get("/hello")));
  EXPECT_EQ(other.ReadAnswer().body, "hello");
  EXPECT_LT(big_parts_, kBigParts);
  const Answer answer = peer.ReadAnswer();
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body.size(), kBigParts * kBigPartBytes);
  EXPECT_EQ(big_parts_, kBigParts);
}

TEST_P(Exchange, AnswersThatNobodyTakesAreNotPiledUp) {
  // Far more than the buffers of two sockets hold.
  constexpr int kRequests = 4'000;
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  std::thread asker([&] {
    const std::string one = Get("/count");
    for (int i = 0; i < kRequests; ++i) {
      if (!peer.Send(one)) return;
    }
  });
  int seen = -1;
  while (counted_ != seen) {  // until the number is stable
    seen = counted_;
    std::this_thread::sleep_for(300ms);
  }
  EXPECT_LT(seen, kRequests);
  for (int i = 0; i < kRequests; ++i) ASSERT_EQ(peer.ReadAnswer().body.size(), kCountedBytes) << i;
  asker.join();
  EXPECT_EQ(counted_, kRequests);
}

TEST_P(Exchange, AskingWithoutReadingEndsAfterTheWriteTimeout) {
  test::TestServer server(engine_, GetParam(), server::WithWriteTimeout(300ms));
  WirePeer peer(server.Address());
  std::thread asker([&] {
    const std::string one = Get("/count");
    for (int i = 0; i < 100'000; ++i) {
      if (!peer.Send(one)) return;
    }
  });
  EXPECT_TRUE(Eventually([&] { return counted_ > 0 && server.Get().Connections() == 0; }));
  asker.join();
}

TEST_P(Exchange, AReaderThatNeverReadsIsCutAfterTheWriteTimeout) {
  test::TestServer server(engine_, GetParam(), server::WithWriteTimeout(200ms));
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/big")));
  EXPECT_TRUE(Eventually([&] { return server.Get().Connections() == 0; }));
}

TEST_P(Exchange, ExpectContinue) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(peer.ReadAnswer().status, 100);
  ASSERT_TRUE(peer.Send("ok"));
  EXPECT_EQ(peer.ReadAnswer().body, "ok");
  ASSERT_TRUE(peer.Send(
      "POST /noread HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Get("Connection"), "close");
  EXPECT_TRUE(peer.ExpectEnd());
}

TEST_P(Exchange, BodyTimeoutIs408) {
  test::TestServer server(engine_, GetParam(), server::WithReadTimeout(150ms));
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc"));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 408);
  EXPECT_TRUE(peer.Ended());
}

TEST_P(Exchange, HeadTimeoutIs408AndASilentClientIsClosed) {
  test::TestServer server(engine_, GetParam(), server::WithReadHeaderTimeout(150ms));
  WirePeer partial(server.Address());
  WirePeer silent(server.Address());
  ASSERT_TRUE(partial.Send("GET / HTT"));
  EXPECT_EQ(partial.ReadAnswer().status, 408);
  EXPECT_TRUE(silent.ExpectEnd());
}

TEST_P(Exchange, IdleTimeoutClosesSilently) {
  test::TestServer server(engine_, GetParam(), server::WithKeepAliveTimeout(150ms));
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/hello")));
  EXPECT_EQ(peer.ReadAnswer().body, "hello");
  EXPECT_TRUE(peer.ExpectEnd());
}

TEST_P(Exchange, BodyLimitAtNAndOneMore) {
  test::TestServer server(engine_, GetParam(), server::WithMaxBodyBytes(10));
  for (const bool chunked : {false, true}) {
    for (const size_t size : {size_t{10}, size_t{11}}) {
      WirePeer peer(server.Address());
      const std::string body(size, 'q');
      ASSERT_TRUE(peer.Send(
          chunked ? "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n" +
                        std::string(size == 10 ? "a" : "b") + "\r\n" + body + "\r\n0\r\n\r\n"
                  : "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(size) +
                        "\r\n\r\n" + body));
      EXPECT_EQ(peer.ReadAnswer().status, size == 10 ? 200 : 413) << chunked << size;
    }
  }
}

TEST_P(Exchange, RequestTimeoutEndsWaits) {
  engine::Engine engine(mux_, engine::WithRequestTimeout(100ms), engine::WithEventHook(log_.Hook()),
                        engine::WithPlacement(GetParam().placement));
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/wait")));
  EXPECT_EQ(peer.ReadAnswer().body, "waited");
  EXPECT_EQ(waiting_, 0);
  EXPECT_EQ(Cause(), "http: request timeout");
  ASSERT_TRUE(peer.Send(Get("/lifted")));
  EXPECT_EQ(peer.ReadAnswer().body, "slept");
  ASSERT_TRUE(peer.Send(Get("/silent-timeout")));
  EXPECT_EQ(peer.ReadAnswer().status, 503);
}

TEST_P(Exchange, HijackEchoesWhatWasBufferedFirst) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/hijack", "Connection: Upgrade\r\nUpgrade: raw\r\n") + "early"));
  EXPECT_EQ(peer.ReadAnswer().status, 101);
  EXPECT_EQ(peer.Read(5), "early");
  ASSERT_TRUE(peer.Send("late"));
  EXPECT_EQ(peer.Read(4), "late");
  peer.EndSending();
  EXPECT_TRUE(peer.ExpectEnd());
}

TEST_P(Exchange, AHijackClearsTheDeadlines) {
  test::TestServer server(engine_, GetParam(), server::WithReadHeaderTimeout(100ms),
                          server::WithReadTimeout(100ms), server::WithWriteTimeout(100ms),
                          server::WithKeepAliveTimeout(100ms));
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/hijack", "Connection: Upgrade\r\nUpgrade: raw\r\n")));
  EXPECT_EQ(peer.ReadAnswer().status, 101);
  std::this_thread::sleep_for(300ms);
  ASSERT_TRUE(peer.Send("late"));
  EXPECT_EQ(peer.Read(4), "late");
}

TEST_P(Exchange, ConnectionLimit) {
  test::TestServer server(engine_, GetParam(), server::WithMaxConnections(2));
  WirePeer first(server.Address());
  WirePeer second(server.Address());
  ASSERT_TRUE(first.Send(Get("/hello")));
  EXPECT_EQ(first.ReadAnswer().body, "hello");
  ASSERT_TRUE(second.Send(Get("/hello")));
  EXPECT_EQ(second.ReadAnswer().body, "hello");
  WirePeer third(server.Address());
  const Answer answer = third.ReadAnswer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.Get("Connection"), "close");
  first.Close();
  EXPECT_TRUE(Eventually([&] { return server.Get().Connections() <= 1; }));
  WirePeer fourth(server.Address());
  ASSERT_TRUE(fourth.Send(Get("/hello")));
  EXPECT_EQ(fourth.ReadAnswer().body, "hello");
}

TEST_P(Exchange, ShutdownLetsRequestsEndAndClosesIdleConnections) {
  test::TestServer server(engine_, GetParam());
  WirePeer idle(server.Address());
  ASSERT_TRUE(idle.Send(Get("/hello")));
  EXPECT_EQ(idle.ReadAnswer().body, "hello");
  WirePeer busy(server.Address());
  ASSERT_TRUE(busy.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\na"));
  ASSERT_TRUE(idle.Send(Get("/hello")));  // the loop receives it behind the other
  EXPECT_EQ(idle.ReadAnswer().body, "hello");
  std::thread stopper([&] {
    const auto grace = appcontext::WithTimeout(appcontext::Background(), 10s);
    EXPECT_FALSE(server.Get().Shutdown(grace.context));
  });
  EXPECT_TRUE(idle.ExpectEnd());
  ASSERT_TRUE(busy.Send("b"));
  const Answer answer = busy.ReadAnswer();
  EXPECT_EQ(answer.body, "ab");
  EXPECT_EQ(answer.Get("Connection"), "close");
  EXPECT_TRUE(busy.ExpectEnd());
  stopper.join();
  EXPECT_TRUE(server.Get().Serve().Is(http::ErrServerClosed));
  EXPECT_THROW(WirePeer(server.Address()), std::runtime_error);
}

TEST_P(Exchange, ShutdownGivesUpWithItsContext) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/wait")));
  ASSERT_TRUE(Eventually([&] { return waiting_ == 1; }));
  const auto grace = appcontext::WithTimeout(appcontext::Background(), 50ms);
  const Error err = server.Get().Shutdown(grace.context);
  EXPECT_TRUE(err.Is(appcontext::ErrDeadlineExceeded)) << err.Message();
  EXPECT_FALSE(server.Get().Close());  // ends the handler's wait
  EXPECT_TRUE(Eventually([&] { return waiting_ == 0; }));
}

HON_INSTANTIATE_MODES(Exchange);

}  // namespace
}  // namespace hon
