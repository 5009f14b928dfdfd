#include "hon/http/response.h"

#include <gtest/gtest.h>

#include <string>

#include "hon/http/cookie.h"
#include "hon/http/httputil.h"
#include "hon/io/string_writer.h"

namespace hon::http {
namespace {

std::string Written(Response& response) {
  io::StringWriter to;
  EXPECT_FALSE(response.Write(to));
  return to.text;
}

TEST(Response, WritesALengthOrChunksOrUpToTheEnd) {
  Response sized;
  sized.StatusCode = 200;
  sized.Header.Set("Foo", "Bar");
  sized.Header.Set("Content-Length", "99");  // ContentLength decides
  sized.ContentLength = 6;
  sized.Body = Body::FromString("abcdef");
  EXPECT_EQ(Written(sized), "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nFoo: Bar\r\n\r\nabcdef");

  Response chunked;
  chunked.StatusCode = 200;
  chunked.Chunked = true;
  chunked.Trailer.Add("X-A", "1");
  chunked.Trailer.Add("X-A", "2");
  chunked.Trailer.Add("X-B", "3");
  chunked.Body = Body::FromString("abcdef");
  EXPECT_EQ(Written(chunked),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A, X-B\r\n\r\n"
            "6\r\nabcdef\r\n0\r\nX-A: 1\r\nX-A: 2\r\nX-B: 3\r\n\r\n");

  Response unknown;
  unknown.StatusCode = 299;
  unknown.Body = Body::FromString("abcdef");
  EXPECT_EQ(Written(unknown), "HTTP/1.1 299 status code 299\r\nConnection: close\r\n\r\nabcdef");

  Response bodiless;
  bodiless.Status = "204 Nothing";
  bodiless.StatusCode = 204;
  bodiless.ProtoMinor = 0;
  bodiless.Body = Body::FromString("never seen");
  EXPECT_EQ(Written(bodiless), "HTTP/1.0 204 Nothing\r\nConnection: keep-alive\r\n\r\n");
}

TEST(Response, ABodyOfAnotherLengthIsAnError) {
  for (const int64_t length : {2, 4}) {
    Response response;
    response.StatusCode = 200;
    response.ContentLength = length;
    response.Body = Body::FromString("abc");
    io::StringWriter to;
    EXPECT_TRUE(response.Write(to).Is(ErrBodyLength));
  }
}

TEST(Response, CookiesAndLocation) {
  Response response;
  response.Header.Add("Set-Cookie", "a=b; Path=/");
  response.Header.Add("Set-Cookie", "no cookie");
  response.Header.Add("Set-Cookie", "c=d");
  const std::vector<Cookie> cookies = response.Cookies();
  ASSERT_EQ(cookies.size(), 2U);
  EXPECT_EQ(cookies[0].Path, "/");
  EXPECT_EQ(cookies[1].Name, "c");

  EXPECT_TRUE(response.Location().error().Is(ErrNoLocation));
  response.Header.Set("Location", "/foo");
  EXPECT_EQ(response.Location()->String(), "/foo");
  EXPECT_EQ(response.Location(*url::Parse("http://bar.com/baz"))->String(), "http://bar.com/foo");
  response.Header.Set("Location", "http://foo.com/");
  EXPECT_EQ(response.Location(*url::Parse("http://bar.com/baz"))->String(), "http://foo.com/");
  EXPECT_TRUE(response.ProtoAtLeast(1, 1));
  EXPECT_FALSE(response.ProtoAtLeast(2, 0));
}

// --- httputil.

TEST(DumpResponse, ShowsTheHeadOrAllAndLeavesTheBody) {
  Response response;
  response.StatusCode = 200;
  response.ContentLength = 3;
  response.Body = Body::FromString("abc");
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
  EXPECT_EQ(*httputil::DumpResponse(response, httputil::DumpBody::kNo), head);
  EXPECT_EQ(*httputil::DumpResponse(response, httputil::DumpBody::kYes), head + "abc");
  EXPECT_EQ(*response.Body.ReadAll(), "abc");
}

TEST(DumpRequest, ShowsTheHeadOrAllAndLeavesTheBody) {
  Request r;
  r.Method = "POST";
  r.RequestURI = "/a?b";
  r.Host = "example.com";
  r.Header.Set("X-B", "2");
  r.Header.Set("X-A", "1");
  r.Chunked = true;
  r.ContentLength = -1;
  r.Body = Body::FromString("abc");
  const std::string head =
      "POST /a?b HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nX-B: "
      "2\r\n\r\n";
  EXPECT_EQ(*httputil::DumpRequest(r, httputil::DumpBody::kNo), head);
  EXPECT_EQ(*httputil::DumpRequest(r, httputil::DumpBody::kYes), head + "3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(*r.Body.ReadAll(), "abc");
}

TEST(DumpRequest, HoldsItsLimit) {
  for (const size_t bytes_max : {size_t{3}, size_t{2}}) {
    Request r;
    r.Body = Body::FromString("abc");
    EXPECT_EQ(httputil::DumpRequest(r, httputil::DumpBody::kYes, bytes_max).has_value(),
              bytes_max == 3);
    // The rest of a body that has lost its beginning must not look like the whole.
    const Result<std::string> again = r.Body.ReadAll();
    if (bytes_max == 3) {
      EXPECT_EQ(*again, "abc");
    } else {
      EXPECT_TRUE(again.error().Is(io::ErrTooLong));
    }
  }
}

TEST(ChunkedWriter, WritesAChunkForEachWrite) {
  io::StringWriter to;
  httputil::ChunkedWriter chunks(to);
  EXPECT_EQ(chunks.Write("hello, world!").n, 13U);
  EXPECT_EQ(chunks.Write("").n, 0U);
  EXPECT_EQ(chunks.Write("0123456789abcdefX").n, 17U);
  EXPECT_FALSE(chunks.Close());
  EXPECT_EQ(to.text, "d\r\nhello, world!\r\n11\r\n0123456789abcdefX\r\n0\r\n");
}

}  // namespace
}  // namespace hon::http
