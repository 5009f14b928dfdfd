// The Connection field and the framing of a Response when several fields, HTTP/1.0 or CONNECT are
// involved.

#include <gtest/gtest.h>

#include <string>

#include "adaptor/response_fixture.h"
#include "hon/adaptor/response.h"

namespace hon::adaptor::test {
namespace {

using http::ResponseWriter;

const std::string kTextType = "Content-Type: text/plain; charset=utf-8\r\n";

// --- Reuse of the connection: W43 to W47, W65.

TEST_F(ResponseTest, ConnectionCloseIsSentAndClosesTheConnection) {
  EXPECT_EQ(Answer(kClose, [](ResponseWriter&) {}),
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(response_.MustClose());
}

TEST_F(ResponseTest, AServerThatShutsDownSendsConnectionClose) {
  control_.keep_alive = false;
  EXPECT_EQ(Answer([](ResponseWriter& w) { w.Header().Set("Connection", "close, x"); }),
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(response_.MustClose());
}

TEST_F(ResponseTest, TheHandlerMaySayClose) {
  for (const char* value : {"close", "Close", "x, close"}) {
    EXPECT_EQ(Answer([value](ResponseWriter& w) {
                w.Header().Set("Connection", value);
                w.Header().Set("A", "1");
                w.Header().Set("Z", "1");
              }),
              "HTTP/1.1 200 OK\r\nA: 1\r\nConnection: " + std::string(value) +
                  "\r\nZ: 1\r\nDate: D\r\nContent-Length: 0\r\n\r\n");
    EXPECT_TRUE(response_.MustClose());
  }
}

// RFC 9110 §5.3: several lines of one name are one list.
TEST_F(ResponseTest, TheHandlerMaySayCloseInAnyOfItsLines) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Header().Add("Connection", "keep-alive");
              w.Header().Add("Connection", "close");
            }),
            "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: close\r\nDate: D\r\n"
            "Content-Length: 0\r\n\r\n");
  EXPECT_TRUE(response_.MustClose());
  EXPECT_EQ(Answer(kClose,
                   [](ResponseWriter& w) {
                     w.Header().Add("Connection", "x");
                     w.Header().Add("Connection", "Upgrade");
                     w.Header().Set("Upgrade", "x");
                     w.WriteHeader(101);
                   }),
            "HTTP/1.1 101 Switching Protocols\r\nConnection: x\r\nConnection: Upgrade\r\n"
            "Upgrade: x\r\nDate: D\r\n\r\n");
}

