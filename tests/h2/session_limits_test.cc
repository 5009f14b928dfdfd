#include <gtest/gtest.h>

#include "h2/session_fixture.h"
#include "hon/h2/session.h"

namespace hon::h2 {
namespace {

using testing::ClientStart;
using testing::Data;
using testing::Exchange;
using testing::FromHex;
using testing::GetBlock;
using testing::GetRequest;
using testing::kContinuation;
using testing::kData;
using testing::kHeaders;
using testing::Owner;
using testing::PostHead;
using testing::RawFrame;
using testing::ReadFrames;
using testing::Uint32;
using testing::Verdict;
using Status = Session::Status;

// Limits, each at its value and one past it.

TEST(SessionLimits, ConcurrentStreamsAreLimited) {
  SessionLimits limits;
  limits.streams_max = 2;
  Owner server(Role::kServer, limits);
  server.Give(ClientStart() + GetRequest(1) + GetRequest(3));
  server.Take();
  server.Give(GetRequest(5));
  const auto resets = ReadFrames(server.Take(), FrameType::kRstStream);
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].header.stream, 5U);
  EXPECT_EQ(resets[0].payload, Uint32(static_cast<uint32_t>(ErrorCode::kRefusedStream)));
  // A stream that the peer has reset counts until its owner releases it.
  server.Give(RawFrame(FrameType::kRstStream, 0, 1, Uint32(8)) + GetRequest(7));
  EXPECT_EQ(ReadFrames(server.Take(), FrameType::kRstStream).size(), 1U);
  server.Release(1);
  server.Give(GetRequest(9));
  EXPECT_EQ(ReadFrames(server.Take(), FrameType::kRstStream).size(), 0U);
  EXPECT_NE(server.Find(9), nullptr);
}

TEST(SessionLimits, FieldsOfASectionAreDroppedPastTheirLimit) {
  SessionLimits limits;
  limits.fields.fields_max = 4;
  Owner server(Role::kServer, limits);
  server.Give(ClientStart() + GetRequest(1) +
              RawFrame(kHeaders, 5, 3, GetBlock() + FromHex("0001780179")));
  EXPECT_FALSE(server.Find(1)->too_large);
  EXPECT_TRUE(server.Find(3)->too_large);
}

TEST(SessionLimits, FieldSectionsOfAllStreamsAreLimited) {
  // GetBlock has 4 fields; by name, value and 32 for each: 42 + 43 + 38 + 43.
  for (const bool by_bytes : {true, false}) {
    SessionLimits limits;
    (by_bytes ? limits.sections_bytes_max : limits.sections_fields_max) = by_bytes ? 332 : 8;
    Owner server(Role::kServer, limits);
    server.Give(ClientStart() + GetRequest(1) + GetRequest(3));
    EXPECT_EQ(ReadFrames(server.Take(), FrameType::kRstStream).size(), 0U);
    server.Give(GetRequest(5));
    EXPECT_EQ(ReadFrames(server.Take(), FrameType::kRstStream).size(), 1U);
    server.Release(1);
    server.Take();
    server.Give(GetRequest(7));
    EXPECT_EQ(ReadFrames(server.Take(), FrameType::kRstStream).size(), 0U);
  }
}

TEST(SessionLimits, ContinuationFramesAreLimited) {
  SessionLimits limits;
  limits.continuations_max = 3;
  const std::string part = RawFrame(kContinuation, 0, 1);
  const std::string begin = RawFrame(kHeaders, 1, 1, GetBlock());
  EXPECT_EQ(Verdict(begin + part + part + RawFrame(kContinuation, 4, 1), limits), "");
  EXPECT_EQ(Verdict(begin + part + part + part + RawFrame(kContinuation, 4, 1), limits),
            "GOAWAY ENHANCE_YOUR_CALM");
}

