#include "hon/h2/session.h"

#include <gtest/gtest.h>

#include "h2/session_fixture.h"

namespace hon::h2 {
namespace {

using testing::ClientStart;
using testing::EmptySettings;
using testing::Exchange;
using testing::FromHex;
using testing::GetBlock;
using testing::GetRequest;
using testing::Owner;
using testing::PostBlock;
using testing::PostHead;
using testing::RawFrame;
using testing::ReadFrames;
using testing::Uint32;
using Status = Session::Status;

constexpr FrameType kData = FrameType::kData;
constexpr FrameType kHeaders = FrameType::kHeaders;
constexpr FrameType kContinuation = FrameType::kContinuation;

// What the server makes of `bytes` behind a client's start: "GOAWAY CODE", "RST id CODE", or "".
std::string Verdict(std::string_view bytes, const SessionLimits& limits = {}) {
  Owner server(Role::kServer, limits);
  server.Give(ClientStart());
  server.Take();
  server.Give(bytes);
  const std::string out = server.Take();
  for (const auto& frame : ReadFrames(out, FrameType::kGoAway)) {
    const auto code = static_cast<ErrorCode>(ReadUint32(frame.payload.data() + 4));
    return "GOAWAY " + std::string(ErrorCodeName(code));
  }
  for (const auto& frame : ReadFrames(out, FrameType::kRstStream)) {
    const auto code = static_cast<ErrorCode>(ReadUint32(frame.payload.data()));
    return "RST " + std::to_string(frame.header.stream) + " " + std::string(ErrorCodeName(code));
  }
  return "";
}

std::string Data(uint32_t stream, std::string_view bytes, uint8_t flags = 0) {
  return RawFrame(kData, flags, stream, bytes);
}

struct Case {
  const char* name;
  const char* rfc;
  std::string bytes;
  const char* want;
};

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {"request", "9113 §8.1", GetRequest(1), ""},
      {"unknown frame", "9113 §5.5", RawFrame(FrameType{0xb}, 0xff, 1, "x") + GetRequest(1), ""},
      {"even stream", "9113 §5.1.1", GetRequest(2), "GOAWAY PROTOCOL_ERROR"},
      {"smaller stream", "9113 §5.1.1", GetRequest(5) + GetRequest(3), "GOAWAY PROTOCOL_ERROR"},
      {"HEADERS behind the end", "9113 §5.1", GetRequest(1) + GetRequest(1), "RST 1 STREAM_CLOSED"},
      {"DATA behind the end", "9113 §5.1", GetRequest(1) + Data(1, "x"), "RST 1 STREAM_CLOSED"},
      {"HEADERS behind RST_STREAM", "9113 §5.1",
       PostHead(1) + RawFrame(FrameType::kRstStream, 0, 1, Uint32(8)) + GetRequest(1),
       "GOAWAY STREAM_CLOSED"},
      {"DATA behind RST_STREAM", "9113 §5.1",
       PostHead(1) + RawFrame(FrameType::kRstStream, 0, 1, Uint32(8)) + Data(1, "x"),
       "RST 1 STREAM_CLOSED"},
      {"DATA on an idle stream", "9113 §5.1", Data(1, "x"), "GOAWAY PROTOCOL_ERROR"},
      {"DATA on stream 0", "9113 §6.1", Data(0, "x"), "GOAWAY PROTOCOL_ERROR"},
      {"RST_STREAM on an idle stream", "9113 §6.4",
       RawFrame(FrameType::kRstStream, 0, 1, Uint32(8)), "GOAWAY PROTOCOL_ERROR"},
      {"WINDOW_UPDATE on an idle stream", "9113 §6.9",
       RawFrame(FrameType::kWindowUpdate, 0, 1, Uint32(8)), "GOAWAY PROTOCOL_ERROR"},
      {"WINDOW_UPDATE on a closed stream", "9113 §6.9",
       PostHead(1) + RawFrame(FrameType::kRstStream, 0, 1, Uint32(8)) +
           RawFrame(FrameType::kWindowUpdate, 0, 1, Uint32(8)),
       ""},
      {"WINDOW_UPDATE of 0", "9113 §6.9", RawFrame(FrameType::kWindowUpdate, 0, 0, Uint32(0)),
       "GOAWAY PROTOCOL_ERROR"},
      {"WINDOW_UPDATE of 0 on a stream", "9113 §6.9",
       PostHead(1) + RawFrame(FrameType::kWindowUpdate, 0, 1, Uint32(0)), "RST 1 PROTOCOL_ERROR"},
      {"connection's window at its limit", "9113 §6.9.1",
       RawFrame(FrameType::kWindowUpdate, 0, 0, Uint32(kWindowMax - 65535)), ""},
      {"connection's window past it", "9113 §6.9.1",
       RawFrame(FrameType::kWindowUpdate, 0, 0, Uint32(kWindowMax - 65534)),
       "GOAWAY FLOW_CONTROL_ERROR"},
      {"stream's window past it", "9113 §6.9.1",
       PostHead(1) + RawFrame(FrameType::kWindowUpdate, 0, 1, Uint32(kWindowMax - 65534)),
       "RST 1 FLOW_CONTROL_ERROR"},
      {"window past it by SETTINGS", "9113 §6.9.2",
       PostHead(1) + RawFrame(FrameType::kWindowUpdate, 0, 1, Uint32(kWindowMax - 65535)) +
           RawFrame(FrameType::kSettings, 0, 0, FromHex("0004 00010000")),
       "GOAWAY FLOW_CONTROL_ERROR"},
      {"SETTINGS ACK for none", "9113 §6.5.3",
       RawFrame(FrameType::kSettings, kFlagAck, 0) + RawFrame(FrameType::kSettings, kFlagAck, 0),
       "GOAWAY PROTOCOL_ERROR"},
      {"PUSH_PROMISE", "9113 §8.4", RawFrame(FrameType::kPushPromise, 4, 1, Uint32(2)),
       "GOAWAY PROTOCOL_ERROR"},
      {"CONTINUATION alone", "9113 §6.10", RawFrame(kContinuation, 4, 1), "GOAWAY PROTOCOL_ERROR"},
      {"CONTINUATION behind a whole block", "9113 §6.10",
       PostHead(1) + RawFrame(kContinuation, 4, 1), "GOAWAY PROTOCOL_ERROR"},
      {"CONTINUATION of another stream", "9113 §6.10",
       RawFrame(kHeaders, 0, 1, GetBlock()) + RawFrame(kContinuation, 4, 3),
       "GOAWAY PROTOCOL_ERROR"},
      {"PING inside of a block", "9113 §6.10",
       RawFrame(kHeaders, 0, 1, GetBlock()) + RawFrame(FrameType::kPing, 0, 0, "01234567"),
       "GOAWAY PROTOCOL_ERROR"},
      {"unknown frame inside of a block", "9113 §5.5",
       RawFrame(kHeaders, 0, 1, GetBlock()) + RawFrame(FrameType{0xb}, 0, 0),
       "GOAWAY PROTOCOL_ERROR"},
      {"block in three parts", "9113 §4.3",
       RawFrame(kHeaders, 1, 1, GetBlock().substr(0, 2)) +
           RawFrame(kContinuation, 0, 1, GetBlock().substr(2, 1)) +
           RawFrame(kContinuation, 4, 1, GetBlock().substr(3)),
       ""},
      {"broken block", "9113 §4.3", RawFrame(kHeaders, 5, 1, "\x80"), "GOAWAY COMPRESSION_ERROR"},
      {"padding", "9113 §6.1", PostHead(1) + Data(1, std::string("\x02xyz\0\0", 6), 9), ""},
      {"padding as long as the frame", "9113 §6.1", PostHead(1) + Data(1, "\x03xyz", 9), ""},
      {"padding longer than the frame", "9113 §6.1", PostHead(1) + Data(1, "\x04xyz", 9),
       "GOAWAY PROTOCOL_ERROR"},
      {"padded HEADERS", "9113 §6.2",
       RawFrame(kHeaders, 0xd, 1, "\x01" + GetBlock() + std::string(1, '\0')), ""},
      {"padding of HEADERS too long", "9113 §6.2", RawFrame(kHeaders, 0xd, 1, "\x7f" + GetBlock()),
       "GOAWAY PROTOCOL_ERROR"},
      {"HEADERS with priority", "9113 §6.2",
       RawFrame(kHeaders, 0x25, 1, Uint32(3) + "\x10" + GetBlock()), ""},
      {"HEADERS that depend on themselves", "7540 §5.3.1",
       RawFrame(kHeaders, 0x25, 1, Uint32(1) + "\x10" + GetBlock()), "RST 1 PROTOCOL_ERROR"},
      {"PRIORITY that depends on itself", "7540 §5.3.1",
       RawFrame(FrameType::kPriority, 0, 1, Uint32(1) + "\x10"), "RST 1 PROTOCOL_ERROR"},
      {"PRIORITY of an idle stream", "9113 §6.3",
       RawFrame(FrameType::kPriority, 0, 99, Uint32(1) + "\x10"), ""},
      {"PRIORITY of 4 bytes", "9113 §6.3",
       PostHead(1) + RawFrame(FrameType::kPriority, 0, 1, Uint32(1)), "RST 1 FRAME_SIZE_ERROR"},
      {"trailers without END_STREAM", "9113 §8.1",
       PostHead(1) + RawFrame(kHeaders, kFlagEndHeaders, 1, ""), "RST 1 PROTOCOL_ERROR"},
      {"trailers", "9113 §8.1", PostHead(1) + RawFrame(kHeaders, 5, 1, FromHex("4001780179")), ""},
      {"PRIORITY_UPDATE", "9218 §7.1",
       RawFrame(FrameType::kPriorityUpdate, 0, 0, Uint32(1) + "u=1"), ""},
      {"PRIORITY_UPDATE of stream 0", "9218 §7.1",
       RawFrame(FrameType::kPriorityUpdate, 0, 0, Uint32(0) + "u=1"), "GOAWAY PROTOCOL_ERROR"},
      {"PRIORITY_UPDATE at the streams' limit", "9218 §7.1",
       RawFrame(FrameType::kPriorityUpdate, 0, 0, Uint32(199) + "u=1"), ""},
      {"PRIORITY_UPDATE past it", "9218 §7.1",
       RawFrame(FrameType::kPriorityUpdate, 0, 0, Uint32(201) + "u=1"), "GOAWAY PROTOCOL_ERROR"},
      {"frame of 16385 bytes", "9113 §4.2", PostHead(1) + Data(1, std::string(16385, 'x')),
       "GOAWAY FRAME_SIZE_ERROR"},
  };
  return cases;
}

