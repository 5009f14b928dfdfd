// The bytes of a Response, line by line of the contract (section 2.8 and 2.9).

#include "hon/adaptor/response.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "adaptor/response_fixture.h"

namespace hon::adaptor::test {
namespace {

using http::ResponseWriter;

const std::string kText = "Content-Type: text/plain; charset=utf-8\r\n";

std::string Letters(size_t size) { return std::string(size, 'x'); }

// --- Length or chunks: W61, W62, L4.

TEST_F(ResponseTest, SmallAnswer) {
  EXPECT_EQ(Answer([](ResponseWriter& w) { w.Write("Hello, world!"); }),
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 13\r\n" + kText + "\r\nHello, world!");
  EXPECT_EQ(response_.Status(), 200);
  EXPECT_EQ(response_.BytesWritten(), 13);
  EXPECT_FALSE(response_.MustClose());
  EXPECT_TRUE(response_.HeadSent());
}

TEST_F(ResponseTest, EmptyAnswer) {
  const std::string want = "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(Answer([](ResponseWriter&) {}), want);
  EXPECT_EQ(Answer([](ResponseWriter& w) { w.Write(""); }), want);
}

TEST_F(ResponseTest, TheBufferAtItsLimitAndOneMore) {
  EXPECT_EQ(
      Answer([](ResponseWriter& w) { w.Write(Letters(2048)); }),
      "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2048\r\n" + kText + "\r\n" + Letters(2048));
  EXPECT_EQ(
      Answer([](ResponseWriter& w) {
        w.Write(Letters(2000));
        w.Write(Letters(48));
      }),
      "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2048\r\n" + kText + "\r\n" + Letters(2048));
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Write(Letters(2048));
              w.Write("y");
            }),
            "HTTP/1.1 200 OK\r\nDate: D\r\n" + kText + "Transfer-Encoding: chunked\r\n\r\n800\r\n" +
                Letters(2048) + "\r\n1\r\ny\r\n0\r\n\r\n");
}

TEST_F(ResponseTest, LaterWritesAreChunksOfTheirOwn) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Write(Letters(5000));
              w.Write("ab");
              w.Write(Letters(3000));
              w.Write("c");
            }),
            "HTTP/1.1 200 OK\r\nDate: D\r\n" + kText + "Transfer-Encoding: chunked\r\n\r\n800\r\n" +
                Letters(2048) + "\r\nb88\r\n" + Letters(2952) + "\r\nbba\r\nab" + Letters(3000) +
                "\r\n1\r\nc\r\n0\r\n\r\n");
  EXPECT_EQ(response_.BytesWritten(), 8003);
}

TEST_F(ResponseTest, FlushEndsAChunk) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Write("a");
              EXPECT_FALSE(w.Flush());
              EXPECT_FALSE(w.Flush());
              w.Write("bc");
              EXPECT_FALSE(w.Flush());
              w.Write("d");
            }),
            "HTTP/1.1 200 OK\r\nDate: D\r\n" + kText +
                "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n1\r\nd\r\n0\r\n\r\n");
}

TEST_F(ResponseTest, FlushSendsTheHeadAloneAndNothingIsSniffedLater) {
  EXPECT_EQ(Answer([this](ResponseWriter& w) {
              EXPECT_FALSE(w.Flush());
              EXPECT_EQ(stream_.Sent(),
                        "HTTP/1.1 200 OK\r\nDate: D\r\nTransfer-Encoding: chunked\r\n\r\n");
              EXPECT_TRUE(response_.HeadSent());
              w.Write("a");
            }),
            "HTTP/1.1 200 OK\r\nDate: D\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n");
}

TEST_F(ResponseTest, DeclaredLength) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Header().Set("Content-Length", "5");
              w.Write("he");
              EXPECT_FALSE(w.Flush());
              w.Write("llo");
            }),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: D\r\n" + kText + "\r\nhello");
  EXPECT_FALSE(response_.MustClose());
}

TEST_F(ResponseTest, SuppressedLengthMeansChunks) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Header().Suppress("Content-Length");
              w.Write("a");
            }),
            "HTTP/1.1 200 OK\r\nDate: D\r\n" + kText +
                "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n");
}

// --- W66, W67: the declared length holds.

