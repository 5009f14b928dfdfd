// Scenarios of Go's reverseproxy_test, over sockets. The server behind the proxy is a script that
// controls every byte.

#include "hon/httputil/reverse_proxy.h"

#include <atomic>

#include "hon/http/client_error.h"
#include "hon/http/middleware.h"
#include "hon/httptest/server.h"
#include "httputil/proxy_fixture.h"

namespace hon {
namespace {

using test::Answer;
using test::ScriptedConn;
using test::ScriptedServer;
using test::WirePeer;
using namespace std::chrono_literals;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class ReverseProxy : public test::ProxyTest {};

/// Reads the head of one request and answers with `answer`.
class OneAnswer {
 public:
  explicit OneAnswer(std::string_view answer = kOk)
      : server_([this, answer = std::string(answer)](ScriptedConn& conn) {
          head_.Set(conn.ReadHead());
          conn.Send(answer);
          conn.EndSending();
          ended_ = conn.PeerEnds();
        }) {}
  [[nodiscard]] std::string Url() const { return server_.Url(); }
  [[nodiscard]] std::string Address() const { return server_.Address(); }
  /// Valid after the answer.
  [[nodiscard]] std::string Head() const { return head_.Get(); }

 private:
  test::SharedText head_;
  std::atomic<bool> ended_{false};
  ScriptedServer server_;
};

TEST_P(ReverseProxy, PassesARequestOnAndItsAnswerBack) {
  OneAnswer back(
      "HTTP/1.1 418 Teapot\r\nContent-Length: 3\r\nX-Back: 1\r\nX-Back: 2\r\nConnection: X-Hop\r\n"
      "X-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Type: a/b\r\nDate: Mon, 01 Jan 2024 00:00:00 "
      "GMT\r\n"
      "Server: back\r\n\r\nabc");
  To(back.Url() + "/base?t=1");
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(
      "PATCH /p%2Fq/r?q=2 HTTP/1.1\r\nHost: front.test\r\nX-Mine: a\r\nX-Mine: b\r\nConnection: "
      "close, "
      "X-Gone\r\nX-Gone: 1\r\nKeep-Alive: 3\r\nProxy-Authorization: x\r\nTE: trailers, deflate\r\n"
      "Via: 1.0 before\r\nContent-Length: 0\r\n\r\n"));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(back.Head(), "PATCH /base/p%2Fq/r?t=1&q=2 HTTP/1.1\r\nHost: " + back.Address() +
                             "\r\nContent-Length: 0\r\nX-Mine: a\r\nX-Mine: b\r\n"
                             "Via: 1.0 before\r\nTe: trailers\r\n\r\n");
  EXPECT_EQ(answer.status, 418);
  EXPECT_EQ(answer.body, "abc");
  EXPECT_EQ(answer.Get("Content-Length"), "3");
  EXPECT_EQ(answer.Get("X-Back"), "1");
  EXPECT_FALSE(answer.Has("X-Hop"));
  EXPECT_FALSE(answer.Has("Keep-Alive"));
  EXPECT_EQ(answer.Get("Date"), "Mon, 01 Jan 2024 00:00:00 GMT");
  EXPECT_EQ(answer.Get("Server"), "back");
}

// G76: the proxy adds neither a User-Agent nor gzip to the request, nor a type to the answer.
TEST_P(ReverseProxy, MakesNothingUp) {
  OneAnswer back("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>");
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/")));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(back.Head(), "GET / HTTP/1.1\r\nHost: " + back.Address() + "\r\n\r\n");
  EXPECT_FALSE(answer.Has("Content-Type"));
  EXPECT_EQ(answer.body, "<html>");
}

TEST_P(ReverseProxy, RewriteSeesNoForwardingFieldsAndMaySetThem) {
  OneAnswer back;
  proxy_.Rewrite = [url = *url::Parse(back.Url())](httputil::ProxyRequest& r) {
    EXPECT_FALSE(r.Out.Header.Has("X-Forwarded-For"));
    EXPECT_TRUE(r.In.Header.Has("X-Forwarded-For"));
    r.SetURL(url);
    r.Out.Header.Set("X-Forwarded-For", "1.1.1.1");
    r.SetXForwarded();
  };
  WirePeer peer(Serve());
  ASSERT_TRUE(
      peer.Send(Get("/?a=1;b=2&c=3",
                    "Forwarded: for=2.2.2.2\r\nX-Forwarded-For: 3.3.3.3\r\nX-Forwarded-Host: "
                    "evil\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 1\r\n")));
  EXPECT_EQ(peer.ReadAnswer().status, 200);
  EXPECT_EQ(back.Head(), "GET /?c=3 HTTP/1.1\r\nHost: " + back.Address() +
                             "\r\nX-Forwarded-Port: 1\r\nX-Forwarded-For: 1.1.1.1, 127.0.0.1\r\n"
                             "X-Forwarded-Host: front.test\r\nX-Forwarded-Proto: http\r\n\r\n");
}

TEST_P(ReverseProxy, DirectorKeepsThemAndTheHostAndTheClientIsAdded) {
  OneAnswer back;
  proxy_.Director = httputil::NewSingleHostReverseProxy(*url::Parse(back.Url() + "/b/"))->Director;
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/x?a=1;b", "Forwarded: for=2.2.2.2\r\nX-Forwarded-For: 3.3.3.3\r\n")));
  EXPECT_EQ(peer.ReadAnswer().status, 200);
  EXPECT_EQ(back.Head(),
            "GET /b/x?a=1;b HTTP/1.1\r\nHost: front.test\r\nForwarded: for=2.2.2.2\r\n"
            "X-Forwarded-For: 3.3.3.3, 127.0.0.1\r\n\r\n");
}

TEST_P(ReverseProxy, DirectorMayKeepTheClientToItself) {
  OneAnswer back;
  proxy_.Director = [url = *url::Parse(back.Url())](http::Request& out) {
    out.URL.Scheme = url.Scheme;
    out.URL.Host = url.Host;
    out.Header.Suppress("X-Forwarded-For");
  };
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/", "X-Forwarded-For: 3.3.3.3\r\n")));
  EXPECT_EQ(peer.ReadAnswer().status, 200);
  EXPECT_EQ(back.Head(), "GET / HTTP/1.1\r\nHost: front.test\r\n\r\n");
}

TEST_P(ReverseProxy, NamesItselfInViaWhereItHasAName) {
  OneAnswer back("HTTP/1.0 200 OK\r\nVia: 1.1 other\r\n\r\nok");
  To(back.Url());
  proxy_.Via = "hon";
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/", "Via: 1.0 before\r\n")));
  const Answer answer = peer.ReadAnswer();
  EXPECT_NE(back.Head().find("Via: 1.0 before\r\nVia: 1.1 hon\r\n"), std::string::npos);
  std::string via;
  for (const auto& [name, value] : answer.fields) {
    if (name == "Via") via += value + ";";
  }
  EXPECT_EQ(via, "1.1 other;1.0 hon;");
}

TEST_P(ReverseProxy, NeedsOneOfRewriteAndDirector) {
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/")));
  EXPECT_EQ(peer.ReadAnswer().status, 502);
  ASSERT_EQ(Logged().size(), 1u);
  EXPECT_EQ(Logged()[0],
            "httputil: ReverseProxy proxy error: " + std::string(httputil::ErrNoRewrite.text));
}

TEST_P(ReverseProxy, AServerThatIsNotThereIs502AndOneThatIsSilent504) {
  std::string nobody;
  {
    const ScriptedServer gone([](ScriptedConn&) {});
    nobody = gone.Url();
  }
  const ScriptedServer silent([](ScriptedConn& conn) { conn.PeerEnds(); });
  proxy_.Rewrite = [&](httputil::ProxyRequest& r) {
    r.SetURL(*url::Parse(r.In.URL.Path == "/silent" ? silent.Url() : nobody));
  };
  WirePeer peer(Serve({.ResponseHeaderTimeout = 50ms}));
  ASSERT_TRUE(peer.Send(Get("/")));
  Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.Get("Content-Length"), "0");
  ASSERT_TRUE(peer.Send(Get("/silent")));
  EXPECT_EQ(peer.ReadAnswer().status, 504);
}

