// Conditional requests, ranges and their entity tags through CompressHandler.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "hon/http/compress.h"
#include "hon/http/file_server.h"
#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"

namespace hon::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;

const std::string kLongText(5000, 'x');

// The files whose 200 is compressed, and those whose 200 is not for one reason each.
class CompressedFiles : public testing::Test {
 protected:
  CompressedFiles()
      : handler_(CompressHandler(std::make_shared<FileServer>(
            MapFS()
                .Add("text.css", kLongText, kModified)
                .Add("small.css", "short", kModified)
                .Add("image.png", kLongText, kModified)
                .Add("before.css", kLongText, kModified)
                .Add("before.css.gz", std::string(2000, 'z'), kModified)
                .Add("unknown", "<html>" + kLongText, kModified)
                .Add("bytes", std::string(5000, '\0'), kModified),
            FileServerOptions{.etag = true, .precompressed = true}))) {}

  ResponseRecorder Get(const std::string& target,
                       const std::vector<std::pair<std::string, std::string>>& fields,
                       std::string_view method = "GET") {
    Request r = NewRequest(method, target);
    for (const auto& [name, value] : fields) r.Header.Add(name, value);
    ResponseRecorder w;
    handler_->ServeHTTP(w, r);
    // The request is restored.
    for (const auto& [name, value] : fields) EXPECT_EQ(r.Header.Get(name), value);
    return w;
  }

