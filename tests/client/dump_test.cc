#include <gtest/gtest.h>

#include <string>

#include "hon/http/client.h"
#include "hon/http/client_error.h"
#include "hon/http/httputil.h"
#include "hon/http/replay.h"
#include "hon/io/io.h"

namespace hon::client {
namespace {

using httputil::DumpBody;
using httputil::DumpRequestOut;

// As Go's DumpRequestOut, but for the User-Agent.
TEST(DumpRequestOut, ShowsTheBytesThatAreSent) {  // A53
  http::Request get = *http::NewRequest("GET", "https://user:pw@example.com/a?q=1#f");
  get.Header.Set("X-A", "1");
  EXPECT_EQ(*DumpRequestOut(get, DumpBody::kYes),
            "GET /a?q=1 HTTP/1.1\r\nHost: example.com\r\nUser-Agent: hon-http-client/1.1\r\n"
            "X-A: 1\r\nAccept-Encoding: gzip\r\n\r\n");
  http::Request post =
      *http::NewRequest("POST", "http://t.test/p", http::Body::FromString("abcdef"));
  const std::string head =
      "POST /p HTTP/1.1\r\nHost: t.test\r\nUser-Agent: hon-http-client/1.1\r\n"
      "Content-Length: 6\r\nAccept-Encoding: gzip\r\n\r\n";
  EXPECT_EQ(*DumpRequestOut(post, DumpBody::kNo), head);
  EXPECT_EQ(*DumpRequestOut(post, DumpBody::kYes), head + "abcdef");
  EXPECT_EQ(*post.Body.ReadAll(), "abcdef") << "the body is kept";
}

TEST(DumpRequestOut, BodiesOfUnknownLengthAreInChunks) {
  const auto make = [](std::string_view method, std::string text) {
    return *http::NewRequest(
        method, "http://t.test/",
        http::ReaderBody([text = std::move(text)]() -> Result<std::shared_ptr<io::Reader>> {
          return std::make_shared<io::StringReader>(text);
        }));
  };
  http::Request put = make("PUT", "hello");
  put.Trailer.Set("X-T", "9");
  EXPECT_EQ(*DumpRequestOut(put, DumpBody::kYes),
            "PUT / HTTP/1.1\r\nHost: t.test\r\nUser-Agent: hon-http-client/1.1\r\n"
            "Transfer-Encoding: chunked\r\nTrailer: X-T\r\nAccept-Encoding: gzip\r\n\r\n"
            "5\r\nhello\r\n0\r\nX-T: 9\r\n\r\n");
  http::Request empty = make("GET", "");
  EXPECT_EQ(*DumpRequestOut(empty, DumpBody::kYes),
            "GET / HTTP/1.1\r\nHost: t.test\r\nUser-Agent: hon-http-client/1.1\r\n"
            "Accept-Encoding: gzip\r\n\r\n");
}

TEST(DumpRequestOut, WhatCannotBeSentIsRefused) {
  http::Request bad = *http::NewRequest("GET", "http://t.test/");
  bad.Header.AddExact("A", "b");
  bad.Method = "G T";
  EXPECT_EQ(http::KindOf(DumpRequestOut(bad, DumpBody::kYes).error()), http::ErrorKind::kOther);
  http::Request wrong = *http::NewRequest("PUT", "http://t.test/", http::Body::FromString("abc"));
  wrong.ContentLength = 5;
  const Result<std::string> short_body = DumpRequestOut(wrong, DumpBody::kYes);
  ASSERT_FALSE(short_body);
  EXPECT_EQ(short_body.error().Message(), "http: ContentLength=5 with Body length 3");
  http::Request long_body =
      *http::NewRequest("PUT", "http://t.test/", http::Body::FromString("abcd"));
  EXPECT_TRUE(DumpRequestOut(long_body, DumpBody::kYes, 4));
  EXPECT_TRUE(DumpRequestOut(long_body, DumpBody::kYes, 3).error().Is(io::ErrTooLong));
}

}  // namespace
}  // namespace hon::client
