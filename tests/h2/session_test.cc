#include "hon/h2/session.h"

#include <gtest/gtest.h>

#include "h2/session_fixture.h"

namespace hon::h2 {
namespace {

using testing::ClientStart;
using testing::Data;
using testing::EmptySettings;
using testing::Exchange;
using testing::FromHex;
using testing::GetBlock;
using testing::GetRequest;
using testing::kContinuation;
using testing::kData;
using testing::kHeaders;
using testing::Owner;
using testing::PostBlock;
using testing::PostHead;
using testing::RawFrame;
using testing::ReadFrames;
using testing::Uint32;
using testing::Verdict;
using Status = Session::Status;

struct RuleCase {
  const char* name;
  const char* rfc;
  std::string bytes;
  const char* want;
};

const std::vector<RuleCase>& RuleCases() {
  static const std::vector<RuleCase> cases = {
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
      {"unexpected SETTINGS ACK", "9113 §6.5.3",
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
  for (const RuleCase& one : RuleCases()) {
    EXPECT_EQ(Verdict(one.bytes), one.want) << one.name << ", RFC " << one.rfc;
  }
}

// The pieces in which bytes come change nothing.
TEST(Session, EveryCutGivesTheSameVerdict) {
  for (const RuleCase& one : RuleCases()) {
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
  EXPECT_TRUE(request->sent);  // one frame takes it, and no other stream waits
  client.Give(server.Take());
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

TEST(Session, AnEmptyEndIsSeenBehindAnyNumberOfFrames) {
  for (size_t parts = 0; parts <= Session::kFramesPerCallMax; ++parts) {
    Owner server(Role::kServer);
    server.Give(ClientStart());
    std::string request = RawFrame(kHeaders, kFlagEndHeaders, 1, PostBlock());
    for (size_t i = 0; i < parts / 2; ++i) request += Data(1, "x");
    if (parts % 2 != 0) request += RawFrame(FrameType::kPing, 0, 0, "01234567");
    server.Give(request + Data(1, "", 1));
    ASSERT_TRUE(server.Find(1)->stream.InputEnded()) << parts;
  }
}

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

// The end.

// The streams of the DATA frames that a server sends for two answers of 40,000 bytes, of requests
// with these Priority fields ("": none).
std::vector<uint32_t> OrderOfData(std::string_view first, std::string_view second) {
  Owner server(Role::kServer);
  server.Give(ClientStart() + GetRequest(1) + GetRequest(3));
  const auto prioritize = [&](uint32_t id, std::string_view field) {
    if (field.empty()) return;
    server.GetSession().SetPriority(server.Find(id)->stream, ParsePriority(field));
  };
  prioritize(1, first);
  prioritize(3, second);
  server.Take();
  server.Answer(1, 200, std::string(30'000, 'a'));
  server.Answer(3, 200, std::string(30'000, 'b'));
  std::vector<uint32_t> order;
  for (const auto& frame : ReadFrames(server.Take(), kData)) order.push_back(frame.header.stream);
  return order;
}

// RFC 9218 §10: a more urgent stream goes first; of one urgency, one that is not incremental is
// sent as a whole. Where a client gives no priority, streams take turns.
TEST(Session, StreamsTakeTurnsUnlessAPrioritySaysOtherwise) {
  using Order = std::vector<uint32_t>;
  EXPECT_EQ(OrderOfData("", ""), (Order{1, 3, 1, 3}));
  EXPECT_EQ(OrderOfData("u=3, i", "u=3, i"), (Order{1, 3, 1, 3}));
  EXPECT_EQ(OrderOfData("u=3", "u=3"), (Order{1, 1, 3, 3}));
  EXPECT_EQ(OrderOfData("u=3", "u=2"), (Order{3, 3, 1, 1}));
  EXPECT_EQ(OrderOfData("u=4", ""), (Order{3, 3, 1, 1}));
}

// A short answer does not wait behind a long one that is no more urgent.
TEST(Session, AShortAnswerGoesBeforeALongOne) {
  const auto order = [](std::string_view priority) {
    Owner server(Role::kServer);
    server.Give(ClientStart() + GetRequest(1) + GetRequest(3));
    server.Take();
    server.Answer(1, 200, std::string(30'000, 'a'));
    server.GetSession().SetPriority(server.Find(3)->stream, ParsePriority(priority));
    server.GetSession().SendAnswer(server.Find(3)->stream, 200, {}, {}, "short");
    return ReadFrames(server.Take(), kData).front().header.stream;
  };
  EXPECT_EQ(order("u=3"), 3U);
  EXPECT_EQ(order("u=4"), 1U);
}

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

TEST(Session, NothingIsSentBehindTheEndOfAStream) {
  Owner client(Role::kClient);
  Exchange& asked = client.Ask({"GET", "http", "a", "/", ""});  // with END_STREAM
  client.Take();
  asked.stream.Out().Write("late");
  client.GetSession().SendSoon(asked.stream);
  EXPECT_TRUE(ReadFrames(client.Take(), kData).empty());
  // SETTINGS that change the window look at every stream.
  client.Give(RawFrame(FrameType::kSettings, 0, 0, FromHex("0004 00ffffff")));
  EXPECT_TRUE(ReadFrames(client.Take(), kData).empty());
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
