#include "hon/adaptor/message_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace hon::adaptor {
namespace {

// Gives `piece` bytes at a time.
class Pieces final : public io::Reader {
 public:
  Pieces(std::string_view text, size_t piece) : rest_(text), piece_(piece) {}
  io::IoResult Read(std::span<char> into) override {
    if (rest_.empty()) return {0, io::ErrEof};
    const size_t n = rest_.substr(0, piece_).copy(into.data(), into.size());
    rest_.remove_prefix(n);
    return {n, {}};
  }

 private:
  std::string_view rest_;
  size_t piece_;
};

constexpr std::string_view kThree =
    "POST /a?b=c HTTP/1.1\r\nHost: example.com\r\nX: y\r\nContent-Length: 3\r\n\r\nabc"
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
    "2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n"
    "GET http://other/ HTTP/1.0\r\n\r\n";

TEST(MessageReader, ReadsRequestsHoweverTheyCome) {
  for (const size_t piece : {size_t{1}, size_t{7}, kThree.size()}) {
    Pieces from(kThree, piece);
    MessageReader reader(from);
    Result<http::Request*> r = reader.ReadRequest();
    ASSERT_TRUE(r) << r.error().Message();
    EXPECT_EQ((*r)->Method, "POST");
    EXPECT_EQ((*r)->URL.Path, "/a");
    EXPECT_EQ((*r)->Host, "example.com");
    EXPECT_EQ((*r)->Header.Get("x"), "y");
    EXPECT_EQ((*r)->ContentLength, 3);
    EXPECT_EQ(*(*r)->Body.ReadAll(), "abc");
    r = reader.ReadRequest();
    ASSERT_TRUE(r) << r.error().Message();
    EXPECT_EQ((*r)->ContentLength, -1);
    EXPECT_TRUE((*r)->Trailer.Has("X-T"));
    EXPECT_EQ(*(*r)->Body.ReadAll(), "hi");
    EXPECT_EQ((*r)->Trailer.Get("X-T"), "1");
    r = reader.ReadRequest();
    ASSERT_TRUE(r) << r.error().Message();
    EXPECT_EQ((*r)->Host, "other");
    EXPECT_EQ((*r)->ProtoMinor, 0);
    EXPECT_TRUE((*r)->Close);
    EXPECT_TRUE((*r)->Body.IsNoBody());
    EXPECT_TRUE(reader.ReadRequest().error().Is(io::ErrEof));
    EXPECT_TRUE(reader.ReadRequest().error().Is(io::ErrEof));
  }
}

TEST(MessageReader, PassesOverBodiesThatNobodyRead) {
  Pieces from(
      "POST /1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
      "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
      5);
  MessageReader reader(from);
  ASSERT_TRUE(reader.ReadRequest());
  const Result<http::Request*> r = reader.ReadRequest();
  ASSERT_TRUE(r) << r.error().Message();
  EXPECT_EQ((*r)->URL.Path, "/2");
}

TEST(MessageReader, RefusesTheRequestsThatTheServerRefuses) {
  const struct {
    std::string_view wire;
    std::string_view why;
  } cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request: missing required Host header"},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
       "505 HTTP Version Not Supported: unsupported protocol version"},
      {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"},
      {"x\r\n\r\n", "400 Bad Request"},
  };
  for (const auto& each : cases) {
    Pieces from(each.wire, each.wire.size());
    MessageReader reader(from);
    const Result<http::Request*> r = reader.ReadRequest();
    ASSERT_FALSE(r) << each.wire;
    EXPECT_TRUE(r.error().Is(ErrMalformedRequest)) << each.wire;
    EXPECT_EQ(r.error().Message(), each.why);
    EXPECT_FALSE(reader.ReadRequest()) << each.wire;
  }
}

TEST(MessageReader, TheLimitsAreTheParsers) {
  const std::string wire = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const size_t slack : {size_t{0}, size_t{1}}) {
    Pieces from(wire, wire.size());
    MessageReader reader(from, {.head_bytes_max = wire.size() - slack});
    EXPECT_EQ(reader.ReadRequest().has_value(), slack == 0);
  }
}

TEST(MessageReader, AnEndInsideAMessageIsUnexpected) {
  Pieces head("GET / HT", 100);
  EXPECT_TRUE(MessageReader(head).ReadRequest().error().Is(io::ErrUnexpectedEof));
  Pieces body("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na", 100);
  MessageReader reader(body);
  const Result<http::Request*> r = reader.ReadRequest();
  ASSERT_TRUE(r);
  EXPECT_TRUE((*r)->Body.ReadAll().error().Is(io::ErrUnexpectedEof));
  EXPECT_TRUE(reader.ReadRequest().error().Is(io::ErrUnexpectedEof));
}

// --- Answers. The wants are those of Go's readresponse_test and of RFC 9112 §6.3.

struct AnswerCase {
  std::string_view wire;
  std::string_view method;
  int status;
  int64_t length;
  bool close;
  std::string_view body;
};