TEST_F(ResponseTest, WritingPastTheLengthSendsNothingOfThatWrite) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Header().Set("Content-Length", "5");
              EXPECT_EQ(w.Write("hell").n, 4U);
              const io::IoResult past = w.Write("oX");
              EXPECT_EQ(past.n, 0U);
              EXPECT_TRUE(past.err.Is(http::ErrContentLength));
              EXPECT_EQ(past.err.Message(), "http: wrote more than the declared Content-Length");
              EXPECT_EQ(w.Write("o").n, 1U);
            }),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: D\r\n" + kText +
                "Connection: close\r\n\r\nhello");
  EXPECT_TRUE(response_.MustClose());
}

TEST_F(ResponseTest, WritingLessThanTheLengthCloses) {
  Answer([](ResponseWriter& w) {
    w.Header().Set("Content-Length", "5");
    w.Write("hell");
  });
  EXPECT_TRUE(response_.MustClose());
}

// --- W64: lengths and codings that the handler got wrong.

TEST_F(ResponseTest, ALengthThatIsNoNumberIsDropped) {
  for (const char* value : {"abc", "-1", "+5", "5 5", "0x5", "9223372036854775808"}) {
    control_.log.clear();
    EXPECT_EQ(Answer([value](ResponseWriter& w) {
                w.Header().Set("Content-Length", value);
                w.Write("a");
              }),
              "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 1\r\n" + kText + "\r\na");
    EXPECT_EQ(control_.log.size(), 1U);
  }
}

// A length behind an empty one must not go out as an empty field, before a body without a framing.
TEST_F(ResponseTest, LengthsThatDifferAreDroppedWhateverTheFirstOneIs) {
  for (const char* first : {"", "4"}) {
    control_.log.clear();
    EXPECT_EQ(Answer([first](ResponseWriter& w) {
                w.Header().Add("Content-Length", first);
                w.Header().Add("Content-Length", "1");
                w.Write("a");
              }),
              "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 1\r\n" + kText + "\r\na");
    EXPECT_EQ(control_.log.size(), 1U);
  }
}

TEST_F(ResponseTest, LengthAndCodingDropsTheLength) {
  EXPECT_EQ(
      Answer([](ResponseWriter& w) {
        w.Header().Set("Content-Length", "1");
        w.Header().Set("Transfer-Encoding", "chunked");
        w.Write("abc");
      }),
      "HTTP/1.1 200 OK\r\nDate: D\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(control_.log.size(), 1U);
}

TEST_F(ResponseTest, IdentityIsRawUntilTheEnd) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Header().Set("Transfer-Encoding", "identity");
              w.Write("abc");
            }),
            "HTTP/1.1 200 OK\r\nDate: D\r\nConnection: close\r\n\r\nabc");
  EXPECT_TRUE(response_.MustClose());
}

TEST_F(ResponseTest, AForeignCodingIsNotSent) {
  EXPECT_EQ(
      Answer([](ResponseWriter& w) {
        w.Header().Set("Transfer-Encoding", "gzip");
        w.Write("abc");
      }),
      "HTTP/1.1 200 OK\r\nDate: D\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(control_.log.size(), 1U);
}

// --- Fields: W55 to W58.

TEST_F(ResponseTest, FieldsAreSortedAndTheAutomaticOnesFollow) {
  EXPECT_EQ(Answer(kClose,
                   [](ResponseWriter& w) {
                     w.Header().Set("X-B", "1");
                     w.Header().Add("set-cookie", "b");
                     w.Header().Add("Set-Cookie", "a");
                     w.Header().AddExact("lower", "2");
                     w.Header().Set("A", "3");
                     w.Write("x");
                   }),
            "HTTP/1.1 200 OK\r\nA: 3\r\nSet-Cookie: b\r\nSet-Cookie: a\r\nX-B: 1\r\nlower: 2\r\n"
            "Date: D\r\nContent-Length: 1\r\n" +
                kText + "Connection: close\r\n\r\nx");
}

TEST_F(ResponseTest, MoreFieldsThanTheStackHoldsAreSorted) {
  std::string want = "HTTP/1.1 200 OK\r\n";
  for (int i = 10; i < 80; ++i) want += "X-" + std::to_string(i) + ": v\r\n";
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              for (int i = 79; i >= 10; --i) w.Header().Set("X-" + std::to_string(i), "v");
            }),
            want + "Date: D\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(ResponseTest, TheHandlersDateAndTypeStay) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Header().Set("Date", "mine");
              w.Header().Set("Content-Type", "a/b");
              w.Write("x");
            }),
            "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nDate: mine\r\nContent-Length: 1\r\n\r\nx");
}