// A message is chunked once (RFC 9112 §6.1), and its length is stated in one way (RFC 9110 §8.6).
TEST_F(ResponseTest, SeveralLinesOfCodingsAndLengthsAreOneList) {
  for (const std::string_view second : {"chunked", "identity", "gzip"}) {
    EXPECT_EQ(
        Answer([second](ResponseWriter& w) {
          w.Header().Add("Transfer-Encoding", "chunked");
          w.Header().Add("Transfer-Encoding", second);
          w.Write("abc");
          EXPECT_FALSE(w.Flush());
        }),
        "HTTP/1.1 200 OK\r\nDate: D\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        << second;
    EXPECT_EQ(control_.log.back(), "http: the handler's Transfer-Encoding is unknown; dropped");
  }
  const auto sized = [](std::string_view second) {
    return [second](ResponseWriter& w) {
      w.Header().Add("Content-Length", "3");
      w.Header().Add("Content-Length", second);
      w.Write("abc");
    };
  };
  EXPECT_EQ(Answer(sized("3")),
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nDate: D\r\n" + kTextType + "\r\nabc");
  EXPECT_EQ(Answer(sized("4")),
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 3\r\n" + kTextType + "\r\nabc");
  EXPECT_EQ(control_.log.back(), "http: the handler's Content-Length is not one number; dropped");
}

TEST_F(ResponseTest, OtherConnectionFieldsAreReplacedWhenClosing) {
  EXPECT_EQ(Answer(kClose,
                   [](ResponseWriter& w) {
                     w.Header().Set("A", "1");
                     w.Header().Add("Connection", "keep-alive");
                     w.Header().Add("Connection", "x");
                     w.Header().Set("Z", "1");
                   }),
            "HTTP/1.1 200 OK\r\nA: 1\r\nZ: 1\r\nDate: D\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n");
  EXPECT_EQ(Answer([](ResponseWriter& w) { w.Header().Set("Connection", "x"); }),
            "HTTP/1.1 200 OK\r\nConnection: x\r\nDate: D\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(response_.MustClose());
}

TEST_F(ResponseTest, Http10) {
  EXPECT_EQ(Answer(kHttp10, [](ResponseWriter& w) { w.Write("abc"); }),
            "HTTP/1.0 200 OK\r\nDate: D\r\nContent-Length: 3\r\n" + kTextType + "\r\nabc");
  EXPECT_TRUE(response_.MustClose());
  EXPECT_EQ(Answer(kHttp10KeepAlive, [](ResponseWriter& w) { w.Write("abc"); }),
            "HTTP/1.0 200 OK\r\nDate: D\r\nContent-Length: 3\r\n" + kTextType +
                "Connection: keep-alive\r\n\r\nabc");
  EXPECT_FALSE(response_.MustClose());
  EXPECT_EQ(Answer(kHttp10KeepAlive, [](ResponseWriter& w) { w.WriteHeader(204); }),
            "HTTP/1.0 204 No Content\r\nDate: D\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_FALSE(response_.MustClose());
}

TEST_F(ResponseTest, Http10OfUnknownLengthIsRawUntilTheEnd) {
  EXPECT_EQ(Answer(kHttp10KeepAlive,
                   [](ResponseWriter& w) {
                     w.Header().Set("Transfer-Encoding", "chunked");
                     w.Header().Set("Connection", "keep-alive");
                     w.Write("abc");
                     EXPECT_FALSE(w.Flush());
                     w.Write("def");
                   }),
            "HTTP/1.0 200 OK\r\nDate: D\r\n\r\nabcdef");
  EXPECT_TRUE(response_.MustClose());
}

// --- CONNECT: RFC 9110 §9.3.6.

TEST_F(ResponseTest, ATunnelHasNoFraming) {
  const auto handler = [](int status) {
    return [status](ResponseWriter& w) {
      w.Header().Set("Content-Length", "3");
      w.Header().Set("Transfer-Encoding", "identity");
      w.WriteHeader(status);
      w.Write("abc");
    };
  };
  for (const int status : {200, 299}) {
    const std::string sent = Answer(kConnect, handler(status));
    EXPECT_TRUE(sent.ends_with("\r\n\r\nabc")) << sent;
    EXPECT_EQ(sent.find("Content-Length"), std::string::npos) << sent;
    EXPECT_EQ(sent.find("Transfer-Encoding"), std::string::npos) << sent;
    EXPECT_EQ(sent.find("Connection"), std::string::npos) << sent;
    EXPECT_TRUE(response_.MustClose());
  }
  EXPECT_EQ(Answer(kConnect, [](ResponseWriter&) {}), "HTTP/1.1 200 OK\r\nDate: D\r\n\r\n");
  EXPECT_TRUE(response_.MustClose());
  EXPECT_EQ(Answer(kConnect,
                   [](ResponseWriter& w) {
                     w.Write(std::string(2049, 'x'));
                     EXPECT_FALSE(w.Flush());
                     w.Write("abc");
                   }),
            "HTTP/1.1 200 OK\r\nDate: D\r\n" + kTextType + "\r\n" + std::string(2049, 'x') + "abc");
  // Any other answer is framed as usual.
  EXPECT_EQ(Answer(kConnect,
                   [](ResponseWriter& w) {
                     w.WriteHeader(403);
                     w.Write("abc");
                   }),
            "HTTP/1.1 403 Forbidden\r\nDate: D\r\nContent-Length: 3\r\n" + kTextType + "\r\nabc");
  EXPECT_FALSE(response_.MustClose());
}

TEST_F(ResponseTest, ATunnelIsTakenOverBehindItsHead) {
  Begin(kConnect);
  response_.WriteHeader(200);
  EXPECT_TRUE(response_.Hijack());
  EXPECT_EQ(Finish(), "HTTP/1.1 200 OK\r\nDate: D\r\n\r\n");
}

}  // namespace
}  // namespace hon::adaptor::test
