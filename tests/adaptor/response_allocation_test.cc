// A warm exchange allocates nothing: whole requests through the parser, the request, the body and
// the response, with operator new counted.

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "adaptor/response_fixture.h"
#include "hon/adaptor/request_reader.h"
#include "hon/io/file.h"
#include "support/allocation_counter.h"

namespace hon::adaptor::test {
namespace {

constexpr int kWarmUp = 3;
constexpr int kRounds = 20;

class AllocationTest : public testing::Test {
 protected:
  AllocationTest() { stream_.DiscardOutput(); }

  // One exchange, as the engine runs it.
  template <class Handler>
  void Exchange(std::string_view wire, Handler&& handler) {
    io::Block* block = stream_.Pool().Get();
    wire.copy(block->data, wire.size());
    block->end = static_cast<uint32_t>(wire.size());
    stream_.In().Append(block);
    HeadScan scan;
    ASSERT_EQ(parser_.Read(stream_.In(), scan, head_, request_.Header), HeadStatus::kDone);
    ASSERT_EQ(FillRequest(head_, request_), Refusal::kNone);
    const io::BlockRef hold = stream_.In().Hold();
    ASSERT_FALSE(stream_.In().Skip(head_.size));
    body_.Begin(stream_, head_, request_.Trailer);
    if (head_.HasBody()) request_.Body = http::Body(&body_);
    ResponseOptions options;
    options.head = head_.method == "HEAD";
    options.http10 = head_.minor_version == 0;
    options.close = head_.close;
    options.date = "Sun, 06 Nov 1994 08:49:37 GMT";
    options.body = &body_;
    response_.Reset(stream_, control_, options);
    handler(response_, request_);
    response_.Finish();
    ASSERT_TRUE(body_.Drain(1 << 20));
    ASSERT_FALSE(stream_.DrainOutput(0));
    request_.Reset();
  }

  template <class Handler>
  void ExpectNoAllocations(std::string_view wire, Handler&& handler) {
    for (int i = 0; i < kWarmUp; ++i) Exchange(wire, handler);
    const size_t before = Allocations();
    for (int i = 0; i < kRounds; ++i) Exchange(wire, handler);
    EXPECT_EQ(Allocations() - before, 0U);
  }

  hon::test::MemoryStream stream_;
  FakeControl control_;
  HeadParser parser_;
  RequestHead head_;
  http::Request request_;
  BodyReader body_;
  Response response_;

  static size_t Allocations() { return hon::test::Allocations(); }
};

void Hello(http::ResponseWriter& w, http::Request&) { w.Write("Hello, world!"); }

void ReadAll(http::ResponseWriter& w, http::Request& r) {
  char room[512];
  size_t n = 0;
  for (;;) {
    const io::IoResult got = r.Body.Read(room);
    n += got.n;
    if (got.err) break;
  }
  w.Write(std::string_view(room, n % sizeof room));
}

TEST_F(AllocationTest, TheCounterCounts) {
  const size_t before = Allocations();
  const std::string text(100, 'x');
  EXPECT_EQ(Allocations() - before, 1U);
}

TEST_F(AllocationTest, Get) {
  ExpectNoAllocations("GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", Hello);
}

TEST_F(AllocationTest, GetOfABrowser) {
  ExpectNoAllocations(
      "GET /products/list?page=2&sort=price%20up HTTP/1.1\r\nHost: shop.example.com\r\n"
      "Connection: keep-alive\r\nCache-Control: max-age=0\r\nsec-ch-ua-mobile: ?0\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\r\n"
      "Accept: text/html,application/xhtml+xml\r\nSec-Fetch-Site: same-origin\r\n"
      "Referer: https://shop.example.com/products/\r\nAccept-Encoding: gzip, deflate, br\r\n"
      "Cookie: session=eyJhbGciOiJIUzI1NiJ9.c2Vzc2lvbg\r\nPragma: no-cache\r\n\r\n",
      [](http::ResponseWriter& w, http::Request&) {
        w.Header().Set("Content-Type", "text/html; charset=utf-8");
        w.Header().Set("X-Request-Id", "1234567890");
        w.Header().Add("Set-Cookie", "a=b");
        w.WriteHeader(200);
        w.Write("<p>Hello</p>");
      });
}

TEST_F(AllocationTest, PostWithALength) {
  ExpectNoAllocations("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world",
                      ReadAll);
}

TEST_F(AllocationTest, PostInChunks) {
  ExpectNoAllocations(
      "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;a=\"b\"\r\n world\r\n0\r\n\r\n",
      ReadAll);
}

TEST_F(AllocationTest, AnswerInChunks) {
  const std::string piece(1500, 'x');
  ExpectNoAllocations("GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                      [&](http::ResponseWriter& w, http::Request&) {
                        for (int i = 0; i < 100; ++i) w.Write(piece);
                        static_cast<void>(w.Flush());
                        w.Write(piece);
                      });
}

TEST_F(AllocationTest, AnswerFromAReader) {
  const std::string text(100000, 'x');
  ExpectNoAllocations("GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                      [&](http::ResponseWriter& w, http::Request&) {
                        io::StringReader reader(text);
                        w.ReadFrom(reader);
                      });
}

TEST_F(AllocationTest, AnswerFromAFile) {
  const std::string path = testing::TempDir() + "hon_adaptor_allocation";
  ASSERT_FALSE(io::File::Create(path)->Write(std::string(100000, 'x')).err);
  io::File file = *io::File::Open(path);
  ExpectNoAllocations("GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                      [&](http::ResponseWriter& w, http::Request&) {
                        ASSERT_FALSE(file.SeekTo(0));
                        w.Header().Set("Content-Length", "100000");
                        w.ReadFrom(file);
                      });
  std::remove(path.c_str());
}

TEST_F(AllocationTest, HeadExpectAndHints) {
  ExpectNoAllocations("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", Hello);
  ExpectNoAllocations(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi", ReadAll);
  ExpectNoAllocations("GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                      [](http::ResponseWriter& w, http::Request&) {
                        w.Header().Set("Link", "</a>; rel=preload");
                        w.WriteHeader(103);
                        w.Write("x");
                      });
}

TEST_F(AllocationTest, SixteenInOneBlock) {
  std::string wire;
  for (int i = 0; i < 16; ++i) wire += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto serve = [&] {
    io::Block* block = stream_.Pool().Get();
    wire.copy(block->data, wire.size());
    block->end = static_cast<uint32_t>(wire.size());
    stream_.In().Append(block);
    while (!stream_.In().Empty()) Exchange("", Hello);
  };
  // An empty wire appends an empty block, which Front never shows.
  for (int i = 0; i < kWarmUp; ++i) serve();
  const size_t before = Allocations();
  for (int i = 0; i < kRounds; ++i) serve();
  EXPECT_EQ(Allocations() - before, 0U);
}

}  // namespace
}  // namespace hon::adaptor::test