TEST(MessageReader, ReadsAnswersHoweverTheyCome) {
  const AnswerCase cases[] = {
      {"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nBody here\n", "GET", 200, -1, true,
       "Body here\n"},
      {"HTTP/1.1 200 OK\r\n\r\nBody here\n", "GET", 200, -1, true, "Body here\n"},
      {"HTTP/1.1 204 No Content\r\n\r\n", "GET", 204, -1, false, ""},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", "GET", 304, 10, false, ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "GET", 200, 3, false, "abc"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET", 200, 0, false, ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 256\r\n\r\n", "HEAD", 200, 256, false, ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "GET", 200, -1,
       false, "abc"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD", 200, -1, false, ""},
      // RFC 9112 §6.3, rule 2: a tunnel follows, whatever the fields say.
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntunnel", "CONNECT", 200, -1, true, "tunnel"},
      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\ntunnel",
       "CONNECT", 200, -1, true, "tunnel"},
      {"HTTP/1.1 403 x\r\nContent-Length: 3\r\n\r\nabc", "CONNECT", 403, 3, false, "abc"},
      {"HTTP/1.0 303 \r\n\r\n", "GET", 303, -1, true, ""},
      {"HTTP/1.0 303\r\n\r\n", "GET", 303, -1, true, ""},
      {"HTTP/1.1 100 Continue\r\n\r\n", "GET", 100, -1, false, ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: x, close\r\n\r\nabc", "GET", 200, 3,
       true, "abc"},
  };
  for (const AnswerCase& each : cases) {
    for (const size_t piece : {size_t{1}, size_t{5}, each.wire.size()}) {
      Pieces from(each.wire, piece);
      MessageReader reader(from);
      const Result<http::Response*> answer = reader.ReadResponse(each.method);
      ASSERT_TRUE(answer) << each.wire << answer.error().Message();
      EXPECT_EQ((*answer)->StatusCode, each.status) << each.wire;
      EXPECT_EQ((*answer)->ContentLength, each.length) << each.wire;
      EXPECT_EQ((*answer)->Close, each.close) << each.wire;
      EXPECT_EQ(*(*answer)->Body.ReadAll(), each.body) << each.wire;
    }
  }
}

TEST(MessageReader, ReadsAnswersBehindEachOther) {
  Pieces from(
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A, X-B\r\n\r\n"
      "3\r\nabc\r\n0\r\nX-A: 1\r\n\r\n"
      "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nunread"
      "HTTP/1.1 200 OK\r\n\r\nthe rest",
      9);
  MessageReader reader(from);
  EXPECT_EQ((*reader.ReadResponse())->Header.Get("Link"), "x");
  Result<http::Response*> answer = reader.ReadResponse();
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)->Status, "200 OK");
  EXPECT_TRUE((*answer)->Chunked);
  EXPECT_TRUE((*answer)->Trailer.Has("X-B"));
  EXPECT_EQ(*(*answer)->Body.ReadAll(), "abc");
  EXPECT_EQ((*answer)->Trailer.Get("X-A"), "1");
  EXPECT_FALSE((*answer)->Trailer.Has("X-B"));
  EXPECT_EQ((*reader.ReadResponse())->StatusCode, 404);
  answer = reader.ReadResponse();  // "d" of "unread" is no answer
  EXPECT_TRUE(answer.error().Is(ErrMalformedResponse));
}

TEST(MessageReader, RefusesInvalidAnswers) {
  for (const std::string_view wire :
       {"HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\n\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"}) {
    Pieces from(wire, wire.size());
    MessageReader reader(from);
    const Result<http::Response*> answer = reader.ReadResponse();
    ASSERT_FALSE(answer) << wire;
    EXPECT_TRUE(answer.error().Is(ErrMalformedResponse)) << wire << answer.error().Message();
  }
  Pieces half("HTTP/1.1 200 O", 3);
  EXPECT_TRUE(MessageReader(half).ReadResponse().error().Is(io::ErrUnexpectedEof));
  Pieces none("", 1);
  EXPECT_TRUE(MessageReader(none).ReadResponse().error().Is(io::ErrEof));
}

TEST(MessageReader, AnAnswersHeadHasTheParsersLimits) {
  const std::string wire = "HTTP/1.1 204 x\r\nA: 1\r\nB: 2\r\n\r\n";
  for (const size_t slack : {size_t{0}, size_t{1}}) {
    Pieces from(wire, wire.size());
    MessageReader bytes(from, {.head_bytes_max = wire.size() - slack});
    EXPECT_EQ(bytes.ReadResponse().has_value(), slack == 0);
    Pieces again(wire, 2);
    MessageReader fields(again, {.fields_max = 2 - slack});
    EXPECT_EQ(fields.ReadResponse().has_value(), slack == 0);
  }
}

}  // namespace
}  // namespace hon::adaptor
