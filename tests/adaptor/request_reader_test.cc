#include "hon/adaptor/request_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "hon/adaptor/chunked.h"

namespace hon::adaptor {
namespace {

class RequestReaderTest : public testing::Test {
 protected:
  // Parses and fills; the wire lives as long as the test.
  Refusal Read(std::string wire) {
    wire_ = std::move(wire);
    request_.Reset();
    HeadScan scan;
    const HeadStatus status = HeadParser().Parse(wire_, scan, head_, request_.Header);
    if (status != HeadStatus::kDone) {
      EXPECT_EQ(status, HeadStatus::kBad);
      return head_.refusal;
    }
    return FillRequest(head_, request_);
  }
  Refusal ReadLine(const std::string& line) {
    return Read(line + " HTTP/1.1\r\nHost: field.example\r\n\r\n");
  }

  std::string wire_;
  RequestHead head_;
  http::Request request_;
};

TEST_F(RequestReaderTest, FieldsOfAPlainRequest) {
  ASSERT_EQ(Read("POST /a%20b?c=d HTTP/1.1\r\nHost: example.com:80\r\nX-A: 1\r\n"
                 "Content-Length: 7\r\n\r\n"),
            Refusal::kNone);
  EXPECT_EQ(request_.Method, "POST");
  EXPECT_EQ(request_.URL.Path, "/a b");
  EXPECT_EQ(request_.URL.RawQuery, "c=d");
  EXPECT_EQ(request_.URL.Host, "");
  EXPECT_EQ(request_.Proto, "HTTP/1.1");
  EXPECT_EQ(request_.ProtoMajor, 1);
  EXPECT_EQ(request_.ProtoMinor, 1);
  EXPECT_EQ(request_.Host, "example.com:80");
  EXPECT_EQ(request_.RequestURI, "/a%20b?c=d");
  EXPECT_EQ(request_.ContentLength, 7);
  EXPECT_FALSE(request_.Chunked);
  EXPECT_FALSE(request_.Close);
  EXPECT_EQ(request_.Header.Len(), 2U);
  EXPECT_FALSE(request_.Header.Has("Host"));
  EXPECT_EQ(request_.Header.Get("x-a"), "1");
  EXPECT_EQ(request_.Header.Get("Content-Length"), "7");
}

TEST_F(RequestReaderTest, Http10AndClose) {
  ASSERT_EQ(Read("GET / HTTP/1.0\r\n\r\n"), Refusal::kNone);
  EXPECT_EQ(request_.ProtoMinor, 0);
  EXPECT_EQ(request_.Proto, "HTTP/1.0");
  EXPECT_TRUE(request_.Close);
  EXPECT_EQ(request_.Host, "");
  ASSERT_EQ(Read("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), Refusal::kNone);
  EXPECT_TRUE(request_.Close);
}

TEST_F(RequestReaderTest, ChunkedHasNoLength) {
  ASSERT_EQ(Read("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Refusal::kNone);
  EXPECT_TRUE(request_.Chunked);
  EXPECT_EQ(request_.ContentLength, -1);
  EXPECT_FALSE(request_.Header.Has("Transfer-Encoding"));
}

// Contract W16 to W20 and RFC 9112 §3.2.
TEST_F(RequestReaderTest, Targets) {
  const struct {
    std::string line;
    Refusal refusal;
    std::string path = {};
    std::string host = "field.example";
  } cases[] = {
      {"GET /", Refusal::kNone, "/"},
      {"GET //a/b", Refusal::kNone, "//a/b"},
      {"GET /?%zz", Refusal::kNone, "/"},
      {"GET /%zz", Refusal::kBadRequest},
      {"GET foo", Refusal::kBadRequest},
      {"OPTIONS *", Refusal::kNone, "*"},
      {"GET *", Refusal::kBadRequest},
      {"POST *", Refusal::kBadRequest},
      {"OPTIONS *x", Refusal::kBadRequest},
      {"GET http://uri.example/p", Refusal::kNone, "/p", "uri.example"},
      {"GET http://uri.example:8080/p?q", Refusal::kNone, "/p", "uri.example:8080"},
      {"GET http://uri.example", Refusal::kNone, "", "uri.example"},
      {"GET HTTPS://[::1]:443/", Refusal::kNone, "/", "[::1]:443"},
      {"GET http:///p", Refusal::kBadRequest},
      {"GET http:p", Refusal::kBadRequest},
      {"GET mailto:x", Refusal::kBadRequest},
      // The authority form is for CONNECT alone (RFC 9112 §3.2.3).
      {"GET example.com:443", Refusal::kBadRequest},
      {"OPTIONS example.com:443", Refusal::kBadRequest},
      {"GET s:x", Refusal::kBadRequest},
      {"GET s:/x", Refusal::kBadRequest},
      {"GET s:///x", Refusal::kBadRequest},
      {"GET s://uri.example/x", Refusal::kNone, "/x", "uri.example"},
      {"GET s://uri.example:80:80/x", Refusal::kMalformedHost},
      {"GET http://uri.example:80:80/", Refusal::kBadRequest},
      {"GET http://uri.example:x/", Refusal::kBadRequest},
      {"GET http://[::1/", Refusal::kBadRequest},
      {"GET http://:80/", Refusal::kMalformedHost},
      {"GET http://a<b>/", Refusal::kMalformedHost},
      {"GET http://[::1%25eth0]/", Refusal::kMalformedHost},
      {"GET http://user@uri.example/", Refusal::kBadRequest},
      {"GET http://user:pw@uri.example/", Refusal::kBadRequest},
      {"GET http://a\xc3\xa9/", Refusal::kMalformedHost},
      {"CONNECT uri.example:443", Refusal::kNone, "", "uri.example:443"},
      {"CONNECT [::1]:443", Refusal::kNone, "", "[::1]:443"},
      {"CONNECT uri.example", Refusal::kBadRequest},
      {"CONNECT uri.example:", Refusal::kBadRequest},
      {"CONNECT uri.example:443/x", Refusal::kBadRequest},
      {"CONNECT user@uri.example:443", Refusal::kBadRequest},
      {"CONNECT http://uri.example:443/", Refusal::kBadRequest},
      {"CONNECT /x", Refusal::kNone, "/x"},
      {"CONNECT *", Refusal::kBadRequest},
      {"CONNECT *:x@uri.example:443", Refusal::kBadRequest},
      {"CONNECT *x", Refusal::kBadRequest},
      {"GET *x", Refusal::kBadRequest},
  };
  for (const auto& c : cases) {
    ASSERT_EQ(ReadLine(c.line), c.refusal) << c.line;
    if (c.refusal != Refusal::kNone) continue;
    EXPECT_EQ(request_.URL.Path, c.path) << c.line;
    EXPECT_EQ(request_.Host, c.host) << c.line;
  }
}

TEST_F(RequestReaderTest, ConnectNeedsNoHostField) {
  ASSERT_EQ(Read("CONNECT a:1 HTTP/1.1\r\n\r\n"), Refusal::kNone);
  EXPECT_EQ(request_.Host, "a:1");
  EXPECT_EQ(request_.URL.Host, "a:1");
}

TEST_F(RequestReaderTest, PragmaAddsCacheControl) {
  ASSERT_EQ(Read("GET / HTTP/1.1\r\nHost: a\r\nPragma: no-cache\r\n\r\n"), Refusal::kNone);
  EXPECT_EQ(request_.Header.Get("Cache-Control"), "no-cache");
  ASSERT_EQ(Read("GET / HTTP/1.1\r\nHost: a\r\nPragma: no-cache\r\nCache-Control: x\r\n\r\n"),
            Refusal::kNone);
  EXPECT_EQ(request_.Header.Values("Cache-Control"), std::vector<std::string_view>{"x"});
  // RFC 9110 §5.3: several lines, and several elements of one, are one list.
  ASSERT_EQ(Read("GET / HTTP/1.1\r\nHost: a\r\nPragma: x\r\nPragma: y, no-cache\r\n\r\n"),
            Refusal::kNone);
  EXPECT_EQ(request_.Header.Get("Cache-Control"), "no-cache");
  ASSERT_EQ(Read("GET / HTTP/1.1\r\nHost: a\r\nPragma: other\r\n\r\n"), Refusal::kNone);
  EXPECT_FALSE(request_.Header.Has("Cache-Control"));
}

constexpr const char* kChunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";

TEST_F(RequestReaderTest, TrailersAreAnnounced) {
  ASSERT_EQ(Read(std::string(kChunked) + "Trailer: x-sum, X-B\r\nTrailer: x-c\r\n\r\n"),
            Refusal::kNone);
  EXPECT_EQ(request_.Trailer.Len(), 3U);
  EXPECT_TRUE(request_.Trailer.Has("X-Sum"));
  EXPECT_TRUE(request_.Trailer.Has("X-C"));
  EXPECT_EQ(request_.Trailer.Get("X-B"), "");
  EXPECT_FALSE(request_.Header.Has("Trailer"));
}

TEST_F(RequestReaderTest, TrailerWithoutChunksIsAFieldLikeOthers) {
  ASSERT_EQ(Read("POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum\r\n\r\n"), Refusal::kNone);
  EXPECT_EQ(request_.Header.Get("Trailer"), "X-Sum");
  EXPECT_TRUE(request_.Trailer.Empty());
}

TEST_F(RequestReaderTest, FramingMayNotBeAnnounced) {
  for (const char* name : {"Content-Length", "transfer-encoding", "Trailer"}) {
    EXPECT_EQ(Read(std::string(kChunked) + "Trailer: X-A, " + name + "\r\n\r\n"),
              Refusal::kBadRequest);
  }
  ASSERT_EQ(Read(std::string(kChunked) + "Trailer: Host, X-A\r\n\r\n"), Refusal::kNone);
  EXPECT_EQ(request_.Trailer.Len(), 1U);
}

TEST_F(RequestReaderTest, AnnouncedNamesAtTheLimitAndOneMore) {
  std::string names = "n0";
  for (size_t i = 1; i < kTrailerFieldsMax; ++i) names += ",n" + std::to_string(i);
  ASSERT_EQ(Read(std::string(kChunked) + "Trailer: " + names + "\r\n\r\n"), Refusal::kNone);
  EXPECT_EQ(request_.Trailer.Len(), kTrailerFieldsMax);
  EXPECT_EQ(Read(std::string(kChunked) + "Trailer: " + names + ",more\r\n\r\n"),
            Refusal::kBadRequest);
}

}  // namespace
}  // namespace hon::adaptor