TEST(Session, KnowsTheRulesOfTheRfc) {
  for (const Case& one : Cases()) {
    EXPECT_EQ(Verdict(one.bytes), one.want) << one.name << ", RFC " << one.rfc;
  }
}

// The pieces in which bytes come change nothing.
TEST(Session, EveryCutGivesTheSameVerdict) {
  for (const Case& one : Cases()) {
    if (one.bytes.size() > 200) continue;
    for (size_t cut = 0; cut <= one.bytes.size(); ++cut) {
      Owner server(Role::kServer);
      server.Give(ClientStart());
      server.Take();
      server.Give(std::string_view(one.bytes).substr(0, cut));
      std::string out = server.Take();
      server.Give(std::string_view(one.bytes).substr(cut));
      out += server.Take();
      Owner whole(Role::kServer);
      whole.Give(ClientStart());
      whole.Take();
      whole.Give(one.bytes);
      EXPECT_EQ(out, whole.Take()) << one.name << " " << cut;
    }
  }
}

TEST(Session, TheFirstBytesAreThePrefaceAndSettings) {
  const auto verdict = [](std::string_view bytes) {
    Owner server(Role::kServer);
    server.Give(bytes);
    return server.GetSession().Failure().code;
  };
  EXPECT_EQ(verdict(kClientPreface), ErrorCode::kNoError);
  EXPECT_EQ(verdict("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX"), ErrorCode::kProtocolError);
  EXPECT_EQ(verdict("G"), ErrorCode::kProtocolError);
  EXPECT_EQ(verdict(std::string(kClientPreface) + GetRequest(1)), ErrorCode::kProtocolError);
  EXPECT_EQ(verdict(std::string(kClientPreface) + RawFrame(FrameType::kSettings, kFlagAck, 0)),
            ErrorCode::kProtocolError);
  EXPECT_EQ(verdict(ClientStart() + GetRequest(1)), ErrorCode::kNoError);
}

