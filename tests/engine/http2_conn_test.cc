// The life of an HTTP/2 connection.

#include "engine/http2_conn.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/http2_conn_fixture.h"
#include "h2/session_fixture.h"
#include "hon/engine/engine.h"
#include "hon/fiber/fiber.h"
#include "hon/http/serve_mux.h"
#include "hon/io/stream.h"
#include "hon/netpoll/loop.h"
#include "support/fake_backend.h"

namespace hon::engine {
namespace {

using namespace std::chrono_literals;
using h2::ErrorCode;
using h2::testing::RawFrame;

TEST_F(Http2ConnTest, TheProtocolIsToldByTheFirstBytes) {
  Socket().Sends("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  for (int i = 0; i < 8; ++i) loop_->Turn(0ms);
  EXPECT_NE(Socket().Take().find("HTTP/1.1 hello"), std::string::npos);
}

class Http2OnlyTest : public Http2ConnTest {
 protected:
  Http2OnlyTest() : Http2ConnTest(false) {}
};

TEST_F(Http2OnlyTest, WithoutHttp1AnotherPrefaceIsAFault) {
  const auto frames = Exchange("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(frames.back().header.type, h2::FrameType::kGoAway);
  EXPECT_TRUE(Socket().SawFin());
}

TEST_F(Http2ConnTest, APrefaceThatComesInBytesIsOne) {
  Socket().SendsByteByByte(client_.Take());
  while (Socket().Unreceived() != 0) loop_->Turn(0ms);
  EXPECT_EQ(Get("/").body, "HTTP/2.0 hello");
}

TEST_F(Http2ConnTest, AMethodThatBeginsAsThePrefaceIsHttp1) {
  Socket().Sends("PRI /x HTTP/1.1\r\nHost: t\r\n\r\n");
  for (int i = 0; i < 8; ++i) loop_->Turn(0ms);
  EXPECT_EQ(Socket().Take().substr(0, 12), "HTTP/1.1 200");
}

TEST_F(Http2ConnTest, AnswersHeadBodyAndTrailers) {
  const auto& plain = Get("/");
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(plain.body, "HTTP/2.0 hello");
  EXPECT_EQ(plain.header.at("Content-Length"), "14");
  EXPECT_TRUE(plain.ended);
  const auto& trailers = Get("/trailers");
  EXPECT_EQ(trailers.body, "body");
  EXPECT_EQ(trailers.trailer.at("X-Sum"), "4");
  EXPECT_EQ(Get("/hijack").status, 501);
  EXPECT_EQ(scheduler_->Live(), 0U);
}

struct Subscriber final : io::ConnSink {
  void OnOpen(std::unique_ptr<io::EventConn> opened) override { conn = std::move(opened); }
  void OnInput() override {}
  void OnDeadline(io::ConnDeadline) override {}
  void OnClosed(const Error&) override { conn.reset(); }
  std::unique_ptr<io::EventConn> conn;
};

// The end of a request without a body is not the leaving of its client.
TEST_F(Http2ConnTest, ADetachedAnswerGoesOnAfterItsRequest) {
  Subscriber subscriber;
  mux_.HandleFunc("/events", [&](http::ResponseWriter& w, http::Request&) {
    EXPECT_FALSE(w.Detach(subscriber));
  });
  const auto& events = Get("/events");
  ASSERT_NE(subscriber.conn, nullptr);
  EXPECT_FALSE(subscriber.conn->InputEnded());
  subscriber.conn->SendNow({}, "more");
  Settle();
  EXPECT_EQ(events.body, "more");
  EXPECT_FALSE(events.ended);
}

TEST_F(Http2ConnTest, StreamsAreServedBesideEachOther) {
  const auto& slow = Ask("/sleep");
  const auto& quick = Get("/");
  EXPECT_EQ(quick.body, "HTTP/2.0 hello");
  EXPECT_EQ(slow.body, "");
  EXPECT_EQ(scheduler_->Live(), 1U);
  Passes(4s);
  EXPECT_EQ(slow.body, "slept");
}

TEST_F(Http2ConnTest, LargeBodiesGoBothWaysThroughTheWindows) {
  const std::string sent(kLargeBytes, 'e');
  const auto& echo = Ask("/echo", sent);
  const auto& large = Ask("/large");
  Settle();
  EXPECT_EQ(echo.body, sent);
  EXPECT_EQ(large.body.size(), kLargeBytes);
}

TEST_F(Http2ConnTest, ABodyPastTheLimitIsRefused) {
  http::Header length;
  length.Set("Content-Length", "400001");
  EXPECT_EQ((Ask("/echo", std::string(400'001, 'x'), length), Settle(), client_.Find(1)->status),
            413);
}

TEST_F(Http2ConnTest, AResetEndsTheContextAndFreesTheSlotWithTheHandler) {
  auto& slow = Ask("/sleep");
  Settle();
  client_.GetSession().Reset(slow.stream, ErrorCode::kCancel);
  Settle();
  EXPECT_TRUE(ended_by_.Is(ErrClientGone));
  EXPECT_EQ(scheduler_->Live(), 0U);
  EXPECT_EQ(Get("/").status, 200);
}

TEST_F(Http2ConnTest, AStreamPastTheLimitIsRefused) {
  for (int i = 0; i < 100; ++i) Ask("/sleep");
  Settle();
  const std::string block = h2::testing::GetBlock();
  const auto frames = Exchange(
      RawFrame(h2::FrameType::kHeaders, h2::kFlagEndHeaders | h2::kFlagEndStream, 201, block));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].header.type, h2::FrameType::kRstStream);
  EXPECT_EQ(static_cast<ErrorCode>(h2::ReadUint32(frames[0].payload.data())),
            ErrorCode::kRefusedStream);
  Passes(4s);
  EXPECT_EQ(client_.Find(199)->body, "slept");
}

TEST_F(Http2ConnTest, AnAnswerThatIsNotWhatItsHeadSaysIsReset) {
  EXPECT_EQ(Get("/short").reset, ErrorCode::kInternalError);
  EXPECT_EQ(Get("/throw").status, 500);
  EXPECT_EQ(Get("/").status, 200);
}

TEST_F(Http2ConnTest, APeerThatTakesNothingIsCut) {
  Settle();
  auto& large = Ask("/large");
  large.reads = false;  // its window is full
  Settle();
  EXPECT_EQ(scheduler_->Live(), 1U);
  // Patience of the stream: counted in real time, so the deadline of its context ends the wait.
  Passes(5100ms);
  EXPECT_EQ(scheduler_->Live(), 0U);
  EXPECT_EQ(large.reset, ErrorCode::kInternalError);
}

TEST_F(Http2ConnTest, ABrokenPeerGetsGoAwayAndTheClose) {
  Settle();
  const auto frames = Exchange(RawFrame(h2::FrameType::kData, 0, 0, "x"));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].header.type, h2::FrameType::kGoAway);
  EXPECT_EQ(static_cast<ErrorCode>(h2::ReadUint32(frames[0].payload.data() + 4)),
            ErrorCode::kProtocolError);
  EXPECT_TRUE(Socket().SawFin());
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].substr(0, 21), "http2: PROTOCOL_ERROR");
}

TEST_F(Http2ConnTest, LateSettingsEndTheConnection) {
  Socket().Sends(h2::kClientPreface);
  for (int i = 0; i < 8; ++i) loop_->Turn(0ms);
  EXPECT_FALSE(Socket().Take().empty());  // SETTINGS
  kernel_->Advance(1100ms);
  const auto frames = Exchange("");
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(static_cast<ErrorCode>(h2::ReadUint32(frames[0].payload.data() + 4)),
            ErrorCode::kSettingsTimeout);
}

TEST_F(Http2ConnTest, ALateFieldBlockEndsTheConnection) {
  Settle();
  Exchange(RawFrame(h2::FrameType::kHeaders, h2::kFlagEndStream, 1, h2::testing::GetBlock()));
  kernel_->Advance(1100ms);
  const auto frames = Exchange("");
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(static_cast<ErrorCode>(h2::ReadUint32(frames[0].payload.data() + 4)),
            ErrorCode::kEnhanceYourCalm);
}

TEST_F(Http2ConnTest, AnIdleConnectionIsClosedAndPingsDoNotKeepIt) {
  EXPECT_EQ(Get("/").status, 200);
  Passes(9s);
  EXPECT_FALSE(Socket().Closed());
  client_.GetSession().SendPing(1);
  Settle();
  Passes(1100ms);
  EXPECT_TRUE(Socket().Closed());
  ASSERT_EQ(client_.GoAways().size(), 1U);
  EXPECT_EQ(client_.GoAways()[0], std::pair(1U, ErrorCode::kNoError));
}

TEST_F(Http2ConnTest, AShutdownAnswersWhatRuns) {
  const auto& slow = Ask("/sleep");
  Settle();
  serving_->Drain({.hijacked = 1s}, [this] { empty_ = true; });
  Settle();
  // In two steps: the PING is acknowledged by the client's session.
  ASSERT_EQ(client_.GoAways().size(), 2U);
  EXPECT_EQ(client_.GoAways()[0].first, h2::kStreamIdMax);
  EXPECT_EQ(client_.GoAways()[1], std::pair(1U, ErrorCode::kNoError));
  EXPECT_FALSE(empty_);
  Passes(4s);
  EXPECT_EQ(slow.body, "slept");
  EXPECT_TRUE(Socket().SawFin());
}

TEST_F(Http2ConnTest, AQuietConnectionEndsAtOnceWithTheServer) {
  EXPECT_EQ(Get("/").status, 200);
  Passes(1100ms);
  serving_->Drain({.hijacked = 1s}, [this] { empty_ = true; });
  Settle();
  EXPECT_TRUE(empty_);
  ASSERT_EQ(client_.GoAways().size(), 1U);
}

TEST_F(Http2ConnTest, ConnectionCloseEndsTheConnectionBehindItsStreams) {
  EXPECT_EQ(Get("/close").body, "last");
  EXPECT_EQ(client_.Find(1)->header.count("Connection"), 0U);
  EXPECT_EQ(client_.GoAways().size(), 2U);
  EXPECT_TRUE(Socket().SawFin());
}

class Http2ConfigTest : public Http2ConnTest {
 protected:
  Http2ConfigTest()
      : Http2ConnTest(true,
                      {.MaxConcurrentStreams = 2,
                       .MaxDecoderHeaderTableSize = 100,
                       .SendPingTimeout = 2s,
                       .PingTimeout = 1s,
                       .CountError = [](std::string_view token) { counted.emplace_back(token); }}) {
    counted.clear();
  }
  static inline std::vector<std::string> counted;
};

TEST_F(Http2ConfigTest, SettingsAreAnnouncedAndKept) {
  EXPECT_TRUE(Ask("/sleep").id == 1 && Ask("/sleep").id == 3);
  Settle();
  Ask("/");
  EXPECT_FALSE(client_.Opened());  // the client keeps to the announced two
  const auto frames =
      Exchange(RawFrame(h2::FrameType::kHeaders, h2::kFlagEndHeaders | h2::kFlagEndStream, 5,
                        h2::testing::GetBlock()));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(static_cast<ErrorCode>(h2::ReadUint32(frames[0].payload.data())),
            ErrorCode::kRefusedStream);
  // A size update past the announced table (RFC 7541 §4.2).
  const auto failed =
      Exchange(RawFrame(h2::FrameType::kHeaders, h2::kFlagEndHeaders | h2::kFlagEndStream, 7,
                        "\x3f\x46" + h2::testing::GetBlock()));
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].header.type, h2::FrameType::kGoAway);
  EXPECT_EQ(counted, (std::vector<std::string>{"stream_REFUSED_STREAM", "conn_COMPRESSION_ERROR"}));
  const Http2Stats stats = serving_->GetHttp2Stats();
  EXPECT_EQ(stats.streams, 2U);
  EXPECT_EQ(stats.refused, 1U);
  EXPECT_EQ(stats.violations, 1U);
  EXPECT_EQ(stats.goaways, 1U);
}

