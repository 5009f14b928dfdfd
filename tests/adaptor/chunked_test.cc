#include "hon/adaptor/chunked.h"

#include <gtest/gtest.h>

#include <string>

#include "support/guarded_bytes.h"

namespace hon::adaptor {
namespace {

using hon::test::GuardedBytes;

struct Case {
  std::string_view name;
  std::string_view section;
  std::string_view wire;
  const Sentinel* error = nullptr;
  std::string_view body = {};
  std::string_view trailers = {};  // "Name=value;" each
};

constexpr Case kCases[] = {
    {"one chunk", "9112 §7.1", "5\r\nhello\r\n0\r\n\r\n", nullptr, "hello"},
    {"CHUNKED-MULTI", "9112 §7.1", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", nullptr,
     "hello world"},
    {"CHUNKED-EMPTY", "9112 §7.1", "0\r\n\r\n", nullptr, ""},
    {"hex, lower case", "9112 §7.1", "a\r\n0123456789\r\n0\r\n\r\n", nullptr, "0123456789"},
    {"CHUNKED-HEX-UPPERCASE", "9112 §7.1", "A\r\n0123456789\r\n0\r\n\r\n", nullptr, "0123456789"},
    {"leading zeros", "9112 §7.1", "0000000000000005\r\nhello\r\n000\r\n\r\n", nullptr, "hello"},
    {"data like framing", "9112 §7.1", "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", nullptr, "\r\n0\r\n\r\n"},
    {"what follows is not ours", "9112 §7.1", "1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1", nullptr, "x"},

    // Extensions.
    {"CHUNKED-EXTENSION", "9112 §7.1.1", "5;a=b\r\nhello\r\n0\r\n\r\n", nullptr, "hello"},
    {"name alone", "9112 §7.1.1", "5;abc\r\nhello\r\n0;x;y\r\n\r\n", nullptr, "hello"},
    {"quoted", "9112 §7.1.1", "5;a=\"b;\\\"c\\\\ \t,\"\r\nhello\r\n0\r\n\r\n", nullptr, "hello"},
    {"several with blanks", "9112 §7.1.1", "5; a = b ;\tc=\"d\" ; e\r\nhello\r\n0\r\n\r\n", nullptr,
     "hello"},
    {"quoted, then another", "9112 §7.1.1", "5;a=\"\";b=c\r\nhello\r\n0\r\n\r\n", nullptr, "hello"},
    {"CHUNK-BARE-SEMICOLON", "9112 §7.1.1", "5;\r\nhello\r\n0\r\n\r\n", &ErrChunkExtension},
    {"two semicolons", "9112 §7.1.1", "5;;a\r\nhello\r\n0\r\n\r\n", &ErrChunkExtension},
    {"no value", "9112 §7.1.1", "5;a=\r\nhello\r\n0\r\n\r\n", &ErrChunkExtension},
    {"CHUNK-EXT-INVALID-TOKEN", "9112 §7.1.1", "5;a[=b\r\nhello\r\n0\r\n\r\n", &ErrChunkExtension},
    {"two words", "9112 §7.1.1", "5;a b\r\nhello\r\n0\r\n\r\n", &ErrChunkExtension},
    {"blanks behind the name", "9112 §7.1.1", "5;a \r\nhello\r\n0\r\n\r\n", &ErrChunkExtension},
    {"blanks behind the value", "9112 §7.1.1", "5;a=b \r\nhello\r\n0\r\n\r\n", &ErrChunkExtension},
    {"text behind a quoted value", "9112 §7.1.1", "5;a=\"b\"c\r\nhello\r\n", &ErrChunkExtension},
    {"CHUNK-EXT-CTRL", "9112 §7.1.1", std::string_view("5;a\0b\r\nhello\r\n0\r\n\r\n", 19),
     &ErrChunkExtension},
    {"control byte in quotes", "9112 §7.1.1", "5;a=\"\x01\"\r\nhello\r\n", &ErrChunkExtension},
    {"CHUNK-EXT-LF", "9112 §2.2", "5;a\nhello\r\n0\r\n\r\n", &ErrChunkBareLf},
    {"LF in quotes", "CVE-2025-55315", "5;a=\"\n\"\r\nhello\r\n", &ErrChunkBareLf},
    {"escaped LF in quotes", "CVE-2026-2332", "5;a=\"\\\n\"\r\nhello\r\n", &ErrChunkBareLf},
    {"CR in quotes", "CVE-2026-2332", "5;a=\"\r\n\"\r\nhello\r\n", &ErrChunkExtension},
    {"CHUNK-EXT-CR", "9112 §2.2", "5;a\rb\r\nhello\r\n0\r\n\r\n", &ErrChunkBareCr},

    // Sizes.
    {"no size", "9112 §7.1", "\r\nhello\r\n", &ErrChunkLengthEmpty},
    {"an extension alone", "9112 §7.1", ";a=b\r\nhello\r\n", &ErrChunkLengthEmpty},
    {"CHUNK-HEX-PREFIX", "9112 §7.1", "0x5\r\nhello\r\n0\r\n\r\n", &ErrChunkLengthByte},
    {"CHUNK-UNDERSCORE", "9112 §7.1", "1_0\r\nhello world!!!!\r\n0\r\n\r\n", &ErrChunkLengthByte},
    {"CHUNK-LEADING-SP", "9112 §7.1", " 5\r\nhello\r\n0\r\n\r\n", &ErrChunkLengthByte},
    {"CHUNK-SIZE-TRAILING-OWS", "9112 §7.1", "5 \r\nhello\r\n0\r\n\r\n", &ErrChunkLengthByte},
    {"a space before an extension", "W36", "5 ;a\r\nhello\r\n0\r\n\r\n", &ErrChunkLengthByte},
    {"CHUNK-NEGATIVE", "9112 §7.1", "-5\r\nhello\r\n0\r\n\r\n", &ErrChunkLengthByte},
    {"CHUNK-SIZE-PLUS", "9112 §7.1", "+5\r\nhello\r\n0\r\n\r\n", &ErrChunkLengthByte},
    {"not hex", "9112 §7.1", "g\r\nhello\r\n0\r\n\r\n", &ErrChunkLengthByte},
    {"17 digits", "9112 §7.1", "00000000000000005\r\nhello\r\n", &ErrChunkLengthTooLarge},
    {"MAL-CHUNK-SIZE-OVERFLOW", "9112 §7.1", "fffffffffffffffff\r\nhello\r\n",
     &ErrChunkLengthTooLarge},
    {"size line by bare LF", "CVE-2025-22871", "5\nhello\r\n0\r\n\r\n", &ErrChunkBareLf},
    {"CHUNK-BARE-CR-TERM", "9112 §2.2", "5\rhello\r\n0\r\n\r\n", &ErrChunkBareCr},
    {"last chunk by bare LF", "CVE-2025-22871", "5\r\nhello\r\n0\n\r\n", &ErrChunkBareLf, "hello"},

    // Data.
    {"CHUNK-SPILL", "9112 §7.1", "5\r\nhelloXX\r\n0\r\n\r\n", &ErrMalformedChunk, "hello"},
    {"CHUNK-MISSING-TRAILING-CRLF", "9112 §7.1", "5\r\nhello0\r\n\r\n", &ErrMalformedChunk,
     "hello"},
    {"CHUNK-LF-TERM", "9112 §2.2", "5\r\nhello\n0\r\n\r\n", &ErrMalformedChunk, "hello"},
    {"CR alone behind data", "9112 §2.2", "5\r\nhello\rX\r\n", &ErrMalformedChunk, "hello"},

    // Trailers.
    {"CHUNKED-TRAILER-VALID", "9112 §7.1.2", "0\r\nX-Sum: 1\r\nX-T:\t a b \t\r\n\r\n", nullptr, "",
     "X-Sum=1;X-T=a b;"},
    {"a name twice", "9110 §6.5.2", "1\r\nx\r\n0\r\nX: 1\r\nX: 2\r\n\r\n", nullptr, "x",
     "X=1;X=2;"},
    {"CHUNK-LF-TRAILER", "9112 §2.2", "0\r\nX: 1\n\r\n", &ErrMalformedTrailer},
    {"bare LF ends the trailers", "9112 §2.2", "0\r\nX: 1\r\n\n", &ErrMalformedTrailer},
    {"bare LF for no trailers", "9112 §2.2", "0\r\n\n", &ErrMalformedTrailer},
    {"CR without LF at the end", "9112 §2.2", "0\r\n\rX", &ErrMalformedTrailer},
    {"CR in a trailer", "9112 §2.2", "0\r\nX: a\rb\r\n\r\n", &ErrMalformedTrailer},
    {"bad trailer name", "9112 §5", "0\r\nX y: 1\r\n\r\n", &ErrMalformedTrailer},
    {"space before the colon", "9112 §5.1", "0\r\nX : 1\r\n\r\n", &ErrMalformedTrailer},
    {"no colon", "9112 §5", "0\r\nabc\r\n\r\n", &ErrMalformedTrailer},
    {"folded trailer", "9112 §5.2", "0\r\nX: 1\r\n 2\r\n\r\n", &ErrMalformedTrailer},
    {"TRAILER-CL", "9110 §6.5.1", "0\r\nContent-Length: 5\r\n\r\n", &ErrForbiddenTrailer},
    {"TRAILER-TE", "9110 §6.5.1", "0\r\ntransfer-encoding: chunked\r\n\r\n", &ErrForbiddenTrailer},
    {"TRAILER-HOST", "9110 §6.5.1", "0\r\nHost: evil\r\n\r\n", &ErrForbiddenTrailer},
    {"TRAILER-AUTH", "9110 §6.5.1", "0\r\nAuthorization: x\r\n\r\n", &ErrForbiddenTrailer},
    {"TRAILER-CONTENT-TYPE", "9110 §6.5.1", "0\r\nContent-Type: x\r\n\r\n", &ErrForbiddenTrailer},
    {"a good and a forbidden one", "9110 §6.5.1", "0\r\nX: 1\r\nCookie: a=b\r\n\r\n",
     &ErrForbiddenTrailer},
    {"conditional", "9110 §6.5.1", "0\r\nIf-Match: x\r\n\r\n", &ErrForbiddenTrailer},
};

struct Outcome {
  std::string body;
  std::string error;
  std::string trailers;
  size_t used = 0;
  bool done = false;

  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& o) {
  return out << "body [" << o.body << "] error [" << o.error << "] trailers [" << o.trailers
             << "] used " << o.used << (o.done ? " done" : "");
}

class Decoding {
 public:
  // False once nothing more can follow.
  bool Feed(std::string_view wire, size_t data_max = SIZE_MAX) {
    while (!wire.empty() && !decoder_.Done()) {
      const ChunkedDecoder::Piece piece = decoder_.Decode(wire, data_max);
      outcome_.used += piece.used;
      outcome_.body.append(piece.data);
      EXPECT_LE(piece.data.size(), data_max);
      if (piece.err) {
        outcome_.error = piece.err.Message();
        return false;
      }
      wire.remove_prefix(piece.used);
    }
    return !decoder_.Done();
  }

