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

TEST(MessageReader, RefusesWhatTheServerRefuses) {
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

}  // namespace
}  // namespace hon::adaptor