TEST_F(Http2ConfigTest, ASilentPeerIsAskedAndLeft) {
  Settle();
  kernel_->Advance(2100ms);
  auto frames = Exchange("");
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].header.type, h2::FrameType::kPing);
  // An answer in time.
  kernel_->Advance(500ms);
  Exchange(RawFrame(h2::FrameType::kPing, h2::kFlagAck, 0, frames[0].payload));
  kernel_->Advance(1900ms);
  EXPECT_TRUE(Exchange("").empty());
  kernel_->Advance(200ms);
  EXPECT_EQ(Exchange("").size(), 1U);  // the next PING
  kernel_->Advance(1100ms);
  frames = Exchange("");
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].header.type, h2::FrameType::kGoAway);
  EXPECT_TRUE(Socket().SawFin());
}

class Http2ByteTimeoutTest : public Http2ConnTest {
 protected:
  Http2ByteTimeoutTest() : Http2ConnTest(true, {.WriteByteTimeout = 1s}) {
    Settle();
    Socket().SetRoom(0);
  }
};

TEST_F(Http2ByteTimeoutTest, OutputThatIsNotTakenEndsTheConnection) {
  Ask("/");
  Settle();
  Passes(900ms);
  EXPECT_FALSE(Socket().Closed());
  Passes(200ms);
  EXPECT_TRUE(Socket().SawReset());
}