// After a fault nothing that the peer sends is looked at.
TEST(Session, FailsOnce) {
  Owner server(Role::kServer);
  server.Give(ClientStart() + GetRequest(2) + GetRequest(4) + GetRequest(1));
  EXPECT_EQ(ReadFrames(server.Take(), FrameType::kGoAway).size(), 1U);
  EXPECT_EQ(server.Give(GetRequest(3)), Status::kFailed);
  EXPECT_EQ(server.Count(), 0U);
  EXPECT_EQ(server.Take(), "");
}

TEST(Session, BothRolesSpeakToEachOther) {
  Owner client(Role::kClient);
  Owner server(Role::kServer);
  http::Header header;
  header.Set("X-Own", "value");
  header.Set("Connection", "close");
  header.Set("Host", "elsewhere");
  client.Ask({"POST", "https", "example.com", "/path?q", ""}, "hello", header);
  server.Give(client.Take());
  Exchange* request = server.Find(1);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->path, "/path?q");
  EXPECT_EQ(request->authority, "example.com");
  EXPECT_EQ(request->header, (std::map<std::string, std::string>{{"X-Own", "value"}}));
  EXPECT_EQ(request->body, "hello");
  EXPECT_TRUE(request->ended);
  server.GetSession().SendResponse(request->stream, 103, {}, {}, false);
  server.Answer(1, 200, "world");
  EXPECT_FALSE(request->sent);
  client.Give(server.Take());
  EXPECT_TRUE(request->sent);
  EXPECT_EQ(request->stream.State(), StreamState::kClosed);
  Exchange* answer = client.Find(1);
  EXPECT_EQ(answer->informational, 1);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "world");
  EXPECT_TRUE(answer->ended);
  EXPECT_EQ(answer->stream.State(), StreamState::kClosed);
  server.Release(1);
  client.Release(1);
  EXPECT_EQ(server.GetSession().Streams(), 0U);
}

