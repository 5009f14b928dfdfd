#include "http/accept_encoding.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "hon/http/file_server.h"
#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"

namespace hon::http {
namespace {

std::string Codings(std::string_view field) {
  Header header;
  header.AddView("Accept-Encoding", field, HeaderId::kAcceptEncoding);
  std::string shown;
  for (const internal::Coding* coding : internal::ParseAcceptEncoding(header)) {
    shown.append(shown.empty() ? "" : " ").append(coding->name);
  }
  return shown;
}

// By RFC 9110 §12.4.2 and §12.5.3.
TEST(ParseAcceptEncoding, OrdersByWeightThenByOurTaste) {
  const struct {
    std::string_view field;
    std::string_view codings;
  } cases[] = {
      {"", ""},
      {"gzip", "gzip"},
      {"gzip, br", "br gzip"},
      {"gzip, deflate, br, zstd", "br zstd gzip"},
      {"GZIP", "gzip"},
      {"x-gzip", "gzip"},
      {"*", "br zstd gzip"},
      {"*;q=0", ""},
      {"br;q=0, *", "zstd gzip"},
      {"gzip;q=1.0, br;q=0.5", "gzip br"},
      {"gzip;q=0.001", "gzip"},
      {"gzip;q=0", ""},
      {"gzip;q=0.000", ""},
      {"gzip ; q=0.2 ,br;q=0.3", "br gzip"},
      {"gzip;x=y;q=0.2, br;Q=0.1", "gzip br"},
      {"identity", ""},
      {"identity, gzip", "gzip"},
      {"identity;q=1, gzip;q=0.5", ""},
      {"identity;q=0.5, gzip;q=0.5", "gzip"},
      {"identity;q=0", ""},
      {"identity;q=0, gzip", "gzip"},
      {"gzip;q=2", ""},
      {"gzip;q=1.001", ""},
      {"gzip;q=0.0001", ""},
      {"gzip;q=-1", ""},
      {"gzip;q=", ""},
      {"gzip;q=x", ""},
      {"gzip;q=0x1", ""},
      {"gzip;q=.5", ""},
      {"gzip;q=1.", "gzip"},
      {"gzipx, xgzip, br2", ""},
      {", ,gzip,,", "gzip"},
      {"gzip;", "gzip"},
  };
  for (const auto& c : cases) EXPECT_EQ(Codings(c.field), c.codings) << c.field;
}

class PrecompressedTest : public testing::Test {
 protected:
  PrecompressedTest() {
    files_.Add("all.css", "plain", Time::FromUnix(10))
        .Add("all.css.br", "BROTLI", Time::FromUnix(20))
        .Add("all.css.zst", "ZSTANDARD", Time::FromUnix(30))
        .Add("all.css.gz", "GZIP", Time::FromUnix(40))
        .Add("gzip.js", "plain")
        .Add("gzip.js.gz", "GZIP")
        .Add("untyped", "<html>")
        .Add("untyped.gz", "\x1F\x8B\x08")
        .Add("none.txt", "plain")
        .Add("dir.txt", "plain")
        .Add("dir.txt.gz/x", "not a file")
        .Add("index.html", "<html>")
        .Add("index.html.gz", "GZIPPED INDEX");
  }

  httptest::ResponseRecorder Get(std::string_view target, std::string_view accept,
                                 std::string_view range = "", std::string_view match = "") {
    FileServer server(files_, {.etag = true, .precompressed = on_});
    Request r = httptest::NewRequest(method_, target);
    if (!accept.empty()) r.Header.Set("Accept-Encoding", accept);
    if (!range.empty()) r.Header.Set("Range", range);
    if (!match.empty()) r.Header.Set("If-None-Match", match);
    httptest::ResponseRecorder w;
    if (!preset_.empty()) w.Header().Set("Content-Encoding", preset_);
    server.ServeHTTP(w, r);
    return w;
  }