// A byte now and then meets WriteByteTimeout, but not the pace of the write timeout.
TEST_F(Http2ByteTimeoutTest, APeerThatTakesSingleBytesHasTheWriteTimeout) {
  Ask("/large");
  Settle();
  Duration waited{};
  for (; waited < 200s && !Socket().Closed(); waited += 900ms) {
    Socket().SetRoom(1);
    Settle();
    Passes(900ms);
  }
  const Duration limit = Settings().write_timeout;
  EXPECT_GE(waited, limit);
  EXPECT_LT(waited, limit + 2s);
  EXPECT_TRUE(Socket().SawReset());
}

class Http2LimitsTest : public Http2ConnTest {
 protected:
  Http2LimitsTest()
      : Http2ConnTest(true, {},
                      {.sections_bytes_max = 2000,
                       .sections_fields_max = 28,
                       .block_bytes_max = 100,
                       .continuations_max = 2,
                       .idle_frames_max = 6,
                       .idle_frames_per_second = 2,
                       .resets_max = 3,
                       .connection_streams_max = 5,
                       .connection_age_max = 20s}) {}

  /// The code of the GOAWAY among `frames`, or kNoError.
  static ErrorCode GoAwayCode(const std::vector<h2::testing::ReadFrame>& frames) {
    for (const auto& frame : frames) {
      if (frame.header.type != h2::FrameType::kGoAway) continue;
      return static_cast<ErrorCode>(h2::ReadUint32(frame.payload.data() + 4));
    }
    return ErrorCode::kNoError;
  }
  /// A request whose handler waits, with `field` as a further representation.
  static std::string Sleeper(uint32_t id, const std::string& field = {}) {
    return RawFrame(h2::FrameType::kHeaders, h2::kFlagEndHeaders, id,
                    h2::testing::FromHex("83 86 41 01 61 04 06") + "/sleep" + field);
  }
  /// The code of the RST_STREAM that `frames` are, or kNoError.
  static ErrorCode ResetCode(const std::vector<h2::testing::ReadFrame>& frames) {
    if (frames.size() != 1 || frames[0].header.type != h2::FrameType::kRstStream) {
      return ErrorCode::kNoError;
    }
    return static_cast<ErrorCode>(h2::ReadUint32(frames[0].payload.data()));
  }
  std::vector<h2::testing::ReadFrame> Ping() {
    return Exchange(RawFrame(h2::FrameType::kPing, 0, 0, "01234567"));
  }
};