TEST_F(ResponseTest, SuppressedFieldsAreNotAdded) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Header().Suppress("Date");
              w.Header().Suppress("Content-Type");
              w.Write("x");
            }),
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
}

TEST_F(ResponseTest, NothingCanBeInjected) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Header().Set("X-A", "1\r\nSet-Cookie: evil");
              w.Header().Set("Bad Name", "x");
              w.Header().Set("Bad\r\nName", "x");
              w.Header().Set("X-B", "  trimmed\t");
            }),
            "HTTP/1.1 200 OK\r\nX-A: 1  Set-Cookie: evil\r\nX-B: trimmed\r\n"
            "Date: D\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(ResponseTest, ChangesAfterTheCommitDoNotReachTheWire) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Header().Set("X-A", "1");
              w.WriteHeader(200);
              w.Header().Set("X-A", "2");
              w.Header().Set("X-B", "3");
              w.Header().Set("Content-Type", "late/type");
              w.Write("x");
              w.Header().Reset();
            }),
            "HTTP/1.1 200 OK\r\nX-A: 1\r\nDate: D\r\nContent-Length: 1\r\n" + kText + "\r\nx");
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Write("x");
              w.Header().Set("X-B", "3");
            }),
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 1\r\n" + kText + "\r\nx");
}

// --- Sniffing: W63.

TEST_F(ResponseTest, TheTypeIsSniffedFromTheFirstBytes) {
  EXPECT_EQ(Answer([](ResponseWriter& w) { w.Write("<!DOCTYPE html><p>"); }),
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 18\r\n"
            "Content-Type: text/html; charset=utf-8\r\n\r\n<!DOCTYPE html><p>");
  // The type is found by all writes together, of any size.
  EXPECT_EQ(
      Answer([](ResponseWriter& w) {
        w.Write("%P");
        w.Write("DF-1.4" + Letters(3000));
      }).substr(0, 80),
      "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: application/pdf\r\nTransfer-Encoding: chun");
}

TEST_F(ResponseTest, AContentCodingHidesTheType) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Header().Set("Content-Encoding", "gzip");
              w.Write("abc");
            }),
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nDate: D\r\nContent-Length: 3\r\n\r\nabc");
}

// --- Status lines: W59, W60, W63b, A5.

TEST_F(ResponseTest, StatusLines) {
  const std::pair<int, std::string> cases[] = {
      {201, "201 Created"},         {299, "299 status code 299"},
      {404, "404 Not Found"},       {413, "413 Request Entity Too Large"},
      {418, "418 I'm a teapot"},    {500, "500 Internal Server Error"},
      {599, "599 status code 599"}, {999, "999 status code 999"}};
  for (const auto& [status, line] : cases) {
    EXPECT_EQ(Answer([code = status](ResponseWriter& w) { w.WriteHeader(code); }),
              "HTTP/1.1 " + line + "\r\nDate: D\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(response_.Status(), status);
  }
}

TEST_F(ResponseTest, StatusOutsideTheRangeThrows) {
  for (const int status : {0, 99, 1000, -5}) {
    Begin({});
    EXPECT_THROW(response_.WriteHeader(status), std::invalid_argument);
    EXPECT_EQ(response_.Status(), 0);
    EXPECT_FALSE(response_.HeadSent());
  }
}

TEST_F(ResponseTest, TheFirstStatusCountsAndTheSecondIsLogged) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.WriteHeader(404);
              w.WriteHeader(200);
            }),
            "HTTP/1.1 404 Not Found\r\nDate: D\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(control_.log, std::vector<std::string>{"http: superfluous response.WriteHeader call"});
}

// --- Answers without a body: W68, W69.

