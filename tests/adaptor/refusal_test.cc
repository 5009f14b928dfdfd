#include "hon/adaptor/refusal.h"

#include <gtest/gtest.h>

#include <string>

namespace hon::adaptor {
namespace {

std::string Written(Refusal refusal, RefusalBody body = RefusalBody::kSent) {
  io::BlockPool pool;
  io::LinkBuffer out(pool);
  WriteRefusal(refusal, "Sun, 06 Nov 1994 08:49:37 GMT", out, body);
  return *out.ReadString(out.Len());
}

// Contract W1: the form of every refusal, and W2 to W7: the texts.
TEST(WriteRefusal, Texts) {
  const struct {
    Refusal refusal;
    std::string status;
    std::string body;
  } cases[] = {
      {Refusal::kBadRequest, "400 Bad Request", "400 Bad Request"},
      {Refusal::kMissingHost, "400 Bad Request: missing required Host header",
       "400 Bad Request: missing required Host header"},
      {Refusal::kMalformedHost, "400 Bad Request: malformed Host header",
       "400 Bad Request: malformed Host header"},
      {Refusal::kInvalidHeaderName, "400 Bad Request: invalid header name",
       "400 Bad Request: invalid header name"},
      {Refusal::kRequestTimeout, "408 Request Timeout", "408 Request Timeout"},
      {Refusal::kContentTooLarge, "413 Request Entity Too Large", "413 Request Entity Too Large"},
      {Refusal::kHeadTooLarge, "431 Request Header Fields Too Large",
       "431 Request Header Fields Too Large"},
      {Refusal::kInternalError, "500 Internal Server Error", "500 Internal Server Error"},
      {Refusal::kUnsupportedTransferEncoding, "501 Not Implemented",
       "Unsupported transfer encoding"},
      {Refusal::kOverloaded, "503 Service Unavailable", "503 Service Unavailable"},
      {Refusal::kUnsupportedVersion, "505 HTTP Version Not Supported: unsupported protocol version",
       "505 HTTP Version Not Supported: unsupported protocol version"},
  };
  for (const auto& c : cases) {
    const std::string retry = c.refusal == Refusal::kOverloaded ? "Retry-After: 1\r\n" : "";
    EXPECT_EQ(Written(c.refusal), "HTTP/1.1 " + c.status + "\r\n" + retry +
                                      "Content-Type: text/plain; charset=utf-8\r\n"
                                      "Connection: close\r\n\r\n" +
                                      c.body);
  }
}

TEST(WriteRefusal, ExpectationFailedIsAnOrdinaryAnswer) {
  EXPECT_EQ(Written(Refusal::kExpectationFailed),
            "HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n");
}

TEST(WriteRefusal, TheBodyMayBeLeftOut) {
  const std::string whole = Written(Refusal::kInternalError);
  EXPECT_EQ(Written(Refusal::kInternalError, RefusalBody::kLeftOut),
            whole.substr(0, whole.find("\r\n\r\n") + 4));
}

TEST(WriteRefusal, KeepsWhatSaysHowEveryAnswerIsTreated) {
  for (const char* name :
       {"Access-Control-Allow-Origin", "access-control-expose-headers", "Vary", "X-Request-Id",
        "REQUEST-ID", "X-Correlation-Id", "X-Trace-Id", "Traceresponse", "Timing-Allow-Origin",
        "Cross-Origin-Resource-Policy", "Cross-Origin-Opener-Policy",
        "Cross-Origin-Embedder-Policy", "Strict-Transport-Security", "X-Frame-Options",
        "X-Content-Type-Options", "Referrer-Policy", "Server"}) {
    EXPECT_TRUE(IsKeptInRefusal(name)) << name;
  }
  for (const char* name : {"Access-Control-",
                           "Access-Control",
                           "Set-Cookie",
                           "Content-Type",
                           "Content-Length",
                           "Content-Encoding",
                           "Content-Range",
                           "Content-Security-Policy",
                           "Transfer-Encoding",
                           "Connection",
                           "Trailer",
                           "Trailer:Vary",
                           "Date",
                           "ETag",
                           "Last-Modified",
                           "Cache-Control",
                           "Location",
                           "WWW-Authenticate",
                           "Upgrade",
                           "Varying",
                           ""}) {
    EXPECT_FALSE(IsKeptInRefusal(name)) << name;
  }
  http::Header set;
  set.Set("Vary", "Origin");
  set.Set("Set-Cookie", "a=b");
  set.AddExact("x-request-id", "7");
  io::BlockPool pool;
  io::LinkBuffer out(pool);
  WriteRefusal(Refusal::kInternalError, "", out, RefusalBody::kLeftOut, &set);
  EXPECT_EQ(*out.ReadString(out.Len()),
            "HTTP/1.1 500 Internal Server Error\r\nVary: Origin\r\nx-request-id: 7\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n");
}

TEST(WriteRefusal, NoneWritesNothing) { EXPECT_EQ(Written(Refusal::kNone), ""); }

TEST(WriteRefusal, InWordsOfTheServersOwn) {  // G8
  const auto written = [](Refusal refusal, std::string_view type) {
    io::BlockPool pool;
    io::LinkBuffer out(pool);
    WriteRefusal(refusal, OwnRefusal{type, "{}"}, out);
    std::string text(out.Len(), ' ');
    out.ReadInto(text);
    return text;
  };
  EXPECT_EQ(written(Refusal::kMissingHost, "application/json"),
            "HTTP/1.1 400 Bad Request: missing required Host header\r\n"
            "Content-Type: application/json\r\nConnection: close\r\n\r\n{}");
  EXPECT_EQ(written(Refusal::kExpectationFailed, "a\r\nB: c"),
            "HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\n\r\n{}");
  EXPECT_EQ(written(Refusal::kNone, "text/plain"), "");
}

TEST(DescribeRefusal, TheStatusIsTheOneInTheText) {
  for (uint8_t i = 1; i < static_cast<uint8_t>(Refusal::kCount); ++i) {
    const RefusalText& text = DescribeRefusal(static_cast<Refusal>(i));
    EXPECT_EQ(text.reason.substr(0, 4), std::to_string(text.status) + " ");
  }
  EXPECT_EQ(DescribeRefusal(Refusal::kNone).status, 0);
}

}  // namespace
}  // namespace hon::adaptor
