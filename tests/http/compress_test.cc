#include "hon/http/compress.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "hon/http/file_server.h"
#include "hon/http/reply.h"
#include "hon/http/spawner.h"
#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"
#include "http/compress_writer.h"
#include "support/gunzip.h"

namespace hon::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;
using test::Gunzip;

std::string Text(size_t bytes) {
  std::string text;
  while (text.size() < bytes) text.append("line ").append(std::to_string(text.size())).append("\n");
  text.resize(bytes);
  return text;
}

const std::string kLong = Text(5000);

struct Asked {
  std::string_view accept = "gzip";
  std::string_view method = "GET";
  CompressOptions options = {};
  int minor = 1;
};

ResponseRecorder Ask(HandlerFunc::Function function, const Asked& asked = {}) {
  const HandlerPtr handler = CompressHandler(std::move(function), asked.options);
  Request r = NewRequest(asked.method, "/");
  r.ProtoMinor = asked.minor;
  if (!asked.accept.empty()) r.Header.Set("Accept-Encoding", asked.accept);
  ResponseRecorder w;
  handler->ServeHTTP(w, r);
  return w;
}

HandlerFunc::Function Typed(std::string type, std::string body = kLong) {
  return [type = std::move(type), body = std::move(body)](ResponseWriter& w, Request&) {
    if (!type.empty()) w.Header().Set("Content-Type", type);
    w.Write(body);
  };
}

// "gzip" or "", and a check that the body matches.
std::string CodingOf(const ResponseRecorder& w, std::string_view body = kLong) {
  const httptest::Response got = w.Result();
  std::string coding(got.Header.Get("Content-Encoding"));
  if (coding != "gzip") {
    EXPECT_EQ(got.Body, body);
    return coding;
  }
  const test::Gunzipped unpacked = Gunzip(got.Body);
  EXPECT_TRUE(unpacked.whole);
  EXPECT_EQ(unpacked.text, body);
  EXPECT_LT(got.Body.size(), body.size());
  EXPECT_EQ(got.Header.Get("Content-Length"), "");
  return coding;
}

TEST(CompressHandler, CompressesWhatTheClientTakes) {
  const ResponseRecorder w = Ask(Typed("text/plain"));
  EXPECT_EQ(CodingOf(w), "gzip");
  EXPECT_EQ(w.Result().Header.Get("Vary"), "Accept-Encoding");
  EXPECT_EQ(w.Result().Header.Get("Content-Type"), "text/plain");
  for (const char* accept : {"gzip;q=0.5, br", "x-gzip", "*", "identity;q=0.5, gzip;q=0.5"}) {
    EXPECT_EQ(CodingOf(Ask(Typed("text/plain"), {.accept = accept})), "gzip") << accept;
  }
  for (const char* accept : {"", "br", "gzip;q=0", "*;q=0", "identity, gzip;q=0.5", "gzip;q=x"}) {
    const ResponseRecorder plain = Ask(Typed("text/plain"), {.accept = accept});
    EXPECT_EQ(CodingOf(plain), "") << accept;
    EXPECT_EQ(plain.Result().Header.Get("Vary"), "Accept-Encoding") << accept;
  }
}

TEST(CompressHandler, ReadsAcceptEncodingAlsoWhenItIsInTwoLines) {
  const HandlerPtr handler = CompressHandler(Typed("text/plain"));
  Request r = NewRequest("GET", "/");
  r.Header.Add("Accept-Encoding", "br");
  r.Header.Add("Accept-Encoding", "gzip");
  ResponseRecorder w;
  handler->ServeHTTP(w, r);
  EXPECT_EQ(CodingOf(w), "gzip");
}

TEST(CompressHandler, LeavesHttp10AndConnectAlone) {
  EXPECT_EQ(CodingOf(Ask(Typed("text/plain"), {.minor = 0})), "");
  const HandlerPtr handler = CompressHandler(Typed("text/plain"));
  Request r = NewRequest("CONNECT", "example.com:80");
  r.Header.Set("Accept-Encoding", "gzip");
  ResponseRecorder w;
  handler->ServeHTTP(w, r);
  EXPECT_EQ(CodingOf(w), "");
}