  MapFS files_;
  bool on_ = true;
  std::string method_ = "GET";
  std::string preset_;
};

TEST_F(PrecompressedTest, SendsWhatTheClientPrefers) {
  const struct {
    std::string_view accept;
    std::string_view coding;
    std::string_view body;
    std::string_view length;
  } cases[] = {{"gzip, br, zstd", "br", "BROTLI", "6"}, {"gzip, zstd", "zstd", "ZSTANDARD", "9"},
               {"gzip", "gzip", "GZIP", "4"},           {"gzip, br;q=0.1", "gzip", "GZIP", "4"},
               {"deflate", "", "plain", "5"},           {"", "", "plain", "5"},
               {"identity;q=0", "", "plain", "5"}};
  for (const auto& c : cases) {
    const httptest::Response got = Get("/all.css", c.accept).Result();
    EXPECT_EQ(got.StatusCode, 200);
    EXPECT_EQ(got.Header.Get("Content-Encoding"), c.coding) << c.accept;
    EXPECT_EQ(got.Body, c.body) << c.accept;
    EXPECT_EQ(got.Header.Get("Content-Length"), c.length) << c.accept;
    EXPECT_EQ(got.Header.Get("Content-Type"), "text/css; charset=utf-8");
    EXPECT_EQ(got.Header.Get("Vary"), "Accept-Encoding");
  }
}

TEST_F(PrecompressedTest, FallsBackToTheFormsThatExist) {
  EXPECT_EQ(Get("/gzip.js", "br, zstd, gzip;q=0.1").Body, "GZIP");
  EXPECT_EQ(Get("/gzip.js", "br").Body, "plain");
  EXPECT_EQ(Get("/none.txt", "br, gzip").Body, "plain");
  EXPECT_EQ(Get("/none.txt", "br, gzip").Result().Header.Get("Vary"), "Accept-Encoding");
  EXPECT_EQ(Get("/dir.txt", "gzip").Body, "plain");
}

TEST_F(PrecompressedTest, TheTypeIsThatOfThePlainFile) {
  const httptest::Response got = Get("/untyped", "gzip").Result();
  EXPECT_EQ(got.Header.Get("Content-Encoding"), "gzip");
  EXPECT_EQ(got.Header.Get("Content-Type"), "text/html; charset=utf-8");
}

TEST_F(PrecompressedTest, ServesAnIndexPrecompressed) {
  EXPECT_EQ(Get("/", "gzip").Body, "GZIPPED INDEX");
}

TEST_F(PrecompressedTest, EachFormHasItsOwnTagAndTime) {
  const httptest::Response plain = Get("/all.css", "").Result();
  const httptest::Response gzip = Get("/all.css", "gzip").Result();
  const httptest::Response br = Get("/all.css", "br").Result();
  EXPECT_NE(plain.Header.Get("Etag"), gzip.Header.Get("Etag"));
  EXPECT_NE(br.Header.Get("Etag"), gzip.Header.Get("Etag"));
  EXPECT_EQ(gzip.Header.Get("Last-Modified"), FormatTime(Time::FromUnix(40)));
  EXPECT_EQ(Get("/all.css", "gzip", "", gzip.Header.Get("Etag")).Code, 304);
  EXPECT_EQ(Get("/all.css", "br", "", gzip.Header.Get("Etag")).Code, 200);
}

TEST_F(PrecompressedTest, A304SaysNothingOfTheEncoding) {
  const std::string tag(Get("/all.css", "gzip").Result().Header.Get("Etag"));
  const httptest::Response got = Get("/all.css", "gzip", "", tag).Result();
  EXPECT_EQ(got.StatusCode, 304);
  EXPECT_FALSE(got.Header.Has("Content-Encoding"));
  EXPECT_EQ(got.Header.Get("Vary"), "Accept-Encoding");
}

TEST_F(PrecompressedTest, RangesAreOfTheSelectedRepresentation) {
  const httptest::Response got = Get("/all.css", "gzip", "bytes=1-2").Result();
  EXPECT_EQ(got.StatusCode, 206);
  EXPECT_EQ(got.Body, "ZI");
  EXPECT_EQ(got.Header.Get("Content-Range"), "bytes 1-2/4");
  EXPECT_EQ(got.Header.Get("Content-Encoding"), "gzip");
  const httptest::Response bad = Get("/all.css", "gzip", "bytes=9-").Result();
  EXPECT_EQ(bad.StatusCode, 416);
  EXPECT_FALSE(bad.Header.Has("Content-Encoding"));
}

TEST_F(PrecompressedTest, HeadSaysTheSame) {
  method_ = "HEAD";
  const httptest::Response got = Get("/all.css", "gzip").Result();
  EXPECT_EQ(got.Header.Get("Content-Encoding"), "gzip");
  EXPECT_EQ(got.Header.Get("Content-Length"), "4");
}

TEST_F(PrecompressedTest, IsOffUnlessAskedFor) {
  on_ = false;
  const httptest::Response got = Get("/all.css", "gzip, br").Result();
  EXPECT_EQ(got.Body, "plain");
  EXPECT_FALSE(got.Header.Has("Vary"));
}

TEST_F(PrecompressedTest, LeavesAHandlersEncodingAlone) {
  preset_ = "x-own";
  const httptest::Response got = Get("/all.css", "gzip, br").Result();
  EXPECT_EQ(got.Body, "plain");
  EXPECT_EQ(got.Header.Get("Content-Encoding"), "x-own");
  EXPECT_FALSE(got.Header.Has("Content-Length"));
}

TEST_F(PrecompressedTest, MissingFilesHaveNoForms) {
  files_.Add("only.txt.gz", "GZIP");
  EXPECT_EQ(Get("/only.txt", "gzip").Code, 404);
}

}  // namespace
}  // namespace hon::http