TEST_F(Http2LimitsTest, TheLastAllowedStreamEndsTheConnection) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Get("/").status, 200);
  EXPECT_TRUE(client_.GoAways().empty());
  EXPECT_EQ(Get("/").status, 200);
  ASSERT_EQ(client_.GoAways().size(), 2U);
  EXPECT_EQ(client_.GoAways()[0], std::pair(h2::kStreamIdMax, ErrorCode::kNoError));
  EXPECT_EQ(client_.GoAways()[1], std::pair(9U, ErrorCode::kNoError));
  EXPECT_TRUE(Socket().SawFin());
  const Http2Stats stats = serving_->GetHttp2Stats();
  EXPECT_EQ(stats.connections, 1U);
  EXPECT_EQ(stats.streams, 5U);
  EXPECT_EQ(stats.retired, 1U);
  EXPECT_EQ(stats.goaways, 1U);
  EXPECT_EQ(stats.violations, 0U);
}

TEST_F(Http2LimitsTest, AStreamOnItsWayIsServedPastTheLimit) {
  for (int i = 0; i < 7; ++i) Ask("/sleep");
  Settle();
  Passes(4s);
  for (uint32_t id = 1; id <= 13; id += 2) EXPECT_EQ(client_.Find(id)->body, "slept") << id;
  ASSERT_FALSE(client_.GoAways().empty());
  EXPECT_EQ(client_.GoAways().back().first, 13U);
  EXPECT_TRUE(Socket().SawFin());
}