TEST(SessionLimits, BytesOfAFieldBlockAreLimited) {
  SessionLimits limits;
  limits.block_bytes_max = 10;
  const std::string begin = RawFrame(kHeaders, 1, 1, GetBlock());  // 6 bytes
  EXPECT_EQ(
      Verdict(begin + RawFrame(kContinuation, 4, 1, FromHex("82828282").substr(0, 0)), limits), "");
  EXPECT_EQ(Verdict(begin + RawFrame(kContinuation, 4, 1, FromHex("0001782d")), limits),
            "GOAWAY COMPRESSION_ERROR");  // 10 bytes: decoded
  EXPECT_EQ(Verdict(begin + RawFrame(kContinuation, 4, 1, FromHex("0001782d2d")), limits),
            "GOAWAY ENHANCE_YOUR_CALM");
}

TEST(SessionLimits, FramesWithoutProgressAreLimited) {
  const std::vector<std::string> frames = {
      RawFrame(FrameType::kPing, 0, 0, "01234567"),
      RawFrame(FrameType::kSettings, 0, 0),
      RawFrame(FrameType::kPriority, 0, 1, Uint32(0) + "x"),
      RawFrame(FrameType::kWindowUpdate, 0, 0, Uint32(1)),
      RawFrame(FrameType::kWindowUpdate, 0, 1, Uint32(1)),
      RawFrame(FrameType::kPriorityUpdate, 0, 0, Uint32(1) + "u=1"),
      RawFrame(FrameType{0xb}, 0, 0),
      RawFrame(FrameType::kGoAway, 0, 0, Uint32(0) + Uint32(0)),
      Data(1, ""),
      Data(1, std::string("\x02\0\0", 3), kFlagPadded),
  };
  SessionLimits limits;
  limits.control_credit = 11;
  for (const std::string& frame : frames) {
    std::string bytes = PostHead(1);  // the client's first SETTINGS has cost 1
    for (int i = 0; i < 10; ++i) bytes += frame;
    EXPECT_EQ(Verdict(bytes, limits), "") << testing::ReadFrames(frame).front().header.length;
    EXPECT_EQ(Verdict(bytes + frame, limits), "GOAWAY ENHANCE_YOUR_CALM")
        << static_cast<int>(testing::ReadFrames(frame).front().header.type);
  }
}

// Go's client sends two for each 4 KiB that its caller has read.
TEST(SessionLimits, UpdatesOfWindowsForEachFewKibibytesAreServed) {
  Owner server(Role::kServer);
  server.Give(ClientStart());
  server.Give(GetRequest(1));
  Exchange& exchange = *server.Find(1);
  server.GetSession().SendResponse(exchange.stream, 200, {}, {}, false);
  server.Take();
  std::string updates;
  for (int part = 0; part < 4; ++part) {
    updates += RawFrame(FrameType::kWindowUpdate, 0, 0, Uint32(4096));
    updates += RawFrame(FrameType::kWindowUpdate, 0, 1, Uint32(4096));
  }
  for (int i = 0; i < 1000; ++i) {
    exchange.stream.Out().Write(std::string(16384, 'x'));
    server.GetSession().SendSoon(exchange.stream);
    ASSERT_GT(server.Take().size(), 16384U) << i;
    server.Give(updates);
    ASSERT_FALSE(server.GetSession().Failure()) << i;
  }
}

// A client with windows of some MiB reads what has arrived at once.
TEST(SessionLimits, UpdatesOfWindowsAreLimitedByTheDataSent) {
  Owner server(Role::kServer);
  server.Give(ClientStart());
  server.Give(GetRequest(1));
  server.Give(RawFrame(FrameType::kWindowUpdate, 0, 0, Uint32(8 << 20)));
  server.Give(RawFrame(FrameType::kWindowUpdate, 0, 1, Uint32(8 << 20)));
  Exchange& exchange = *server.Find(1);
  server.GetSession().SendResponse(exchange.stream, 200, {}, {}, false);
  exchange.stream.Out().Write(std::string(4 << 20, 'x'));
  server.GetSession().SendSoon(exchange.stream);
  ASSERT_GT(server.Take().size(), size_t{4} << 20);
  std::string updates;
  for (int part = 0; part < 1024; ++part) {
    updates += RawFrame(FrameType::kWindowUpdate, 0, 0, Uint32(4096));
    updates += RawFrame(FrameType::kWindowUpdate, 0, 1, Uint32(4096));
  }
  server.Give(updates);
  EXPECT_FALSE(server.GetSession().Failure());
  server.Give(updates + updates);  // no DATA explains so many
  EXPECT_TRUE(server.GetSession().Failure());
}