TEST(CompressHandler, KnowsTypes) {
  for (const char* type :
       {"text/html; charset=utf-8", "TEXT/CSS", "application/json", "application/problem+json",
        "image/svg+xml", "text/x ; a=b", "application/wasm"}) {
    EXPECT_TRUE(IsCompressible(type)) << type;
    EXPECT_EQ(CodingOf(Ask(Typed(type))), "gzip") << type;
  }
  for (const char* type : {"image/png", "application/zip", "font/woff2", "text/event-stream",
                           "text/event-stream; charset=utf-8", "text", "texts/plain", "+json",
                           "application/jsonx", "; text/plain"}) {
    EXPECT_FALSE(IsCompressible(type)) << type;
    const ResponseRecorder w = Ask(Typed(type));
    EXPECT_EQ(CodingOf(w), "") << type;
    EXPECT_FALSE(w.Result().Header.Has("Vary")) << type;
  }
}

TEST(CompressHandler, TypesCanBeChosen) {
  const CompressOptions options = {.types = {"image/bmp", "video/*", "*+cbor"}};
  for (const char* type : {"image/bmp", "video/x", "application/x+cbor"}) {
    EXPECT_EQ(CodingOf(Ask(Typed(type), {.options = options})), "gzip") << type;
  }
  for (const char* type : {"text/plain", "image/bmpx", "videos/x", "application/cbor"}) {
    EXPECT_EQ(CodingOf(Ask(Typed(type), {.options = options})), "") << type;
  }
}