  Outcome Finish() {
    outcome_.done = decoder_.Done() && outcome_.error.empty();
    http::Header trailers;
    if (outcome_.done) decoder_.TakeTrailers(trailers);
    for (const auto& field : trailers) {
      outcome_.trailers.append(field.name).append("=").append(field.value).append(";");
    }
    return outcome_;
  }

 private:
  ChunkedDecoder decoder_;
  Outcome outcome_;
};

void ExpectWanted(const Outcome& outcome, const Case& c, const std::string& how) {
  EXPECT_EQ(outcome.body, c.body) << c.name << how;
  EXPECT_EQ(outcome.error, c.error == nullptr ? "" : std::string(c.error->text)) << c.name << how;
  EXPECT_EQ(outcome.trailers, c.trailers) << c.name << how;
  EXPECT_EQ(outcome.done, c.error == nullptr) << c.name << how;
}

// The fields of RFC 9110 §6.5.1 that frame, route, modify or authorise a request, control an answer
// or tell how its content is written, as docs/DEVIATIONS.md (D-015) lists them.
TEST(ChunkedDecoder, TheFieldsThatATrailerMayNotHave) {
  for (const std::string_view name : {"Authorization",
                                      "Cache-Control",
                                      "Connection",
                                      "Content-Encoding",
                                      "Content-Length",
                                      "Content-Range",
                                      "Content-Type",
                                      "Cookie",
                                      "Expect",
                                      "Host",
                                      "Keep-Alive",
                                      "Max-Forwards",
                                      "Pragma",
                                      "Proxy-Authenticate",
                                      "Proxy-Authorization",
                                      "Proxy-Connection",
                                      "Range",
                                      "Realm",
                                      "Set-Cookie",
                                      "TE",
                                      "Trailer",
                                      "Transfer-Encoding",
                                      "Upgrade",
                                      "WWW-Authenticate",
                                      "If-Match",
                                      "If-None-Match",
                                      "If-Modified-Since",
                                      "If-Unmodified-Since",
                                      "If-Range",
                                      "if-anything",
                                      "CONTENT-TYPE",
                                      "set-cookie"}) {
    ChunkedDecoder decoder;
    const std::string wire = "0\r\n" + std::string(name) + ": x\r\n\r\n";
    EXPECT_TRUE(decoder.Decode(wire).err.Is(ErrForbiddenTrailer)) << name;
    EXPECT_FALSE(IsTrailerAllowed(name)) << name;
  }
  for (const std::string_view name :
       {"X-Sum", "Digest", "Content-Digest", "Repr-Digest", "Content-MD5", "ETag", "Server-Timing",
        "Grpc-Status", "Authentication-Info", "Accept-Ranges", "If", "Hosts", "Content-Language"}) {
    ChunkedDecoder decoder;
    const std::string wire = "0\r\n" + std::string(name) + ": x\r\n\r\n";
    EXPECT_FALSE(decoder.Decode(wire).err) << name;
    EXPECT_TRUE(decoder.Done()) << name;
  }
}

TEST(ChunkedDecoder, EveryCaseWhole) {
  for (const Case& c : kCases) {
    const GuardedBytes wire(c.wire);
    Decoding decoding;
    decoding.Feed(wire.View());
    ExpectWanted(decoding.Finish(), c, " whole");
  }
}

TEST(ChunkedDecoder, EveryCaseAtEveryCut) {
  for (const Case& c : kCases) {
    Decoding whole;
    whole.Feed(c.wire);
    const Outcome want = whole.Finish();
    for (size_t cut = 0; cut <= c.wire.size(); ++cut) {
      const GuardedBytes first(c.wire.substr(0, cut));
      const GuardedBytes second(c.wire.substr(cut));
      Decoding decoding;
      if (decoding.Feed(first.View())) decoding.Feed(second.View());
      EXPECT_EQ(decoding.Finish(), want) << c.name << " cut " << cut;
    }
  }
}

TEST(ChunkedDecoder, EveryCaseByteByByteAndWithLittleRoom) {
  for (const Case& c : kCases) {
    Decoding bytes;
    for (const char& byte : c.wire) {
      if (!bytes.Feed({&byte, 1})) break;
    }
    ExpectWanted(bytes.Finish(), c, " byte by byte");
    Decoding little;
    little.Feed(c.wire, 2);
    ExpectWanted(little.Finish(), c, " two bytes of room");
  }
}

TEST(ChunkedDecoder, EveryPrefixOfAGoodBodyIsUnfinished) {
  for (const Case& c : kCases) {
    if (c.error != nullptr) continue;
    Decoding whole;
    whole.Feed(c.wire);
    const size_t size = whole.Finish().used;
    for (size_t cut = 0; cut < size; ++cut) {
      Decoding decoding;
      EXPECT_TRUE(decoding.Feed(c.wire.substr(0, cut))) << c.name << " cut " << cut;
      EXPECT_FALSE(decoding.Finish().done);
    }
  }
}

TEST(ChunkedDecoder, NoRoomStopsBeforeTheData) {
  ChunkedDecoder decoder;
  const std::string_view wire = "5\r\nhello\r\n0\r\n\r\n";
  ChunkedDecoder::Piece piece = decoder.Decode(wire, 0);
  EXPECT_EQ(piece.used, 3U);
  EXPECT_TRUE(decoder.InData());
  piece = decoder.Decode(wire.substr(3));
  EXPECT_EQ(piece.data, "hello");
  EXPECT_FALSE(decoder.InData());
  piece = decoder.Decode(wire.substr(8), 0);
  EXPECT_EQ(piece.used, 7U);
  EXPECT_TRUE(decoder.Done());
}

std::string ErrorOf(std::string_view wire) {
  Decoding decoding;
  decoding.Feed(wire);
  return decoding.Finish().error;
}

TEST(ChunkedDecoder, ChunkLineAtTheLimitAndOneMore) {
  const std::string line = "0;" + std::string(kChunkLineBytesMax - 4, 'a') + "\r\n\r\n";
  EXPECT_EQ(ErrorOf(line), "");
  EXPECT_EQ(ErrorOf("0;a" + line.substr(2)), ErrChunkLineTooLong.text);
}

TEST(ChunkedDecoder, OverheadAtTheLimitAndOneMore) {
  // A chunk of one byte may use 18 bytes beside it: size, CRLF and extension, and CRLF behind.
  const auto chunk = [](size_t overhead) {
    return "1;" + std::string(overhead - 6, 'a') + "\r\nx\r\n";
  };
  std::string wire;
  for (int i = 0; i < 2000; ++i) wire += chunk(18);
  EXPECT_EQ(ErrorOf(wire + "0\r\n\r\n"), "");
  // 16 KiB more than is free, in steps of 1 KiB.
  wire.clear();
  for (int i = 0; i < 16; ++i) wire += chunk(18 + 1024);
  EXPECT_EQ(ErrorOf(wire + "0\r\n\r\n"), "");
  EXPECT_EQ(ErrorOf(wire + chunk(18 + 1)), ErrChunkOverhead.text);
  // Data pays overhead back.
  const std::string data = "1000\r\n" + std::string(4096, 'd') + "\r\n";
  EXPECT_EQ(ErrorOf(wire + data + chunk(18 + 1)), "");
}

TEST(ChunkedDecoder, AByteAtATimeStaysWithinTheOverheadLimit) {
  std::string wire;
  for (int i = 0; i < 50000; ++i) wire += "1\r\nx\r\n";
  EXPECT_EQ(ErrorOf(wire + "0\r\n\r\n"), "");
}

TEST(ChunkedDecoder, TrailerBytesAtTheLimitAndOneMore) {
  const std::string good = "0\r\nX: " + std::string(kTrailerBytesMax - 7, 'v') + "\r\n\r\n";
  EXPECT_EQ(ErrorOf(good), "");
  EXPECT_EQ(ErrorOf("0\r\nXX" + good.substr(4)), ErrTrailerTooLong.text);
}

TEST(ChunkedDecoder, TrailerFieldsAtTheLimitAndOneMore) {
  std::string wire = "0\r\n";
  for (size_t i = 0; i < kTrailerFieldsMax; ++i) wire += "X: 1\r\n";
  EXPECT_EQ(ErrorOf(wire + "\r\n"), "");
  EXPECT_EQ(ErrorOf(wire + "X: 1\r\n\r\n"), ErrTrailerTooLong.text);
}

TEST(ChunkedDecoder, TheLargestSizeIsRead) {
  Decoding decoding;
  EXPECT_TRUE(decoding.Feed("ffffffffffffffff\r\nabc"));
  EXPECT_EQ(decoding.Finish().body, "abc");
}

TEST(ChunkedDecoder, ViewsOfAnnouncedNamesStay) {
  ChunkedDecoder decoder;
  static_cast<void>(decoder.Decode("0\r\nx-second: 2\r\n\r\n"));
  http::Header trailers;
  trailers.Set("X-First", "");
  trailers.Set("X-Other", "");
  const http::Header copy = trailers.Alias();
  decoder.TakeTrailers(trailers);
  EXPECT_EQ(trailers.Get("X-Second"), "2");
  EXPECT_FALSE(trailers.Has("X-First"));
  EXPECT_TRUE(copy.Has("X-First"));
  EXPECT_TRUE(copy.Has("X-Other"));
}

TEST(ChunkedDecoder, ReceivedTrailersReplaceAnnouncedOnes) {
  ChunkedDecoder decoder;
  static_cast<void>(decoder.Decode("0\r\nx-a: 1\r\nx-b: 2\r\nX-A: 3\r\n\r\n"));
  ASSERT_TRUE(decoder.Done());
  http::Header trailers;
  trailers.Set("X-A", "");
  trailers.Set("X-C", "");
  decoder.TakeTrailers(trailers);
  EXPECT_EQ(trailers.Values("X-A"), (std::vector<std::string_view>{"1", "3"}));
  EXPECT_EQ(trailers.Get("X-B"), "2");
  EXPECT_FALSE(trailers.Has("X-C"));
}

TEST(ChunkedDecoder, ResetBeginsAnew) {
  ChunkedDecoder decoder;
  EXPECT_TRUE(decoder.Decode("5;a\n").err.Is(ErrChunkBareLf));
  decoder.Reset();
  EXPECT_EQ(decoder.Decode("2\r\nhi\r\n").data, "hi");
}

TEST(FormatChunkHead, WritesLowerCaseHexBackward) {
  const std::pair<uint64_t, std::string_view> cases[] = {{0, "0\r\n"},
                                                         {15, "f\r\n"},
                                                         {16, "10\r\n"},
                                                         {0xBEEF, "beef\r\n"},
                                                         {UINT64_MAX, "ffffffffffffffff\r\n"}};
  for (const auto& [size, want] : cases) {
    char room[kChunkHeadBytesMax];
    const char* begin = FormatChunkHeadBackward(size, room + sizeof room);
    EXPECT_EQ(std::string_view(begin, static_cast<size_t>(room + sizeof room - begin)), want);
  }
}

}  // namespace
}  // namespace hon::adaptor