TEST_F(Http2LimitsTest, AnOldConnectionIsAnnouncedToEnd) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Get("/").status, 200);
    Passes(6s);
  }
  auto& slow = Ask("/sleep");
  Settle();
  Passes(1900ms);
  EXPECT_TRUE(client_.GoAways().empty());
  Passes(200ms);  // 20.1 s
  EXPECT_EQ(slow.body, "slept");
  EXPECT_FALSE(client_.GoAways().empty());
  Passes(1100ms);
  EXPECT_TRUE(Socket().SawFin());
  EXPECT_EQ(serving_->GetHttp2Stats().retired, 1U);
  EXPECT_EQ(serving_->GetHttp2Stats().goaways, 1U);
}

TEST_F(Http2LimitsTest, FramesWithoutProgressAreAFlood) {
  Settle();  // SETTINGS and WINDOW_UPDATE have cost two
  for (int i = 0; i < 4; ++i) EXPECT_EQ(GoAwayCode(Ping()), ErrorCode::kNoError) << i;
  EXPECT_EQ(GoAwayCode(Ping()), ErrorCode::kEnhanceYourCalm);
  EXPECT_EQ(serving_->GetHttp2Stats().floods, 1U);
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].substr(0, 25), "http2: ENHANCE_YOUR_CALM:");
}

TEST_F(Http2LimitsTest, ASecondForgivesSomeFrames) {
  Settle();
  for (int i = 0; i < 4; ++i) Ping();
  kernel_->Advance(1s);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(GoAwayCode(Ping()), ErrorCode::kNoError) << i;
  EXPECT_EQ(GoAwayCode(Ping()), ErrorCode::kEnhanceYourCalm);
}

TEST_F(Http2LimitsTest, ResetsAreAFlood) {
  Settle();
  const auto open_and_reset = [&](uint32_t id) {
    return Exchange(Sleeper(id) +
                    RawFrame(h2::FrameType::kRstStream, 0, id, h2::testing::Uint32(8)));
  };
  for (uint32_t id = 1; id <= 5; id += 2) {
    EXPECT_EQ(GoAwayCode(open_and_reset(id)), ErrorCode::kNoError) << id;
  }
  EXPECT_EQ(GoAwayCode(open_and_reset(7)), ErrorCode::kEnhanceYourCalm);
  EXPECT_EQ(serving_->GetHttp2Stats().resets_received, 4U);
  EXPECT_EQ(serving_->GetHttp2Stats().floods, 1U);
}