TEST_P(ReverseProxy, ErrorsGoToTheErrorHandler) {
  OneAnswer back;
  To(back.Url());
  proxy_.ModifyResponse = [](http::Response& answer) {
    return Error::New("refused a " + std::to_string(answer.StatusCode));
  };
  proxy_.ErrorHandler = [](http::ResponseWriter& w, http::Request&, const Error& err) {
    w.WriteHeader(599);
    w.Write(err.Message());
  };
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/")));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 599);
  EXPECT_EQ(answer.body, "refused a 200");
}

TEST_P(ReverseProxy, ModifyResponseChangesTheAnswer) {
  OneAnswer back;
  To(back.Url());
  proxy_.ModifyResponse = [](http::Response& answer) {
    answer.StatusCode = 203;
    answer.Header.Set("X-Changed", "yes");
    return Error();
  };
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/")));
  const Answer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.status, 203);
  EXPECT_EQ(answer.Get("X-Changed"), "yes");
  EXPECT_EQ(answer.body, "ok");
}

// R13: an incomplete answer stays incomplete.
TEST_P(ReverseProxy, AnAnswerThatBreaksOffBreaksOff) {
  for (const std::string_view broken :
       {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\nxyz\r\n"}) {
    OneAnswer back(broken);
    To(back.Url());
    WirePeer peer(Serve());
    ASSERT_TRUE(peer.Send(Get("/")));
    const Answer answer = peer.ReadAnswer();
    EXPECT_FALSE(answer.complete) << broken;
    Stop();
  }
}

TEST_P(ReverseProxy, InterimAnswersComeThrough) {
  OneAnswer back(
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nKeep-Alive: 1\r\n\r\n"
      "HTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/", "Connection: close\r\n")));
  const std::string all = peer.ReadAll();
  EXPECT_TRUE(
      all.starts_with("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                      "HTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\nHTTP/1.1 200 OK\r\n"))
      << all;
  EXPECT_EQ(all.rfind("Link"), all.find("Link: </b>"));
}

TEST_P(ReverseProxy, TrailersComeThroughAnnouncedOrNot) {
  OneAnswer back(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n2\r\nok\r\n0\r\n"
      "X-A: 1\r\nX-B: 2\r\n\r\n");
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/")));
  const Answer answer = peer.ReadAnswer();
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, "ok");
  EXPECT_EQ(answer.Get("Trailer"), "X-A");
  EXPECT_EQ(answer.trailers.at("X-A"), "1");
  EXPECT_EQ(answer.trailers.at("X-B"), "2");
}