TEST_F(ResponseTest, StatusesWithoutABody) {
  for (const int status : {204, 304}) {
    const std::string got = Answer([status](ResponseWriter& w) {
      w.Header().Set("Content-Length", "5");
      w.Header().Set("Transfer-Encoding", "chunked");
      w.Header().Set("Content-Type", "a/b");
      w.Header().Set("Etag", "\"e\"");
      w.WriteHeader(status);
      const io::IoResult put = w.Write("hello");
      EXPECT_EQ(put.n, 0U);
      EXPECT_TRUE(put.err.Is(http::ErrBodyNotAllowed));
    });
    EXPECT_EQ(got,
              status == 204
                  ? "HTTP/1.1 204 No Content\r\nContent-Type: a/b\r\nEtag: \"e\"\r\nDate: D\r\n\r\n"
                  : "HTTP/1.1 304 Not Modified\r\nEtag: \"e\"\r\nDate: D\r\n\r\n");
    EXPECT_FALSE(response_.MustClose());
  }
}

TEST_F(ResponseTest, ResetContentHasLengthZero) {
  EXPECT_EQ(Answer([](ResponseWriter& w) { w.WriteHeader(205); }),
            "HTTP/1.1 205 Reset Content\r\nDate: D\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(ResponseTest, HeadHasTheHeadOfGet) {
  EXPECT_EQ(Answer(kHead, [](ResponseWriter& w) { EXPECT_EQ(w.Write("hello").n, 5U); }),
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 5\r\n" + kText + "\r\n");
  EXPECT_EQ(response_.BytesWritten(), 5);
  EXPECT_FALSE(response_.MustClose());
  EXPECT_EQ(Answer(kHead, [](ResponseWriter& w) { w.Write(Letters(2048)); }),
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2048\r\n" + kText + "\r\n");
  EXPECT_EQ(Answer(kHead, [](ResponseWriter& w) { w.Write(Letters(2049)); }),
            "HTTP/1.1 200 OK\r\nDate: D\r\n" + kText + "\r\n");
  EXPECT_FALSE(response_.MustClose());
  EXPECT_EQ(Answer(kHead, [](ResponseWriter&) {}), "HTTP/1.1 200 OK\r\nDate: D\r\n\r\n");
  EXPECT_EQ(Answer(kHead,
                   [](ResponseWriter& w) {
                     w.Header().Set("Content-Length", "1000");
                     w.Write("x");
                     EXPECT_FALSE(w.Flush());
                   }),
            "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nDate: D\r\n" + kText + "\r\n");
  EXPECT_FALSE(response_.MustClose());
}

TEST_F(ResponseTest, HeadWithMoreThanItsLengthStaysOpen) {
  Answer(kHead, [](ResponseWriter& w) {
    w.Header().Set("Content-Length", "1");
    EXPECT_TRUE(w.Write("xx").err.Is(http::ErrContentLength));
  });
  EXPECT_FALSE(response_.MustClose());
}

// --- 1xx: W70.

TEST_F(ResponseTest, EarlyHintsAreSentAtOnceAndRepeatedly) {
  EXPECT_EQ(Answer([this](ResponseWriter& w) {
              w.Header().Set("Link", "</a>; rel=preload");
              w.Header().Set("Content-Length", "5");
              w.WriteHeader(103);
              EXPECT_EQ(stream_.Sent(),
                        "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n");
              EXPECT_EQ(w.Status(), 0);
              EXPECT_FALSE(response_.HeadSent());
              w.Header().Add("Link", "</b>");
              w.WriteHeader(103);
              w.Header().Del("Link");
              w.Header().Del("Content-Length");
              w.Write("x");
            }),
            "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
            "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nLink: </b>\r\n\r\n"
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 1\r\n" +
                kText + "\r\nx");
  EXPECT_TRUE(control_.log.empty());
}

TEST_F(ResponseTest, Http10GetsNo1xx) {
  EXPECT_EQ(Answer(kHttp10, [](ResponseWriter& w) { w.WriteHeader(103); }),
            "HTTP/1.0 200 OK\r\nDate: D\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(ResponseTest, SwitchingProtocolsIsFinal) {
  const auto handler = [](ResponseWriter& w) {
    w.Header().Set("Connection", "Upgrade");
    w.Header().Set("Upgrade", "x");
    w.WriteHeader(101);
    EXPECT_TRUE(w.Write("x").err.Is(http::ErrBodyNotAllowed));
  };
  const std::string want =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\nDate: D\r\n\r\n";
  EXPECT_EQ(Answer(handler), want);
  EXPECT_EQ(Answer(kClose, handler), want);  // W47
}

// --- Trailers: W71 to W73, G27.

TEST_F(ResponseTest, AnnouncedTrailers) {
  EXPECT_EQ(
      Answer([](ResponseWriter& w) {
        w.Header().Set("Trailer", "X-B, x-a, Content-Length");
        w.Header().Add("Trailer", "X-Never");
        w.Write("abc");
        w.Header().Set("X-B", "2");
        w.Header().Add("X-A", "1");
        w.Header().Add("X-A", "3");
        w.Header().Set("Content-Length", "99");
        w.Header().Set("X-Other", "no");
      }),
      "HTTP/1.1 200 OK\r\nTrailer: X-B, x-a, Content-Length\r\nTrailer: X-Never\r\nDate: D\r\n" +
          kText +
          "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-A: 1\r\nX-A: 3\r\nX-B: 2\r\n\r\n");
}

TEST_F(ResponseTest, PrefixedTrailersBeforeTheFirstWrite) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Header().Set(std::string(http::TrailerPrefix) + "X-T", "0");
              w.Write("abc");
              w.Header().Set(std::string(http::TrailerPrefix) + "X-T", "1");
              w.Header().Set(std::string(http::TrailerPrefix) + "Host", "evil");
            }),
            "HTTP/1.1 200 OK\r\nDate: D\r\n" + kText +
                "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n");
}