  static constexpr Time kModified = Time::FromUnix(1'600'000'000);
  static constexpr const char* kDate = "Sun, 13 Sep 2020 12:26:40 GMT";
  const std::vector<std::string> targets_ = {"/text.css",   "/small.css", "/image.png",
                                             "/before.css", "/unknown",   "/bytes"};
  HandlerPtr handler_;
};

// RFC 9110 §15.4.5: a 304 has the ETag, and the Vary, that the 200 to the same request would have.
TEST_F(CompressedFiles, A304HasTheTagOfThe200) {
  for (const std::string& target : targets_) {
    for (const char* accept : {"gzip", "identity"}) {
      const ResponseRecorder whole = Get(target, {{"Accept-Encoding", accept}});
      const std::string tag(whole.Result().Header.Get("ETag"));
      ASSERT_FALSE(tag.empty());
      const bool compressed = accept[0] == 'g' && (target == "/text.css" || target == "/unknown");
      EXPECT_EQ(tag.ends_with("--gzip\""), compressed) << target;
      for (const auto& [name, value] :
           std::vector<std::pair<std::string, std::string>>{{"If-None-Match", tag},
                                                            {"If-None-Match", "\"x\", " + tag},
                                                            {"If-None-Match", "*"},
                                                            {"If-Modified-Since", kDate}}) {
        const ResponseRecorder w = Get(target, {{"Accept-Encoding", accept}, {name, value}});
        const std::string what = target + " " + accept + " " + name + ": " + value;
        EXPECT_EQ(w.Code, 304) << what;
        EXPECT_EQ(w.Result().Header.Get("ETag"), tag) << what;
        const auto coded = w.Result();
        const auto plain = whole.Result();
        EXPECT_EQ(coded.Header.Values("Vary"), plain.Header.Values("Vary")) << what;
        EXPECT_FALSE(w.Result().Header.Has("Content-Type")) << what;
        EXPECT_EQ(w.Body, "") << what;
      }
      EXPECT_EQ(Get(target, {{"Accept-Encoding", accept}, {"If-None-Match", "\"x\""}}).Code, 200);
    }
  }
}

// The tag identifies one representation: a client that accepts gzip and holds the plain
// representation learns that it is fresh; a client that accepts gzip no more gets the plain one.
TEST_F(CompressedFiles, A304IsOfTheRepresentationThatTheClientHas) {
  const std::string plain(Get("/text.css", {}).Result().Header.Get("ETag"));
  const std::string coded(
      Get("/text.css", {{"Accept-Encoding", "gzip"}}).Result().Header.Get("ETag"));
  EXPECT_NE(plain, coded);
  const ResponseRecorder held =
      Get("/text.css", {{"Accept-Encoding", "gzip"}, {"If-None-Match", plain}});
  EXPECT_EQ(held.Code, 304);
  EXPECT_EQ(held.Result().Header.Get("ETag"), plain);
  const ResponseRecorder both =
      Get("/text.css", {{"Accept-Encoding", "gzip"}, {"If-None-Match", plain + ", " + coded}});
  EXPECT_EQ(both.Result().Header.Get("ETag"), coded);
  EXPECT_EQ(Get("/text.css", {{"If-None-Match", coded}}).Code, 200);
}

// RFC 9110 §15.3.7: a 206 has the Vary that the 200 would have.
TEST_F(CompressedFiles, A206HasTheVaryOfThe200) {
  const HandlerPtr original = handler_;
  for (const bool precompressed : {true, false}) {
    handler_ =
        precompressed
            ? original
            : CompressHandler(std::make_shared<FileServer>(MapFS()
                                                               .Add("text.css", kLongText)
                                                               .Add("small.css", "short")
                                                               .Add("image.png", kLongText)));
    for (const std::string target : {"/text.css", "/small.css", "/image.png"}) {
      for (const char* range : {"bytes=0-1", "bytes=0-1,3-4", "bytes=0-2999"}) {
        for (const char* accept : {"gzip", "identity"}) {
          const std::string vary(
              Get(target, {{"Accept-Encoding", accept}}).Result().Header.Get("Vary"));
          const ResponseRecorder w = Get(target, {{"Accept-Encoding", accept}, {"Range", range}});
          EXPECT_EQ(w.Code, 206);
          EXPECT_EQ(w.Result().Header.Get("Vary"), vary) << target << ' ' << range << ' ' << accept;
        }
      }
    }
  }
}

TEST_F(CompressedFiles, ARangeIsNeverCombinedWithCompressedBytes) {
  const auto tag_for = [&](const char* accept) {
    return std::string(Get("/text.css", {{"Accept-Encoding", accept}}).Result().Header.Get("ETag"));
  };
  const auto part = [&](const std::string& tag) {
    return Get("/text.css",
               {{"Accept-Encoding", "gzip"}, {"Range", "bytes=0-1"}, {"If-Range", tag}});
  };
  EXPECT_EQ(part(tag_for("identity")).Code, 206);
  EXPECT_EQ(part(tag_for("identity")).Result().Header.Get("ETag"), tag_for("identity"));
  EXPECT_EQ(part(tag_for("gzip")).Code, 200);
}

// A client changes the representation that it got, compressed or not, and nothing else.
TEST_F(CompressedFiles, IfMatchMatchesTheTagThatWasSent) {
  for (const std::string& target : targets_) {
    const std::string tag(Get(target, {{"Accept-Encoding", "gzip"}}).Result().Header.Get("ETag"));
    const std::vector<std::pair<std::string, std::string>> fields = {{"Accept-Encoding", "gzip"}};
    auto with = fields;
    with.emplace_back("If-Match", "\"x\", " + tag);
    EXPECT_EQ(Get(target, with).Code, 200) << target;
    with.back().second = "\"x--gzip\"";
    EXPECT_EQ(Get(target, with).Code, 412) << target;
    // A weak tag matches nothing, RFC 9110 §13.1.1.
    with.back().second = "W/" + tag;
    EXPECT_EQ(Get(target, with).Code, 412) << target;
  }
  // Independent of the Accept-Encoding of the request with the tag, as for a PUT.
  const std::string tag(
      Get("/text.css", {{"Accept-Encoding", "gzip"}}).Result().Header.Get("ETag"));
  EXPECT_EQ(Get("/text.css", {{"If-Match", tag}}).Code, 200);
}

// A handler that answers 304 itself, with no more known than the client's tags.
TEST(CompressHandler, A304OfAHandlersOwnHasTheTagThatTheClientHas) {
  const HandlerPtr handler = CompressHandler([](ResponseWriter& w, Request& r) {
    w.Header().Set("ETag", "\"v\"");
    const bool image = r.URL.Path == "/image";
    w.Header().Set("Content-Type", image ? "image/png" : "text/plain");
    const std::vector<std::string_view> tags = r.Header.Values("If-None-Match");
    for (const std::string_view tag : tags) {
      if (tag.find("\"v\"") != tag.npos) return w.WriteHeader(304);
    }
    w.Write(r.URL.Path == "/short" ? std::string_view("short") : std::string_view(kLongText));
  });
  for (const std::string_view target : {"/image", "/long", "/short"}) {
    std::string tag;
    for (const int code : {200, 304}) {
      Request r = NewRequest("GET", target);
      r.Header.Set("Accept-Encoding", "gzip");
      if (code == 304) r.Header.Set("If-None-Match", tag);
      ResponseRecorder w;
      handler->ServeHTTP(w, r);
      EXPECT_EQ(w.Code, code) << target;
      if (code == 304) {
        EXPECT_EQ(w.Result().Header.Get("ETag"), tag) << target;
      }
      tag = w.Result().Header.Get("ETag");
    }
  }
}

}  // namespace
}  // namespace hon::http