// Over HTTP/2 trailers may follow a body with a length; over HTTP/1.1 only chunks (RFC 9112
// §7.1.2).
TEST_P(ReverseProxy, TrailersBehindALengthComeThrough) {
  httptest::Server back([](http::ResponseWriter& w, http::Request&) {
    w.Header().Set("Content-Length", "4");
    w.Header().Set("Trailer", "X-Sum");
    w.Write("body");
    w.Header().Set("X-Sum", "42");
  });
  http::Protocols h2c;
  h2c.SetUnencryptedHTTP2(true);
  back.Configure(server::WithProtocols(h2c));
  back.Start();
  To(back.URL);
  client::TransportOptions options;
  options.Protocols = h2c;
  WirePeer peer(Serve(options));
  ASSERT_TRUE(peer.Send(Get("/")));
  const Answer answer = peer.ReadAnswer();
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, "body");
  EXPECT_EQ(answer.Get("Content-Length"), "");
  ASSERT_EQ(answer.trailers.count("X-Sum"), 1u);
  EXPECT_EQ(answer.trailers.at("X-Sum"), "42");
  ASSERT_TRUE(peer.Send("HEAD / HTTP/1.1\r\nHost: front.test\r\n\r\n"));
  EXPECT_NE(peer.ReadThrough("\r\n\r\n").find("Content-Length: 4\r\n"), std::string::npos);
  proxy_.Transport->CloseIdleConnections();
}

TEST_P(ReverseProxy, BodiesAndTrailersOfRequestsComeThrough) {
  test::SharedText seen;
  const ScriptedServer back([&](ScriptedConn& conn) {
    const std::string head = conn.ReadHead();
    EXPECT_NE(head.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
    EXPECT_NE(head.find("Trailer: X-Sum"), std::string::npos);
    seen.Set(conn.ReadUntil("\r\n\r\n"));
    conn.Send(kOk);
  });
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(
      peer.Send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, "
                "X-None\r\n\r\n"));
  ASSERT_TRUE(peer.Send("5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n"));
  EXPECT_EQ(peer.ReadAnswer().body, "ok");
  EXPECT_TRUE(seen.Get().ends_with("hello\r\n0\r\nX-Sum: 42\r\n\r\n")) << seen.Get();
}

// R9: the head is sent before the body, and each part when it arrives.
TEST_P(ReverseProxy, AnswersOfUnknownLengthAreSentAtOnce) {
  std::atomic<int> step{0};
  const ScriptedServer back([&](ScriptedConn& conn) {
    conn.ReadHead();
    conn.Send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (step == 0) std::this_thread::sleep_for(1ms);
    conn.Send("6\r\ndata1\n\r\n");
    while (step == 1) std::this_thread::sleep_for(1ms);
    conn.Send("6\r\ndata2\n\r\n0\r\n\r\n");
  });
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/", "Connection: close\r\n")));
  EXPECT_TRUE(peer.ReadThrough("\r\n\r\n").starts_with("HTTP/1.1 200"));
  step = 1;
  EXPECT_NE(peer.ReadThrough("data1\n").find("data1\n"), std::string::npos);
  step = 2;
  EXPECT_NE(peer.ReadAll().find("data2\n\r\n0\r\n\r\n"), std::string::npos);
}