TEST_F(ResponseTest, LateTrailersOfASmallAnswerAreNotLost) {
  EXPECT_EQ(Answer([](ResponseWriter& w) {
              w.Write("abc");
              w.Header().Set(std::string(http::TrailerPrefix) + "X-T", "1");
            }),
            "HTTP/1.1 200 OK\r\nDate: D\r\n" + kText +
                "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n");
}

TEST_F(ResponseTest, NoTrailersWhereThereAreNoChunks) {
  const auto handler = [](ResponseWriter& w) {
    w.Header().Set(std::string(http::TrailerPrefix) + "X-T", "1");
    w.Write("abc");
  };
  EXPECT_EQ(Answer(kHttp10, handler),
            "HTTP/1.0 200 OK\r\nDate: D\r\nContent-Length: 3\r\n" + kText + "\r\nabc");
  EXPECT_EQ(Answer(kHead, handler), "HTTP/1.1 200 OK\r\nDate: D\r\n" + kText + "\r\n");
  EXPECT_EQ(
      Answer([](ResponseWriter& w) {
        w.Header().Set("Content-Length", "3");
        w.Header().Set("Trailer", "X-T");
        w.Write("abc");
        w.Header().Set("X-T", "1");
      }),
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTrailer: X-T\r\nDate: D\r\n" + kText + "\r\nabc");
}

// --- Reuse of the object.

TEST_F(ResponseTest, ResetForgetsEverything) {
  Answer(kClose, [](ResponseWriter& w) {
    w.Header().Set("X-A", "1");
    w.Header().Set("Connection", "x");
    w.Header().Set("Trailer", "X-T");
    w.WriteHeader(500);
    w.Write(Letters(3000));
  });
  EXPECT_EQ(Answer([](ResponseWriter& w) { w.Write("x"); }),
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 1\r\n" + kText + "\r\nx");
  EXPECT_FALSE(response_.MustClose());
}

TEST_F(ResponseTest, AnAbandonedAnswerSendsNothingThatWasBuffered) {
  response_.Write("buffered");
  EXPECT_FALSE(response_.HeadSent());
  EXPECT_EQ(stream_.TakeOutput(), "");
  Begin({});
  response_.Write(Letters(3000));
  EXPECT_TRUE(response_.HeadSent());
  response_.Write("lost");
  const std::string sent = stream_.TakeOutput();
  EXPECT_EQ(sent.find("lost"), std::string::npos);
  EXPECT_FALSE(sent.ends_with("0\r\n\r\n"));
}

}  // namespace
}  // namespace hon::adaptor::test
