// Heads of answers: RFC 9112 §4 (status line) and §6.3 (where the body ends).

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "hon/adaptor/head_parser.h"
#include "hon/io/link_buffer.h"

namespace hon::adaptor::test {
namespace {

struct Parsed {
  HeadStatus status = HeadStatus::kIncomplete;
  AnswerHead head;
  http::Header fields;
};

Parsed Parse(std::string_view wire, std::string_view method = "GET", ParseLimits limits = {}) {
  Parsed parsed;
  HeadScan scan;
  parsed.status = HeadParser(limits).ParseAnswer(wire, scan, method, parsed.head, parsed.fields);
  return parsed;
}

TEST(AnswerHead, StatusLinesThatAreValid) {
  const struct {
    std::string_view line;
    int status;
    std::string_view text;
    int minor;
  } cases[] = {
      {"HTTP/1.1 200 OK", 200, "200 OK", 1},
      {"HTTP/1.0 404 Not Found", 404, "404 Not Found", 0},
      {"HTTP/1.2 999 a\tb  c", 999, "999 a\tb  c", 2},
      {"HTTP/1.1 100 ", 100, "100 ", 1},
      {"HTTP/1.1 204", 204, "204", 1},  // as Go and RFC 9112 §4: the phrase may be missing
      {"HTTP/1.1 200 \xc3\xa9", 200, "200 \xc3\xa9", 1},
  };
  for (const auto& each : cases) {
    const std::string wire = std::string(each.line) + "\r\nHost: h\r\n\r\n";
    const Parsed parsed = Parse(wire);
    ASSERT_EQ(parsed.status, HeadStatus::kDone) << each.line;
    EXPECT_EQ(parsed.head.status, each.status) << each.line;
    EXPECT_EQ(parsed.head.status_text, each.text) << each.line;
    EXPECT_EQ(parsed.head.minor_version, each.minor) << each.line;
    EXPECT_EQ(parsed.head.size, wire.size()) << each.line;
    EXPECT_EQ(parsed.fields.Get("Host"), "h") << each.line;
  }
}

TEST(AnswerHead, InvalidHeadsAreRefusedWithTheirError) {
  const struct {
    std::string_view wire;
    std::string_view why;
  } cases[] = {
      {"HTTP/2.0 200 OK\r\n\r\n", "malformed status line"},
      {"HTTP/1.10 200 OK\r\n\r\n", "malformed status line"},
      {"http/1.1 200 OK\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 20 OK\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 2000 OK\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 099 x\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 +20 x\r\n\r\n", "malformed status line"},
      {"HTTP/1.1  200 OK\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 200 O\x01K\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 200 O\rK\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 200 OK\n\r\n", "malformed status line"},
      {"\r\nHTTP/1.1 200 OK\r\n\r\n", "malformed status line"},
      {"GET / HTTP/1.1\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "malformed header"},
      {"HTTP/1.1 200 OK\r\nX : y\r\n\r\n", "malformed header"},
      {"HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n", "malformed header"},
      {"HTTP/1.1 200 OK\r\nX: y\n\r\n", "malformed header"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "bad Content-Length"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 05\r\n\r\n", "bad Content-Length"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "unsupported transfer encoding"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
       "unsupported transfer encoding"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
       "chunked\r\n\r\n",
       "unsupported transfer encoding"},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "unsupported transfer encoding"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: "
       "1\r\n\r\n",
       "Transfer-Encoding and Content-Length"},
  };
  for (const auto& each : cases) {
    const Parsed parsed = Parse(each.wire);
    EXPECT_EQ(parsed.status, HeadStatus::kBad) << each.wire;
    EXPECT_EQ(parsed.head.fault, each.why) << each.wire;
    EXPECT_TRUE(parsed.fields.Empty()) << each.wire;
  }
}

// RFC 9112 §6.3, rule by rule.
TEST(AnswerHead, TheFramingOfTheBodyFollowsRfc9112) {
  const std::string length = "Content-Length: 3\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const struct {
    std::string_view status;
    std::string fields;
    std::string_view method;
    AnswerBody body;
    int64_t length;
    bool close;
  } cases[] = {
      {"200", length, "HEAD", AnswerBody::kNone, 3, false},           // rule 1
      {"200", chunked, "HEAD", AnswerBody::kNone, -1, false},         //
      {"100", length, "GET", AnswerBody::kNone, 3, false},            //
      {"101", "", "GET", AnswerBody::kNone, -1, false},               //
      {"204", length, "GET", AnswerBody::kNone, 3, false},            //
      {"304", length, "GET", AnswerBody::kNone, 3, false},            //
      {"200", length, "CONNECT", AnswerBody::kConnection, -1, true},  // rule 2
      {"299", chunked, "CONNECT", AnswerBody::kConnection, -1, true},
      {"200", chunked + length, "CONNECT", AnswerBody::kConnection, -1, true},
      {"403", length, "CONNECT", AnswerBody::kLength, 3, false},
      {"200", chunked, "GET", AnswerBody::kChunked, -1, false},  // rule 4
      {"200", length, "GET", AnswerBody::kLength, 3, false},     // rule 6
      {"200", length + length, "GET", AnswerBody::kLength, 3, false},
      {"200", "Content-Length: 0\r\n", "GET", AnswerBody::kNone, 0, false},
      {"200", "", "GET", AnswerBody::kConnection, -1, true},  // rule 8
      {"200", length + "Connection: x\r\nConnection: y, Close\r\n", "GET", AnswerBody::kLength, 3,
       true},
  };
  for (const auto& each : cases) {
    const std::string wire =
        "HTTP/1.1 " + std::string(each.status) + " x\r\n" + each.fields + "\r\n";
    const Parsed parsed = Parse(wire, each.method);
    ASSERT_EQ(parsed.status, HeadStatus::kDone) << wire << parsed.head.fault;
    EXPECT_EQ(parsed.head.body, each.body) << wire;
    EXPECT_EQ(parsed.head.content_length, each.length) << wire;
    EXPECT_EQ(parsed.head.close, each.close) << wire;
    EXPECT_FALSE(parsed.fields.Has("Transfer-Encoding")) << wire;
  }
  EXPECT_TRUE(Parse("HTTP/1.0 200 x\r\nContent-Length: 1\r\n\r\n").head.close);
  EXPECT_FALSE(Parse("HTTP/1.0 200 x\r\nContent-Length: 1\r\nConnection: "
                     "keep-alive\r\n\r\n")
                   .head.close);
}

// Every split of a head, byte by byte, cut once or in blocks, gives the same result as the whole.
TEST(AnswerHead, EverySplitGivesTheSameHead) {
  const HeadParser parser;
  for (const std::string_view wire :
       {"HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 20x\r\nA: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nA 1\r\n\r\n"}) {
    const Parsed whole = Parse(wire);
    for (size_t cut = 0; cut <= wire.size(); ++cut) {
      Parsed parsed;
      HeadScan scan;
      for (size_t size = cut; parsed.status == HeadStatus::kIncomplete && size <= wire.size();
           ++size) {
        parsed.status =
            parser.ParseAnswer(wire.substr(0, size), scan, "GET", parsed.head, parsed.fields);
      }
      EXPECT_EQ(parsed.status, whole.status) << wire << cut;
      EXPECT_EQ(parsed.head.fault, whole.head.fault) << wire << cut;
      if (whole.status != HeadStatus::kDone) continue;
      EXPECT_EQ(parsed.head.size, whole.head.size) << wire << cut;
      EXPECT_EQ(parsed.head.status_text, whole.head.status_text) << wire << cut;
      EXPECT_EQ(parsed.fields.Len(), whole.fields.Len()) << wire << cut;
    }
    for (const size_t piece : {size_t{1}, size_t{7}}) {
      io::BlockPool pool;
      io::LinkBuffer in(pool);
      Parsed parsed;
      HeadScan scan;
      for (size_t at = 0; at < wire.size() && parsed.status == HeadStatus::kIncomplete;
           at += piece) {
        in.Write(wire.substr(at, piece));
        parsed.status = parser.ReadAnswer(in, scan, "GET", parsed.head, parsed.fields);
      }
      EXPECT_EQ(parsed.status, whole.status) << wire << piece;
      EXPECT_EQ(parsed.head.size, whole.head.size) << wire << piece;
    }
  }
}

TEST(AnswerHead, EachLimitHoldsAtNAndOneMore) {
  const std::string wire = "HTTP/1.1 204 x\r\nA: 1\r\nB: 2\r\n\r\n";
  EXPECT_EQ(Parse(wire, "GET", {.head_bytes_max = wire.size(), .fields_max = 2}).status,
            HeadStatus::kDone);
  EXPECT_EQ(Parse(wire, "GET", {.head_bytes_max = wire.size() - 1}).head.fault, "header too large");
  EXPECT_EQ(Parse(wire, "GET", {.fields_max = 1}).head.fault, "too many fields");
}

}  // namespace
}  // namespace hon::adaptor::test