TEST_P(ReverseProxy, APositiveFlushIntervalSendsAtOnce) {
  std::atomic<bool> seen{false};
  const ScriptedServer back([&](ScriptedConn& conn) {
    conn.ReadHead();
    conn.Send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
    conn.Send("abc");
    while (!seen) std::this_thread::sleep_for(1ms);
    conn.Send("def");
  });
  To(back.Url());
  proxy_.FlushInterval = 1h;
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/")));
  EXPECT_TRUE(peer.ReadThrough("abc").starts_with("HTTP/1.1 200"));
  seen = true;
  EXPECT_EQ(peer.ReadThrough("f"), "def");
}

TEST_P(ReverseProxy, AClientThatLeavesEndsTheRequest) {
  std::atomic<bool> asked{false};
  std::atomic<bool> ended{false};
  const ScriptedServer back([&](ScriptedConn& conn) {
    conn.ReadHead();
    asked = true;
    ended = conn.PeerEnds();
  });
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send(Get("/")));
  while (!asked) std::this_thread::sleep_for(1ms);
  peer.Reset();
  EXPECT_TRUE(test::Eventually([&] { return ended.load(); }));
  EXPECT_TRUE(Logged().empty());
}

TEST_P(ReverseProxy, AnAnswerBeforeTheEndOfTheBodyIsPassedOn) {
  const ScriptedServer back([&](ScriptedConn& conn) {
    conn.ReadHead();
    conn.Send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    conn.EndSending();
    conn.PeerEnds();
  });
  To(back.Url());
  WirePeer peer(Serve());
  const std::string rest(100'000 - 4, 'r');
  for (int i = 0; i < 3; ++i) {
    // The rest comes behind the answer, and is dropped; the connection serves further requests.
    ASSERT_TRUE(peer.Send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\npart"));
    const Answer answer = peer.ReadAnswer();
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.body, "no");
    ASSERT_TRUE(peer.Send(rest));
  }
}

TEST_P(ReverseProxy, ABodyThatIsNoneIsTheClientsFault) {
  const ScriptedServer back([&](ScriptedConn& conn) {
    conn.ReadHead();
    conn.PeerEnds();
  });
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"));
  EXPECT_EQ(peer.ReadAnswer().status, 400);
}

// The server does not know of a limit, or of another reader, that a handler has set.
TEST_P(ReverseProxy, ABodyThatAHandlersReaderRefusesIsTheClientsFault) {
  struct Strict final : http::BodySource {
    io::IoResult Read(std::span<char>) override { return {0, Error::New("not of this kind")}; }
    Error Close() override { return {}; }
  };
  const ScriptedServer back([&](ScriptedConn& conn) {
    conn.ReadHead();
    conn.PeerEnds();
  });
  To(back.Url());
  proxy_.Transport = std::make_shared<client::Transport>();
  httptest::Server front([this](http::ResponseWriter& w, http::Request& r) {
    r.Body = r.URL.Path == "/limit" ? http::MaxBytesReader(w, r.Body, 3)
                                    : http::Body(std::make_shared<Strict>());
    proxy_.ServeHTTP(w, r);
  });
  front.Configure(server::WithBackend(GetParam()));
  front.Start();
  for (const auto& [path, status] : {std::pair("/limit", 413), std::pair("/strict", 400)}) {
    WirePeer peer(front.Address);
    ASSERT_TRUE(peer.Send("POST " + std::string(path) +
                          " HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nfour"));
    EXPECT_EQ(peer.ReadAnswer().status, status) << path;
  }
}

// The proxy then gives the reading of the body up, which is no fault of the client.
TEST_P(ReverseProxy, AServerThatLeavesInTheMiddleOfABodyIs502) {
  const ScriptedServer back([&](ScriptedConn& conn) {
    conn.ReadHead();
    conn.ReadExactly(4);
  });
  To(back.Url());
  WirePeer peer(Serve());
  ASSERT_TRUE(peer.Send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\npart"));
  EXPECT_EQ(peer.ReadAnswer().status, 502);
}

TEST_P(ReverseProxy, OneConnectionServesManyRequests) {
  std::atomic<int> connections{0};
  const ScriptedServer back([&](ScriptedConn& conn) {
    ++connections;
    while (!conn.ReadHead().empty() && conn.Send(kOk)) {
    }
  });
  To(back.Url());
  WirePeer peer(Serve());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(peer.Send(Get("/")));
    ASSERT_EQ(peer.ReadAnswer().body, "ok");
  }
  EXPECT_EQ(connections, 1);
  proxy_.Transport->CloseIdleConnections();
}

HON_INSTANTIATE_BACKENDS(ReverseProxy);

}  // namespace
}  // namespace hon