TEST_F(Http2LimitsTest, FieldsOfOpenStreamsAreLimited) {
  Settle();
  for (uint32_t id = 1; id <= 13; id += 2) {  // four fields each
    EXPECT_EQ(ResetCode(Exchange(Sleeper(id))), ErrorCode::kNoError) << id;
  }
  EXPECT_EQ(ResetCode(Exchange(Sleeper(15))), ErrorCode::kEnhanceYourCalm);
  EXPECT_EQ(serving_->GetHttp2Stats().refused, 1U);
}

TEST_F(Http2LimitsTest, BytesOfTheFieldsOfOpenStreamsAreLimited) {
  Settle();
  // Four fields of 172 bytes, and one of 1656 (RFC 7541 §4.1).
  const std::string field = h2::testing::FromHex("00 01 78 7f d8 0b") + std::string(1623, 'v');
  EXPECT_TRUE(Exchange(Sleeper(1, field)).empty());
  EXPECT_TRUE(Exchange(Sleeper(3)).empty());  // 2000 in all
  EXPECT_EQ(ResetCode(Exchange(Sleeper(5))), ErrorCode::kEnhanceYourCalm);
}

TEST_F(Http2LimitsTest, FieldBlocksAreLimited) {
  Settle();
  const auto part = [&](h2::FrameType type, size_t bytes) {
    // Of a literal field of 200 bytes.
    const std::string begin =
        type == h2::FrameType::kHeaders ? std::string("\0\1x\x7f\x49", 5) : "";
    return Exchange(RawFrame(type, 0, 1, begin + std::string(bytes - begin.size(), 'v')));
  };
  EXPECT_EQ(GoAwayCode(part(h2::FrameType::kHeaders, 98)), ErrorCode::kNoError);
  EXPECT_EQ(GoAwayCode(part(h2::FrameType::kContinuation, 2)), ErrorCode::kNoError);
  EXPECT_EQ(GoAwayCode(part(h2::FrameType::kContinuation, 1)), ErrorCode::kEnhanceYourCalm);
}

TEST_F(Http2LimitsTest, ContinuationsAreLimited) {
  Settle();
  Exchange(RawFrame(h2::FrameType::kHeaders, 0, 1, std::string("\0\1x\x7f\x49", 5)));
  const auto more = [&] {
    return GoAwayCode(Exchange(RawFrame(h2::testing::kContinuation, 0, 1)));
  };
  EXPECT_EQ(more(), ErrorCode::kNoError);
  EXPECT_EQ(more(), ErrorCode::kNoError);
  EXPECT_EQ(more(), ErrorCode::kEnhanceYourCalm);
}

TEST_F(Http2LimitsTest, StreamsThatEndEarlyAreCounted) {
  Settle();
  // Without a path a request is malformed.
  Exchange(RawFrame(h2::FrameType::kHeaders, h2::kFlagEndHeaders | h2::kFlagEndStream, 1, "\x82"));
  EXPECT_EQ(serving_->GetHttp2Stats().resets_sent, 1U);
  Exchange(Sleeper(3) + RawFrame(h2::FrameType::kWindowUpdate, 0, 3, h2::testing::Uint32(0)));
  EXPECT_EQ(serving_->GetHttp2Stats().resets_sent, 2U);
  EXPECT_EQ(serving_->GetHttp2Stats().streams, 2U);
  EXPECT_EQ(serving_->GetHttp2Stats().resets_received, 0U);
}

TEST_F(Http2ConnTest, ADisconnectEndsContexts) {
  Ask("/sleep");
  Settle();
  ended_by_ = {};
  Socket().Resets();
  for (int i = 0; i < 8; ++i) loop_->Turn(0ms);
  EXPECT_TRUE(ended_by_.Is(ErrClientGone));
  EXPECT_EQ(serving_->Connections(), 0U);
}

}  // namespace
}  // namespace hon::engine
