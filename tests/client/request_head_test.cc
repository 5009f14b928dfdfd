// The bytes of requests, as httputil::DumpRequestOut shows them.

#include "client/request_head.h"

#include <gtest/gtest.h>

#include <string>

#include "hon/http/client.h"
#include "hon/http/httputil.h"
#include "hon/http/replay.h"

namespace hon::client {
namespace {

std::string HeadOf(http::Request& request) {
  Result<std::string> text = httputil::DumpRequestOut(request, httputil::DumpBody::kNo);
  return text ? *text : text.error().Message();
}

http::Request Get(std::string_view url = "http://h.test/") { return *http::NewRequest("GET", url); }

TEST(RequestHead, FieldsThatAreMadeReplaceTheCallers) {  // T3
  http::Request r = *http::NewRequest("POST", "http://h.test/", http::Body::FromString("abc"));
  r.Header.Set("Host", "other.test");
  r.Header.Set("Content-Length", "99");
  r.Header.Set("Transfer-Encoding", "gzip");
  r.Header.Set("Trailer", "X");
  r.Header.AddExact("x-spelled", "As it is");
  EXPECT_EQ(HeadOf(r),
            "POST / HTTP/1.1\r\nHost: h.test\r\nUser-Agent: hon-http-client/1.1\r\n"
            "Content-Length: 3\r\nx-spelled: As it is\r\nAccept-Encoding: gzip\r\n\r\n");
  http::Request quiet = Get();
  quiet.Header.Set("User-Agent", "");
  EXPECT_EQ(HeadOf(quiet), "GET / HTTP/1.1\r\nHost: h.test\r\nAccept-Encoding: gzip\r\n\r\n");
  http::Request own = Get();
  own.Header.Set("User-Agent", "own");
  EXPECT_EQ(HeadOf(own),
            "GET / HTTP/1.1\r\nHost: h.test\r\nUser-Agent: own\r\nAccept-Encoding: gzip\r\n\r\n");
}

TEST(RequestHead, CloseAndCodings) {  // T2, T4
  http::Request r = Get();
  r.Close = true;
  r.Header.Set("Connection", "foo");
  r.Header.Set("Accept-Encoding", "");
  EXPECT_EQ(HeadOf(r),
            "GET / HTTP/1.1\r\nHost: h.test\r\nUser-Agent: hon-http-client/1.1\r\n"
            "Connection: close\r\nConnection: foo\r\nAccept-Encoding: gzip\r\n\r\n");
  http::Request own = Get();
  own.Close = true;
  own.Header.Set("Connection", "close");
  own.Header.Set("Accept-Encoding", "identity");
  EXPECT_EQ(HeadOf(own),
            "GET / HTTP/1.1\r\nHost: h.test\r\nUser-Agent: hon-http-client/1.1\r\n"
            "Connection: close\r\nAccept-Encoding: identity\r\n\r\n");
}

TEST(RequestHead, TargetsOfOtherForms) {  // T9
  const auto first_line = [](http::Request& r) {
    const std::string head = HeadOf(r);
    return head.substr(0, head.find("\r\n"));
  };
  http::Request opaque = Get();
  opaque.URL.Opaque = "//other.test/p";
  EXPECT_EQ(first_line(opaque), "GET http://other.test/p HTTP/1.1");
  http::Request star = *http::NewRequest("OPTIONS", "http://h.test");
  star.URL.Opaque = "*";
  EXPECT_EQ(first_line(star), "OPTIONS * HTTP/1.1");
  http::Request tunnel = *http::NewRequest("CONNECT", "http://h.test:443");
  EXPECT_EQ(first_line(tunnel), "CONNECT h.test:443 HTTP/1.1");
  http::Request query = Get("http://h.test?");
  EXPECT_EQ(first_line(query), "GET /? HTTP/1.1");
}

TEST(RequestHead, EveryBodyIsFramed) {  // T13, T15
  for (const char* const method : {"GET", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "ODD"}) {
    http::Request r = *http::NewRequest(method, "http://h.test/",
                                        http::ReaderBody(std::make_shared<io::StringReader>("x")));
    EXPECT_EQ(r.ContentLength, -1);
    EXPECT_NE(HeadOf(r).find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos) << method;
  }
}

TEST(RequestHead, ProtocolsOfTheUrl) {  // T6
  for (const auto& [url, text] : std::initializer_list<std::pair<const char*, const char*>>{
           {"ftp://h/", "unsupported protocol scheme \"ftp\""},
           {"http:///p", "http: no Host in request URL"}}) {
    http::Request r = Get();
    r.URL = *url::Parse(url);
    EXPECT_EQ(HeadOf(r), text);
  }
}

}  // namespace
}  // namespace hon::client