// An answer in one piece is DATA too: a client may return the connection's window for each.
TEST(SessionLimits, UpdatesOfWindowsForShortAnswersAreServed) {
  constexpr uint32_t kAnswers = 60;
  SessionLimits limits;
  limits.control_credit = 10;
  limits.control_credit_per_second = 0;
  Owner server(Role::kServer, limits);
  server.Give(ClientStart());
  for (uint32_t id = 1; id < 2 * kAnswers; id += 2) {
    server.Give(GetRequest(id));
    server.GetSession().SendAnswer(server.Find(id)->stream, 200, {}, {}, "hello");
    EXPECT_TRUE(server.Find(id)->sent);
    server.Release(id);
  }
  ASSERT_EQ(ReadFrames(server.Take(), kData).size(), size_t{kAnswers});
  std::string updates;
  for (uint32_t i = 0; i < kAnswers; ++i) {
    updates += RawFrame(FrameType::kWindowUpdate, 0, 0, Uint32(5));
  }
  EXPECT_EQ(server.Give(updates), Status::kMore);
  EXPECT_EQ(server.Give(updates), Status::kFailed);  // no DATA explains the second half
  EXPECT_EQ(server.GetSession().Failure().code, ErrorCode::kEnhanceYourCalm);
}

TEST(SessionLimits, CreditComesBackWithTime) {
  SessionLimits limits;
  limits.control_credit = 10;
  limits.control_credit_per_second = 2;
  Owner server(Role::kServer, limits);
  TimePoint now(std::chrono::hours(1));
  server.Give(ClientStart(), now);
  const std::string ping = RawFrame(FrameType::kPing, 0, 0, "01234567");
  for (int i = 0; i < 9; ++i) server.Give(ping, now);
  for (int second = 0; second < 100; ++second) {
    now += std::chrono::seconds(1);
    EXPECT_EQ(server.Give(ping + ping, now), Status::kMore);
  }
  EXPECT_EQ(server.Give(ping, now), Status::kFailed);
}

// CVE-2023-44487: streams that are opened and reset at once.
TEST(SessionLimits, ResetsByThePeerAreLimited) {
  SessionLimits limits;
  limits.reset_credit = 5;
  Owner server(Role::kServer, limits);
  server.Give(ClientStart());
  uint32_t id = 1;
  const auto open_and_reset = [&] {
    const Status status =
        server.Give(GetRequest(id) + RawFrame(FrameType::kRstStream, 0, id, Uint32(8)));
    server.Release(id);
    id += 2;
    return status;
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(open_and_reset(), Status::kMore);
  // A stream that is answered gives credit back.
  server.Give(GetRequest(id));
  server.Answer(id, 200, "");
  server.Release(id);
  id += 2;
  EXPECT_EQ(open_and_reset(), Status::kMore);
  EXPECT_EQ(open_and_reset(), Status::kFailed);
  EXPECT_EQ(server.GetSession().Failure().code, ErrorCode::kEnhanceYourCalm);
}

// CVE-2025-8671: faults of the peer's that make this side reset streams.
TEST(SessionLimits, ResetsByThisSideAreLimited) {
  SessionLimits limits;
  limits.reset_credit = 5;
  Owner server(Role::kServer, limits);
  server.Give(ClientStart());
  for (uint32_t i = 0; i < 5; ++i) {
    const uint32_t id = 1 + 2 * i;
    EXPECT_EQ(server.Give(PostHead(id) + RawFrame(FrameType::kWindowUpdate, 0, id, Uint32(0))),
              Status::kMore);
    server.Release(id);
  }
  EXPECT_EQ(server.Give(PostHead(11) + RawFrame(FrameType::kWindowUpdate, 0, 11, Uint32(0))),
            Status::kFailed);
  EXPECT_EQ(server.GetSession().Failure().code, ErrorCode::kEnhanceYourCalm);
}

}  // namespace
}  // namespace hon::h2