TEST(Session, TrailersEndAnAnswer) {
  Owner client(Role::kClient);
  Owner server(Role::kServer);
  client.Ask({"GET", "http", "a", "/", ""});
  server.Give(client.Take());
  Exchange& exchange = *server.Find(1);
  server.GetSession().SendResponse(exchange.stream, 200, {}, {}, false);
  exchange.stream.Out().Write("body");
  server.GetSession().SendSoon(exchange.stream);
  http::Header trailers;
  trailers.Set("Grpc-Status", "0");
  server.GetSession().SendTrailers(exchange.stream, trailers);
  server.GetSession().SendEnd(exchange.stream);  // too late: no second end
  client.Give(server.Take());
  EXPECT_EQ(client.Find(1)->body, "body");
  EXPECT_EQ(client.Find(1)->trailer["Grpc-Status"], "0");
  EXPECT_TRUE(client.Find(1)->ended);
}

TEST(Session, ALongHeadGoesIntoContinuations) {
  Owner client(Role::kClient);
  Owner server(Role::kServer);
  http::Header header;
  for (int i = 0; i < 40; ++i) {
    header.Set("X-" + std::to_string(i), std::string(1500, static_cast<char>('\x81' + i)));
  }
  client.Ask({"GET", "http", "a", "/", ""}, {}, header);
  const std::string bytes = client.Take();
  const auto frames = ReadFrames(std::string_view(bytes).substr(kClientPreface.size()));
  EXPECT_GE(std::count_if(frames.begin(), frames.end(),
                          [](const auto& frame) { return frame.header.type == kContinuation; }),
            3);
  for (const auto& frame : frames) EXPECT_LE(frame.header.length, kFrameBytesMin);
  server.Give(bytes);
  ASSERT_NE(server.Find(1), nullptr);
  EXPECT_EQ(server.Find(1)->header.size(), 40U);
}

TEST(Session, AnswersPingAndSettings) {
  Owner server(Role::kServer);
  server.Give(ClientStart());
  EXPECT_EQ(ReadFrames(server.Take(), FrameType::kSettings).size(), 2U);  // its own, and the ACK
  server.Give(RawFrame(FrameType::kPing, 0, 0, "01234567"));
  EXPECT_EQ(server.Take(), RawFrame(FrameType::kPing, kFlagAck, 0, "01234567"));
  server.Give(RawFrame(FrameType::kPing, kFlagAck, 0, FromHex("0000000000000007")));
  EXPECT_EQ(server.Pongs(), std::vector<uint64_t>{7});
  EXPECT_EQ(server.Take(), "");
}

// Limits, each at its value and one past it.

