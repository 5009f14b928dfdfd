#include "hon/httptest/recorder.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace hon::httptest {
namespace {

// Writes where the result does not matter.
void Put(http::ResponseWriter& w, std::string_view text) { static_cast<void>(w.Write(text)); }

TEST(ResponseRecorder, TheStatusIs200ByDefault) {
  const ResponseRecorder w;
  EXPECT_EQ(w.Code, 200);
  EXPECT_EQ(w.Status(), 0);
  const Response response = w.Result();
  EXPECT_EQ(response.StatusCode, 200);
  EXPECT_EQ(response.Status, "200 OK");
  EXPECT_EQ(response.Body, "");
  EXPECT_EQ(response.ContentLength, -1);
}

TEST(ResponseRecorder, FirstStatusCounts) {
  ResponseRecorder w;
  w.WriteHeader(404);
  w.WriteHeader(500);
  EXPECT_EQ(w.Code, 404);
  EXPECT_EQ(w.Status(), 404);
  EXPECT_EQ(w.Result().Status, "404 Not Found");
}

TEST(ResponseRecorder, WriteCommits200AndSniffs) {
  ResponseRecorder w;
  const io::IoResult put = w.Write("<html><head>");
  EXPECT_EQ(put.n, 12U);
  EXPECT_FALSE(put.err);
  Put(w, "more");
  EXPECT_EQ(w.Status(), 200);
  EXPECT_EQ(w.BytesWritten(), 16);
  const Response response = w.Result();
  EXPECT_EQ(response.Body, "<html><head>more");
  EXPECT_EQ(response.Header.Get("Content-Type"), "text/html; charset=utf-8");
}

TEST(ResponseRecorder, KeepsTheHandlersType) {
  ResponseRecorder set;
  set.Header().Set("Content-Type", "a/b");
  Put(set, "<html>");
  EXPECT_EQ(set.Result().Header.Get("Content-Type"), "a/b");

  ResponseRecorder suppressed;
  suppressed.Header().Suppress("Content-Type");
  Put(suppressed, "<html>");
  EXPECT_FALSE(suppressed.Result().Header.Has("Content-Type"));

  ResponseRecorder encoded;
  encoded.Header().Set("Transfer-Encoding", "chunked");
  Put(encoded, "<html>");
  EXPECT_FALSE(encoded.Result().Header.Has("Content-Type"));
}

TEST(ResponseRecorder, FieldsAreThoseAtTheFirstWrite) {
  ResponseRecorder w;
  w.Header().Set("X-Early", "1");
  Put(w, "x");
  w.Header().Set("X-Early", "2");
  w.Header().Set("X-Late", "1");
  const Response response = w.Result();
  EXPECT_EQ(response.Header.Get("X-Early"), "1");
  EXPECT_FALSE(response.Header.Has("X-Late"));
  EXPECT_EQ(w.HeaderMap.Get("X-Late"), "1");
}

TEST(ResponseRecorder, FlushCommits) {
  ResponseRecorder w;
  EXPECT_FALSE(w.Flush());
  EXPECT_TRUE(w.Flushed);
  EXPECT_EQ(w.Status(), 200);
}

TEST(ResponseRecorder, KeepsTheBytesOfAStatusWithoutBodyButRefusesThem) {
  for (const int status : {204, 304}) {
    ResponseRecorder w;
    w.WriteHeader(status);
    const io::IoResult put = w.Write("body");
    EXPECT_EQ(put.n, 0U);
    EXPECT_TRUE(put.err.Is(http::ErrBodyNotAllowed));
    EXPECT_EQ(w.Body, "body");
  }
}

TEST(ResponseRecorder, InformationalStatusesAreNotTheAnswer) {
  ResponseRecorder w;
  w.WriteHeader(103);
  w.WriteHeader(100);
  w.WriteHeader(201);
  EXPECT_EQ(w.Informational, (std::vector<int>{103, 100}));
  EXPECT_EQ(w.Code, 201);

  ResponseRecorder upgrade;
  upgrade.WriteHeader(101);
  upgrade.WriteHeader(200);
  EXPECT_EQ(upgrade.Code, 101);
}

TEST(ResponseRecorder, RefusesImpossibleStatuses) {
  ResponseRecorder w;
  EXPECT_THROW(w.WriteHeader(99), std::invalid_argument);
  EXPECT_THROW(w.WriteHeader(1000), std::invalid_argument);
  EXPECT_NO_THROW(w.WriteHeader(999));
}

TEST(ResponseRecorder, ReadsTheDeclaredLength) {
  const struct {
    std::string_view field;
    int64_t want;
  } cases[] = {{"0", 0},
               {" 12 ", 12},
               {"-1", -1},
               {"-0", -1},
               {"x", -1},
               {"1x", -1},
               {"9223372036854775807", INT64_MAX},
               {"9223372036854775808", -1}};
  for (const auto& c : cases) {
    ResponseRecorder w;
    w.Header().Set("Content-Length", c.field);
    EXPECT_EQ(w.Result().ContentLength, c.want) << c.field;
  }
}

TEST(ResponseRecorder, CollectsTrailers) {
  ResponseRecorder w;
  w.Header().Set("Trailer", "Server-Trailer-A, server-trailer-b, Content-Length, If-Match, None");
  Put(w, "x");
  w.Header().Set("Server-Trailer-A", "a");
  w.Header().Add("Server-Trailer-B", "b1");
  w.Header().Add("Server-Trailer-B", "b2");
  w.Header().Set("Content-Length", "1");
  w.Header().Set("If-Match", "*");
  w.Header().Set("Server-Trailer-C", "unannounced");
  w.Header().Set("Trailer:Late", "l");
  const Response response = w.Result();
  EXPECT_EQ(response.Trailer.Len(), 4U);
  EXPECT_EQ(response.Trailer.Get("Server-Trailer-A"), "a");
  EXPECT_EQ(response.Trailer.Values("Server-Trailer-B").size(), 2U);
  EXPECT_EQ(response.Trailer.Get("Late"), "l");
}

}  // namespace
}  // namespace hon::httptest