TEST(CompressHandler, FindsTheTypeByTheFirstBytes) {
  const std::string page = "<html>" + kLong;
  const ResponseRecorder w = Ask(Typed("", page));
  EXPECT_EQ(CodingOf(w, page), "gzip");
  EXPECT_EQ(w.Result().Header.Get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(w.Result().Header.Get("Vary"), "Accept-Encoding");
  const std::string image = "\x89PNG\r\n\x1A\n" + kLong;
  const ResponseRecorder other = Ask(Typed("", image));
  EXPECT_EQ(CodingOf(other, image), "");
  EXPECT_EQ(other.Result().Header.Get("Content-Type"), "image/png");
  // A suppressed type is not guessed.
  EXPECT_EQ(CodingOf(Ask([](ResponseWriter& writer, Request&) {
              writer.Header().Suppress("Content-Type");
              writer.Write(kLong);
            })),
            "");
}

TEST(CompressHandler, TheLeastSizeAndOneByteLess) {
  const std::string least = Text(1024);
  const std::string less = Text(1023);
  EXPECT_EQ(CodingOf(Ask(Typed("text/plain", least)), least), "gzip");
  EXPECT_EQ(CodingOf(Ask(Typed("text/plain", less)), less), "");
  const auto declared = [](std::string body) {
    return [body = std::move(body)](ResponseWriter& w, Request&) {
      w.Header().Set("Content-Type", "text/plain");
      w.Header().Set("Content-Length", std::to_string(body.size()));
      for (const char c : body) w.Write({&c, 1});
    };
  };
  EXPECT_EQ(CodingOf(Ask(declared(least)), least), "gzip");
  const ResponseRecorder small = Ask(declared(less));
  EXPECT_EQ(CodingOf(small, less), "");
  EXPECT_EQ(small.Result().Header.Get("Content-Length"), "1023");
  // Byte by byte too, and without anything.
  EXPECT_EQ(CodingOf(Ask([&](ResponseWriter& w, Request&) {
                       for (const char c : least) w.Write({&c, 1});
                     }),
                     least),
            "gzip");
  EXPECT_EQ(CodingOf(Ask([](ResponseWriter&, Request&) {}), ""), "");
  EXPECT_EQ(Ask([](ResponseWriter& w, Request&) { w.WriteHeader(404); }).Code, 404);
}

TEST(CompressHandler, LeavesOtherResponsesUnchanged) {
  const struct {
    const char* name;
    const char* value;
  } cases[] = {{"Content-Encoding", "br"},
               {"Content-Range", "bytes 0-4999/9000"},
               {"Transfer-Encoding", "identity"},
               {"Cache-Control", "max-age=1, No-Transform"},
               {"Content-Digest", "x"},
               {"Repr-Digest", "x"},
               {"Digest", "x"},
               {"Content-MD5", "x"}};
  for (const auto& c : cases) {
    const ResponseRecorder w = Ask([&](ResponseWriter& writer, Request&) {
      writer.Header().Set("Content-Type", "text/plain");
      writer.Header().Set("ETag", "\"x\"");
      writer.Header().Set(c.name, c.value);
      writer.Write(kLong);
    });
    EXPECT_EQ(w.Body, kLong) << c.name;
    EXPECT_EQ(w.Result().Header.Get("ETag"), "\"x\"") << c.name;
  }
  for (const int status : {101, 204, 205, 206, 304}) {
    const ResponseRecorder w = Ask([&](ResponseWriter& writer, Request&) {
      writer.Header().Set("Content-Type", "text/plain");
      writer.WriteHeader(status);
      writer.Write(kLong);
    });
    EXPECT_EQ(w.Code, status);
    EXPECT_FALSE(w.Result().Header.Has("Content-Encoding")) << status;
  }
}

TEST(CompressHandler, GivesTagsOfTheirOwnAndTakesRangesAway) {
  const auto with_tag = [](std::string tag, int status) {
    return [tag, status](ResponseWriter& w, Request&) {
      w.Header().Set("Content-Type", "text/plain");
      w.Header().Set("ETag", tag);
      w.Header().Set("Accept-Ranges", "bytes");
      w.WriteHeader(status);
      if (status != 304) w.Write(kLong);
    };
  };
  const ResponseRecorder w = Ask(with_tag("\"a\"", 200));
  EXPECT_EQ(CodingOf(w), "gzip");
  EXPECT_EQ(w.Result().Header.Get("ETag"), "\"a--gzip\"");
  EXPECT_FALSE(w.Result().Header.Has("Accept-Ranges"));
  EXPECT_EQ(Ask(with_tag("W/\"a\"", 200)).Result().Header.Get("ETag"), "W/\"a\"");
  // The plain answer keeps both fields.
  const ResponseRecorder plain = Ask(with_tag("\"a\"", 200), {.accept = ""});
  EXPECT_EQ(plain.Result().Header.Get("ETag"), "\"a\"");
  EXPECT_TRUE(plain.Result().Header.Has("Accept-Ranges"));
  const ResponseRecorder unmodified = Ask(with_tag("\"a\"", 304));
  EXPECT_EQ(unmodified.Result().Header.Get("ETag"), "\"a--gzip\"");
  EXPECT_EQ(unmodified.Result().Header.Get("Vary"), "Accept-Encoding");
}

TEST(CompressHandler, VaryIsSentOnce) {
  const struct {
    const char* before;
    std::vector<std::string_view> after;
  } cases[] = {{"Origin", {"Origin", "Accept-Encoding"}},
               {"Origin, accept-encoding", {"Origin, accept-encoding"}},
               {"*", {"*"}}};
  for (const auto& c : cases) {
    const ResponseRecorder w = Ask([&](ResponseWriter& writer, Request&) {
      writer.Header().Set("Vary", c.before);
      writer.Header().Set("Content-Type", "text/plain");
      writer.Write(kLong);
    });
    const auto sent = w.Result();
    EXPECT_EQ(sent.Header.Values("Vary"), c.after);
  }
}

TEST(CompressHandler, HeadHasTheFieldsOfGetAndNoBody) {
  for (const bool writes : {false, true}) {
    const ResponseRecorder w = Ask(
        [&](ResponseWriter& writer, Request&) {
          writer.Header().Set("Content-Type", "text/plain");
          writer.Header().Set("Content-Length", std::to_string(kLong.size()));
          writer.WriteHeader(200);
          if (writes) writer.Write(kLong);
        },
        {.method = "HEAD"});
    EXPECT_EQ(w.Result().Header.Get("Content-Encoding"), "gzip");
    EXPECT_EQ(w.Result().Header.Get("Vary"), "Accept-Encoding");
    EXPECT_FALSE(w.Result().Header.Has("Content-Length"));
    EXPECT_EQ(w.Body, "");
  }
}

TEST(CompressHandler, FlushSendsEverythingSoFar) {
  ResponseRecorder w;
  const HandlerPtr handler = CompressHandler([&](ResponseWriter& writer, Request&) {
    writer.Header().Set("Content-Type", "text/plain");
    ASSERT_FALSE(writer.Flush());  // before any data
    for (const char* event : {"one\n", "two\n", "three\n"}) {
      writer.Write(event);
      ASSERT_FALSE(writer.Flush());
      const test::Gunzipped sofar = Gunzip(w.Body);
      EXPECT_FALSE(sofar.whole);
      EXPECT_TRUE(sofar.text.ends_with(event)) << sofar.text;
    }
    EXPECT_EQ(writer.Status(), 200);
    EXPECT_EQ(writer.BytesWritten(), 14);
  });
  Request r = NewRequest("GET", "/");
  r.Header.Set("Accept-Encoding", "gzip");
  handler->ServeHTTP(w, r);
  EXPECT_TRUE(w.Flushed);
  EXPECT_EQ(Gunzip(w.Body).text, "one\ntwo\nthree\n");
  EXPECT_TRUE(Gunzip(w.Body).whole);
}

TEST(CompressHandler, EventsAreCompressedWhereTheyAreAskedFor) {
  const ResponseRecorder w = Ask(
      [](ResponseWriter& writer, Request&) {
        writer.Header().Set("Content-Type", "text/event-stream");
        writer.Write("data: 1\n\n");
        ASSERT_FALSE(writer.Flush());
      },
      {.options = {.types = {"text/event-stream"}}});
  EXPECT_EQ(w.Result().Header.Get("Content-Encoding"), "gzip");
  EXPECT_EQ(Gunzip(w.Body).text, "data: 1\n\n");
}

TEST(CompressHandler, FieldsAreThoseAtTheFirstWrite) {
  const ResponseRecorder w = Ask([](ResponseWriter& writer, Request&) {
    writer.Header().Set("Content-Type", "text/plain");
    writer.Header().Set("X-Early", "1");
    writer.Write("kept back");
    writer.Header().Set("X-Early", "2");
    writer.Header().Set("X-Late", "1");
    writer.Header().Set(std::string(TrailerPrefix) + "X-Sum", "3");
    writer.Write(kLong);
  });
  const httptest::Response got = w.Result();
  EXPECT_EQ(CodingOf(w, "kept back" + kLong), "gzip");
  EXPECT_EQ(got.Header.Get("X-Early"), "1");
  EXPECT_FALSE(got.Header.Has("X-Late"));
  EXPECT_EQ(got.Trailer.Get("X-Sum"), "3");
}

TEST(CompressHandler, StatusAndInformationPass) {
  const ResponseRecorder w = Ask([](ResponseWriter& writer, Request&) {
    writer.Header().Set("Link", "</a>");
    writer.WriteHeader(103);
    writer.Header().Set("Content-Type", "text/plain");
    writer.WriteHeader(404);
    EXPECT_EQ(writer.Status(), 404);
    writer.Write(kLong);
  });
  EXPECT_EQ(w.Code, 404);
  EXPECT_EQ(w.Informational, std::vector<int>{103});
  EXPECT_EQ(CodingOf(w), "gzip");
  EXPECT_THROW(Ask([](ResponseWriter& writer, Request&) { writer.WriteHeader(99); }),
               std::invalid_argument);
}

TEST(CompressHandler, ADeclaredLengthHolds) {
  const auto promises = [](size_t bytes) {
    return [bytes](ResponseWriter& w, Request&) {
      w.Header().Set("Content-Type", "text/plain");
      w.Header().Set("Content-Length", std::to_string(bytes));
      w.Write(kLong);
      const io::IoResult more = w.Write("x");
      EXPECT_EQ(more.n, bytes > kLong.size() ? 1U : 0U);
      EXPECT_EQ(more.err.Is(ErrContentLength), bytes == kLong.size());
    };
  };
  EXPECT_EQ(CodingOf(Ask(promises(kLong.size()))), "gzip");
  // A client must not take a part for the whole.
  EXPECT_THROW(Ask(promises(kLong.size() + 2)), AbortHandler);
}

TEST(CompressHandler, AnExceptionLeavesBufferedBytesUnsent) {
  ResponseRecorder w;
  const HandlerPtr handler = CompressHandler([](ResponseWriter& writer, Request& r) {
    writer.Header().Set("Content-Type", "text/plain");
    writer.Write(r.URL.Path == "/long" ? std::string_view(kLong) : "short");
    throw std::runtime_error("as asked");
  });
  Request r = NewRequest("GET", "/");
  r.Header.Set("Accept-Encoding", "gzip");
  EXPECT_THROW(handler->ServeHTTP(w, r), std::runtime_error);
  EXPECT_EQ(w.Status(), 0);
  Request longer = NewRequest("GET", "/long");
  longer.Header.Set("Accept-Encoding", "gzip");
  EXPECT_THROW(handler->ServeHTTP(w, longer), std::runtime_error);
  EXPECT_FALSE(Gunzip(w.Body).whole);
}

// The second answer would contain the first one's data if its compressor were not reset.
TEST(CompressHandler, CompressorsAreUsedAgain) {
  int calls = 0;
  const HandlerPtr handler = CompressHandler([&](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Type", "text/plain");
    w.Write(kLong);
    if (++calls % 2 == 1) throw AbortHandler();
  });
  for (int i = 0; i < 4; ++i) {
    Request r = NewRequest("GET", "/");
    r.Header.Set("Accept-Encoding", "gzip");
    ResponseRecorder w;
    try {
      handler->ServeHTTP(w, r);
      EXPECT_EQ(CodingOf(w), "gzip");
    } catch (const AbortHandler&) {
      EXPECT_EQ(i % 2, 0);
    }
  }
}

TEST(CompressHandler, StreamsAtTheirLimitAndOneMore) {
  // Each call serves the next one while it is itself in progress.
  HandlerPtr handler;
  std::vector<std::string> codings(4);
  const auto serve = [&](size_t depth) {
    Request r = NewRequest("GET", "/" + std::to_string(depth));
    r.Header.Set("Accept-Encoding", "gzip");
    ResponseRecorder w;
    handler->ServeHTTP(w, r);
    codings[depth] = CodingOf(w);
  };
  handler = CompressHandler(
      [&](ResponseWriter& w, Request& r) {
        w.Header().Set("Content-Type", "text/plain");
        w.Write(kLong);
        const size_t depth = std::stoul(r.URL.Path.substr(1));
        if (depth + 1 < codings.size()) serve(depth + 1);
      },
      {.streams_max = 3});
  serve(0);
  EXPECT_EQ(codings, (std::vector<std::string>{"gzip", "gzip", "gzip", ""}));
  serve(0);
  EXPECT_EQ(codings[2], "gzip");
}

TEST(Compress, IsAMiddlewareWhoseHandlersShareTheLimit) {
  const Middleware compress = Compress({.streams_max = 1});
  std::string inner_coding = "none";
  const auto ask = [](Handler& handler) {
    Request r = NewRequest("GET", "/");
    r.Header.Set("Accept-Encoding", "gzip");
    ResponseRecorder w;
    handler.ServeHTTP(w, r);
    return CodingOf(w);
  };
  const HandlerPtr inner = Chain({compress}, Typed("text/plain"));
  const HandlerPtr outer = Chain({compress}, [&](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Type", "text/plain");
    w.Write(kLong);
    inner_coding = ask(*inner);
  });
  EXPECT_EQ(ask(*outer), "gzip");
  EXPECT_EQ(inner_coding, "");
  EXPECT_EQ(ask(*inner), "gzip");
  EXPECT_THROW(static_cast<void>(Compress({.level = 0})), std::invalid_argument);
}

TEST(CompressHandler, FilesAreCompressedUnlessTheyAre) {
  const HandlerPtr handler = CompressHandler(std::make_shared<FileServer>(
      MapFS().Add("a.css", kLong).Add("b.css", kLong).Add("b.css.gz", "BEFORE"),
      FileServerOptions{.etag = true, .precompressed = true}));
  const auto get = [&](std::string_view target, std::string_view range = "") {
    Request r = NewRequest("GET", target);
    r.Header.Set("Accept-Encoding", "gzip");
    if (!range.empty()) r.Header.Set("Range", range);
    ResponseRecorder w;
    handler->ServeHTTP(w, r);
    return w;
  };
  const ResponseRecorder now = get("/a.css");
  EXPECT_EQ(CodingOf(now), "gzip");
  EXPECT_TRUE(now.Result().Header.Get("ETag").ends_with("--gzip\""));
  const auto current = now.Result();
  EXPECT_EQ(current.Header.Values("Vary").size(), 1U);
  const ResponseRecorder before = get("/b.css");
  EXPECT_EQ(before.Body, "BEFORE");
  EXPECT_EQ(before.Result().Header.Get("Content-Length"), "6");
  const ResponseRecorder part = get("/a.css", "bytes=0-2999");
  EXPECT_EQ(part.Code, 206);
  EXPECT_EQ(part.Body, kLong.substr(0, 3000));
}

// Counts the turns given to other fibers.
class CountingSpawner final : public Spawner {
 public:
  void Go(appcontext::Context, std::function<void()>) override {}
  void Wait(const appcontext::Context&) override {}
  void Yield() override { ++turns; }
  Home& Here() override { throw std::logic_error("not asked for"); }
  void Serve(const Target& target, ResponseWriter& w, Request& r) override {
    target.handler->ServeHTTP(w, r);
  }

  size_t turns = 0;
};

// Zeros compress so well that no write ever waits for the client.
TEST(CompressHandler, YieldsAfterAnAmountOfInput) {
  constexpr size_t kTurn = internal::CompressWriter::kBytesPerTurn;
  for (const size_t piece : {size_t{16} * kTurn, size_t{4096}, size_t{999}}) {
    CountingSpawner spawner;
    std::string body(16 * kTurn + 1, '\0');
    const HandlerPtr handler = CompressHandler([&](ResponseWriter& w, Request&) {
      w.Header().Set("Content-Type", "text/plain");
      for (std::string_view left = body; !left.empty();) {
        const std::string_view part = left.substr(0, piece);
        EXPECT_EQ(w.Write(part).n, part.size());
        left.remove_prefix(part.size());
      }
    });
    Request r = NewRequest("GET", "/");
    r.Header.Set("Accept-Encoding", "gzip");
    r.SetContext(appcontext::WithValue(r.Context(), &SpawnerKey, static_cast<Spawner*>(&spawner)));
    ResponseRecorder w;
    handler->ServeHTTP(w, r);
    EXPECT_EQ(CodingOf(w, body), "gzip");
    EXPECT_EQ(spawner.turns, 16U) << piece;
  }
}

TEST(CompressHandler, AfterAWritePastTheDeclaredLengthAllWritesFail) {
  const auto write = [](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Type", "text/plain");
    w.Header().Set("Content-Length", "2000");
    EXPECT_EQ(w.Write(Text(1500)).n, 1500U);
    EXPECT_TRUE(w.Write(Text(501)).err.Is(ErrContentLength));
    EXPECT_TRUE(w.Write(Text(500)).err.Is(ErrContentLength));
  };
  EXPECT_THROW(Ask(write), AbortHandler);
}

TEST(CompressHandler, LevelsAreOneToNine) {
  for (const int level : {1, 9}) {
    EXPECT_EQ(CodingOf(Ask(Typed("text/plain"), {.options = {.level = level}})), "gzip");
  }
  for (const int level : {-1, 0, 10}) {
    EXPECT_THROW(static_cast<void>(CompressHandler(Typed(""), {.level = level})),
                 std::invalid_argument);
  }
}

// Incompressible data larger than the compressor's buffers, in one piece and in many.
TEST(CompressHandler, LargeBodies) {
  std::string noise;
  uint32_t state = 1;
  while (noise.size() < (1 << 20)) {
    state = state * 1664525 + 1013904223;
    noise += static_cast<char>(state >> 24);
  }
  for (const size_t piece : {noise.size(), size_t{777}}) {
    const ResponseRecorder w = Ask([&](ResponseWriter& writer, Request&) {
      writer.Header().Set("Content-Type", "text/plain");
      for (size_t at = 0; at < noise.size(); at += piece) writer.Write(noise.substr(at, piece));
    });
    const test::Gunzipped got = Gunzip(w.Body);
    EXPECT_TRUE(got.whole);
    EXPECT_TRUE(got.text == noise);
  }
}

}  // namespace
}  // namespace hon::http