TEST(SessionLimits, Streams) {
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
  // A stream that the peer has reset counts until its owner is done with it.
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

TEST(SessionLimits, SectionsOfAllStreams) {
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

TEST(SessionLimits, Continuations) {
  SessionLimits limits;
  limits.continuations_max = 3;
  const std::string part = RawFrame(kContinuation, 0, 1);
  const std::string begin = RawFrame(kHeaders, 1, 1, GetBlock());
  EXPECT_EQ(Verdict(begin + part + part + RawFrame(kContinuation, 4, 1), limits), "");
  EXPECT_EQ(Verdict(begin + part + part + part + RawFrame(kContinuation, 4, 1), limits),
            "GOAWAY ENHANCE_YOUR_CALM");
}

TEST(SessionLimits, BytesOfABlock) {
  SessionLimits limits;
  limits.block_bytes_max = 10;
  const std::string begin = RawFrame(kHeaders, 1, 1, GetBlock());  // 6 bytes
  EXPECT_EQ(
      Verdict(begin + RawFrame(kContinuation, 4, 1, FromHex("82828282").substr(0, 0)), limits), "");
  EXPECT_EQ(Verdict(begin + RawFrame(kContinuation, 4, 1, FromHex("0001782d")), limits),
            "GOAWAY COMPRESSION_ERROR");  // 10 bytes: looked at
  EXPECT_EQ(Verdict(begin + RawFrame(kContinuation, 4, 1, FromHex("0001782d2d")), limits),
            "GOAWAY ENHANCE_YOUR_CALM");
}

TEST(SessionLimits, FramesThatBringNothing) {
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
TEST(SessionLimits, ResetsByThePeer) {
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
TEST(SessionLimits, ResetsByThisSide) {
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

TEST(Session, YieldsBehindManyFrames) {
  Owner server(Role::kServer);
  io::BlockPool pool;
  io::LinkBuffer in(pool);
  in.Write(ClientStart());
  for (size_t i = 0; i < Session::kFramesPerCallMax; ++i) {
    in.Write(RawFrame(FrameType::kPing, 0, 0, "01234567"));
  }
  EXPECT_EQ(server.GetSession().Receive(in, {}), Status::kYield);
  EXPECT_EQ(in.Len(), 17U);
  EXPECT_EQ(server.GetSession().Receive(in, {}), Status::kMore);
}

// Content.

TEST(Session, DataKeepsToADeclaredLength) {
  // content-length: 5 (index 28)
  const std::string head =
      RawFrame(kHeaders, kFlagEndHeaders, 1, PostBlock() + FromHex("0f0d0135"));
  EXPECT_EQ(Verdict(head + Data(1, "12345", 1)), "");
  EXPECT_EQ(Verdict(head + Data(1, "12345") + Data(1, "", 1)), "");
  EXPECT_EQ(Verdict(head + Data(1, "1234", 1)), "RST 1 PROTOCOL_ERROR");
  EXPECT_EQ(Verdict(head + Data(1, "123456", 1)), "RST 1 PROTOCOL_ERROR");
  EXPECT_EQ(Verdict(head + Data(1, "12345") + Data(1, "6")), "RST 1 PROTOCOL_ERROR");
  EXPECT_EQ(Verdict(head + Data(1, "1234") + RawFrame(kHeaders, 5, 1, "")), "RST 1 PROTOCOL_ERROR");
  EXPECT_EQ(Verdict(head + Data(1, "12345") + RawFrame(kHeaders, 5, 1, "")), "");
  EXPECT_EQ(Verdict(RawFrame(kHeaders, 5, 1, PostBlock() + FromHex("0f0d0135"))),
            "RST 1 PROTOCOL_ERROR");
}

// Windows.

TEST(SessionWindows, AStreamThatIsNotReadHoldsOnlyItselfBack) {
  SessionLimits limits;
  limits.connection_window = 65535;
  Owner server(Role::kServer, limits);
  server.Give(ClientStart() + PostHead(1));
  server.Find(1)->reads = false;
  const std::string block(16000, 'x');
  for (int i = 0; i < 4; ++i) server.Give(Data(1, block));
  server.Give(PostHead(3));
  server.Take();
  uint64_t sent = 64000;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(server.Give(Data(3, block)), Status::kMore) << i;
    sent += block.size();
  }
  EXPECT_EQ(server.Find(3)->body.size(), 20 * block.size());
  EXPECT_EQ(server.Find(1)->body.size(), 0U);
  EXPECT_GT(sent, 3 * uint64_t{limits.connection_window});
  // One byte more than the window of the stream that is not read.
  server.Take();
  server.Give(Data(1, std::string(1536, 'x')));
  const auto resets = ReadFrames(server.Take(), FrameType::kRstStream);
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].payload, Uint32(static_cast<uint32_t>(ErrorCode::kFlowControlError)));
}

TEST(SessionWindows, AReaderThatKeepsUpGetsALargerWindow) {
  SessionLimits limits;
  limits.stream_window_max = 200'000;
  Owner server(Role::kServer, limits);
  server.Give(ClientStart() + PostHead(1));
  server.Take();
  int64_t window = 65535;
  int64_t largest = 0;
  for (int i = 0; i < 200; ++i) {
    server.Give(Data(1, std::string(16000, 'x')));
    window -= 16000;
    for (const auto& frame : ReadFrames(server.Take(), FrameType::kWindowUpdate)) {
      if (frame.header.stream == 1) window += ReadUint32(frame.payload.data());
    }
    largest = std::max(largest, window);
    ASSERT_GE(window, 16000);
  }
  EXPECT_GT(largest, 150'000);
  EXPECT_LE(largest, 200'000);
}

TEST(SessionWindows, PaddingIsCredited) {
  Owner server(Role::kServer);
  server.Give(ClientStart() + PostHead(1));
  server.Take();
  int64_t stream_window = 65535;
  const std::string padded =
      "\xff"
      "x" +
      std::string(255, '\0');
  for (int i = 0; i < 2000; ++i) {
    server.Give(Data(1, padded, kFlagPadded));
    stream_window -= static_cast<int64_t>(padded.size());
    for (const auto& frame : ReadFrames(server.Take(), FrameType::kWindowUpdate)) {
      if (frame.header.stream == 1) stream_window += ReadUint32(frame.payload.data());
    }
    ASSERT_GT(stream_window, 1000) << i;
  }
  EXPECT_EQ(server.Find(1)->body.size(), 2000U);
}

TEST(SessionWindows, DataOfResetStreamsIsCreditedToTheConnection) {
  SessionLimits limits;
  limits.connection_window = 65535;
  Owner server(Role::kServer, limits);
  server.Give(ClientStart());
  for (uint32_t id = 1; id < 100; id += 2) {
    server.Give(PostHead(id));
    server.GetSession().Reset(server.Find(id)->stream, ErrorCode::kCancel);
    EXPECT_EQ(server.Give(Data(id, std::string(16000, 'x'))), Status::kMore);
    server.Release(id);
    server.Take();
  }
}

TEST(SessionWindows, AnAnswerWaitsForBothWindows) {
  Owner server(Role::kServer);
  server.Give(ClientStart() + GetRequest(1) + GetRequest(3));
  server.Take();
  server.Answer(1, 200, std::string(60000, 'a'));
  server.Answer(3, 200, std::string(60000, 'b'));
  std::map<uint32_t, size_t> got;
  const auto count = [&got](const std::string& bytes) {
    for (const auto& frame : ReadFrames(bytes, kData))
      got[frame.header.stream] += frame.header.length;
  };
  count(server.Take());
  EXPECT_EQ(got[1] + got[3], 65535U);  // the connection's window
  server.Give(RawFrame(FrameType::kWindowUpdate, 0, 0, Uint32(100'000)));
  count(server.Take());
  EXPECT_EQ(got[1], 60000U);
  EXPECT_EQ(got[3], 60000U);
  EXPECT_TRUE(server.Find(1)->sent);

  server.Give(GetRequest(5));
  server.Answer(5, 200, std::string(100'000, 'c'));
  count(server.Take());
  EXPECT_EQ(got[5], 65535U - 20000U + 0U + 0U) << "what is left of the connection's window";
  server.Give(RawFrame(FrameType::kWindowUpdate, 0, 0, Uint32(100'000)));
  count(server.Take());
  EXPECT_EQ(got[5], 65535U);
  server.Give(RawFrame(FrameType::kSettings, 0, 0, FromHex("0004 0001869f")));  // 99,999
  count(server.Take());
  EXPECT_EQ(got[5], 99'999U);
  server.Give(RawFrame(FrameType::kWindowUpdate, 0, 5, Uint32(1)));
  count(server.Take());
  EXPECT_EQ(got[5], 100'000U);
  EXPECT_TRUE(server.Find(5)->sent);
}

TEST(Session, ProducesNoMoreThanItIsAskedFor) {
  Owner server(Role::kServer);
  server.Give(ClientStart() + GetRequest(1));
  server.Take();
  server.Answer(1, 200, std::string(60000, 'a'));
  EXPECT_TRUE(server.GetSession().HasUnsent());
  EXPECT_FALSE(server.GetSession().Produce(SIZE_MAX));
  EXPECT_FALSE(server.GetSession().HasUnsent());
}

// The end.

TEST(Session, ReleaseEndsWhatIsOpen) {
  Owner server(Role::kServer);
  server.Give(ClientStart() + PostHead(1) + PostHead(3) + GetRequest(5));
  server.Take();
  server.Answer(1, 200, "done");  // the request is not at its end
  server.Take();
  server.Release(1);
  server.Release(3);
  server.Answer(5, 200, "done");
  server.Take();
  server.Release(5);
  const std::string out = server.Take();
  EXPECT_EQ(out, "");
  EXPECT_EQ(server.GetSession().Streams(), 0U);
}

TEST(Session, ReleaseOfAnAnsweredUploadIsNoError) {
  Owner server(Role::kServer);
  server.Give(ClientStart() + PostHead(1) + PostHead(3));
  server.Answer(1, 200, "done");
  server.Take();
  server.Release(1);
  EXPECT_EQ(server.Take(), RawFrame(FrameType::kRstStream, 0, 1, Uint32(0)));  // RFC 9113 §8.1
  server.Release(3);
  EXPECT_EQ(server.Take(), RawFrame(FrameType::kRstStream, 0, 3, Uint32(8)));
}

TEST(Session, GoAwayStopsAClient) {
  Owner client(Role::kClient);
  client.Give(EmptySettings());
  client.Ask({"GET", "http", "a", "/", ""});
  EXPECT_TRUE(client.Opened());
  client.Give(RawFrame(FrameType::kGoAway, 0, 0, Uint32(1) + Uint32(0)));
  ASSERT_EQ(client.GoAways().size(), 1U);
  EXPECT_EQ(client.GoAways()[0], (std::pair<uint32_t, ErrorCode>{1, ErrorCode::kNoError}));
  client.Ask({"GET", "http", "a", "/", ""});
  EXPECT_FALSE(client.Opened());
}

TEST(Session, AClientKeepsToThePeersStreams) {
  Owner client(Role::kClient);
  client.Give(RawFrame(FrameType::kSettings, 0, 0, FromHex("0003 00000001")));
  client.Ask({"GET", "http", "a", "/", ""});
  EXPECT_TRUE(client.Opened());
  client.Ask({"GET", "http", "a", "/", ""});
  EXPECT_FALSE(client.Opened());
  client.Release(1);
  client.Ask({"GET", "http", "a", "/", ""});
  EXPECT_TRUE(client.Opened());
}

TEST(Session, AClientTakesNoPushAndNoDataBeforeTheHead) {
  const auto failure = [](std::string_view bytes) {
    Owner client(Role::kClient);
    client.Give(EmptySettings());
    client.Ask({"GET", "http", "a", "/", ""});
    client.Give(bytes);
    const auto& reset = client.Find(1)->reset;
    return reset ? *reset : client.GetSession().Failure().code;
  };
  EXPECT_EQ(failure(RawFrame(FrameType::kPushPromise, 4, 1, Uint32(2))), ErrorCode::kProtocolError);
  EXPECT_EQ(failure(RawFrame(FrameType::kSettings, 0, 0, FromHex("000200000001"))),
            ErrorCode::kProtocolError);
  EXPECT_EQ(failure(Data(1, "x")), ErrorCode::kProtocolError);
  EXPECT_EQ(failure(RawFrame(kHeaders, 4, 3, "\x88")), ErrorCode::kProtocolError);
  EXPECT_EQ(failure(RawFrame(kHeaders, 4, 2, "\x88")), ErrorCode::kProtocolError);
  EXPECT_EQ(failure(RawFrame(kHeaders, 4, 1, "\x88") + Data(1, "x", 1)), ErrorCode::kNoError);
}

}  // namespace
}  // namespace hon::h2
