#include <gtest/gtest.h>

#include "h2/session_fixture.h"
#include "hon/h2/session.h"

namespace hon::h2 {
namespace {

using testing::ClientStart;
using testing::Data;
using testing::FromHex;
using testing::GetRequest;
using testing::kData;
using testing::Owner;
using testing::PostHead;
using testing::RawFrame;
using testing::ReadFrames;
using testing::Uint32;
using Status = Session::Status;

TEST(SessionWindows, AnUnreadStreamBlocksOnlyItself) {
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
  // One byte more than the window of the unread stream.
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

// The largest frames that every peer accepts (RFC 9113 §4.2), whatever the sizes of the blocks in
// which a body lies.
TEST(Session, DataIsCutAtTheSizeThatEveryPeerAccepts) {
  Owner server(Role::kServer);
  server.Give(ClientStart() + GetRequest(1));
  testing::Exchange& exchange = *server.Find(1);
  server.GetSession().SendResponse(exchange.stream, 200, {}, {}, false);
  server.Take();
  std::vector<uint32_t> sizes;
  const auto send = [&](size_t bytes) {
    exchange.stream.Out().Write(std::string(bytes, 'x'));
    server.GetSession().SendSoon(exchange.stream);
    for (const auto& frame : ReadFrames(server.Take(), kData)) {
      sizes.push_back(frame.header.length);
    }
  };
  send(16384);
  send(16384);
  EXPECT_EQ(sizes, (std::vector<uint32_t>{16384, 16384}));
  sizes.clear();
  send(16384 + 1);
  send(16384 - 2);  // the last byte but one of the window
  EXPECT_EQ(sizes, (std::vector<uint32_t>{16384, 1, 16382}));
}

// A frame's header takes no block of its own in front of blocks that are sent as they are.
TEST(Session, HeadersOfDataShareABlock) {
  Owner server(Role::kServer);
  server.Give(ClientStart() + GetRequest(1));
  server.Take();
  server.Answer(1, 200, std::string(65'000, 'a'));
  server.Take();
  server.Give(RawFrame(FrameType::kWindowUpdate, 0, 0, Uint32(1'000'000)) +
              RawFrame(FrameType::kSettings, 0, 0, FromHex("0004 000f4240")) + GetRequest(3));
  server.Take();
  server.Answer(3, 200, std::string(400'000, 'b'));
  const size_t before = server.Blocks().InUse();
  while (server.GetSession().Produce(SIZE_MAX)) {
  }
  EXPECT_LE(server.Blocks().InUse(), before + 1);
  size_t got = 0;
  for (const auto& frame : ReadFrames(server.Take(), kData)) got += frame.header.length;
  EXPECT_EQ(got, 400'000U);
  server.Release(1);
  server.Release(3);
  EXPECT_EQ(server.Blocks().InUse(), 0U);
}

// More frames than the headers of one block.
TEST(Session, HeadersOfMoreDataThanABlockTakes) {
  constexpr size_t kFrames = io::kBlockBytes / kFrameHeaderBytes + 10;
  Owner server(Role::kServer);
  server.Give(ClientStart() + RawFrame(FrameType::kWindowUpdate, 0, 0, Uint32(0x7fff'0000)) +
              RawFrame(FrameType::kSettings, 0, 0, FromHex("0004 7fffffff")) + GetRequest(1));
  server.Take();
  const std::string part(kFrameBytesMin, 'c');
  testing::Exchange& exchange = *server.Find(1);
  server.GetSession().SendResponse(exchange.stream, 200, {}, {}, false);
  for (size_t i = 0; i < kFrames; ++i) exchange.stream.Out().Write(part);
  server.GetSession().SendEnd(exchange.stream);
  size_t frames = 0;
  for (const auto& frame : ReadFrames(server.Take(), kData)) {
    ASSERT_EQ(frame.header.length, kFrameBytesMin) << frames;
    ASSERT_EQ(frame.header.stream, 1U) << frames;
    ++frames;
  }
  EXPECT_EQ(frames, kFrames);
}

TEST(Session, ProducesNoMoreThanTheRequestedBytes) {
  Owner server(Role::kServer);
  server.Give(ClientStart() + GetRequest(1));
  server.Take();
  server.Answer(1, 200, std::string(60000, 'a'));
  EXPECT_TRUE(server.GetSession().HasUnsent());
  EXPECT_FALSE(server.GetSession().Produce(SIZE_MAX));
  EXPECT_FALSE(server.GetSession().HasUnsent());
}

}  // namespace
}  // namespace hon::h2
