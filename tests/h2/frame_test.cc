#include "hon/h2/frame.h"

#include <gtest/gtest.h>

#include <string>

#include "h2/bytes.h"

namespace hon::h2 {
namespace {

using testing::FromHex;

constexpr ErrorCode kNone = ErrorCode::kNoError;
constexpr ErrorCode kSize = ErrorCode::kFrameSizeError;
constexpr ErrorCode kProtocol = ErrorCode::kProtocolError;

TEST(FrameHeader, ReadsAndWritesNineBytes) {
  const std::string bytes = FromHex("0040010125 80000003");  // with the reserved bit
  const FrameHeader header = ReadFrameHeader(bytes.data());
  EXPECT_EQ(header, (FrameHeader{0x4001, FrameType::kHeaders, 0x25, 3}));
  char written[kFrameHeaderBytes];
  WriteFrameHeader(written, header);
  EXPECT_EQ(std::string_view(written, sizeof(written)), FromHex("0040010125 00000003"));
}

struct FrameCase {
  const char* name;
  const char* rfc;
  FrameHeader header;
  ErrorCode code;
  bool connection = true;
};

constexpr FrameCase kFrameCases[] = {
    {"largest frame", "9113 §4.2", {16384, FrameType::kData, 0, 1}, kNone},
    {"one byte more", "9113 §4.2", {16385, FrameType::kData, 0, 1}, kSize},
    {"unknown type, too large", "9113 §4.2", {16385, FrameType{0xfa}, 0, 1}, kSize},
    {"unknown type", "9113 §4.1", {5, FrameType{0xfa}, 0xff, 0}, kNone},
    {"DATA on 0", "9113 §6.1", {0, FrameType::kData, 0, 0}, kProtocol},
    {"HEADERS on 0", "9113 §6.2", {0, FrameType::kHeaders, 0, 0}, kProtocol},
    {"CONTINUATION on 0", "9113 §6.10", {0, FrameType::kContinuation, 0, 0}, kProtocol},
    {"PRIORITY on 0", "9113 §6.3", {5, FrameType::kPriority, 0, 0}, kProtocol},
    {"PRIORITY of 4", "9113 §6.3", {4, FrameType::kPriority, 0, 1}, kSize, false},
    {"PRIORITY of 6", "9113 §6.3", {6, FrameType::kPriority, 0, 1}, kSize, false},
    {"PRIORITY", "9113 §6.3", {5, FrameType::kPriority, 0, 1}, kNone},
    {"RST_STREAM on 0", "9113 §6.4", {4, FrameType::kRstStream, 0, 0}, kProtocol},
    {"RST_STREAM of 3", "9113 §6.4", {3, FrameType::kRstStream, 0, 1}, kSize},
    {"RST_STREAM of 5", "9113 §6.4", {5, FrameType::kRstStream, 0, 1}, kSize},
    {"RST_STREAM", "9113 §6.4", {4, FrameType::kRstStream, 0, 1}, kNone},
    {"SETTINGS on 1", "9113 §6.5", {6, FrameType::kSettings, 0, 1}, kProtocol},
    {"SETTINGS of 5", "9113 §6.5", {5, FrameType::kSettings, 0, 0}, kSize},
    {"SETTINGS of 0", "9113 §6.5", {0, FrameType::kSettings, 0, 0}, kNone},
    {"SETTINGS ACK of 6", "9113 §6.5", {6, FrameType::kSettings, kFlagAck, 0}, kSize},
    {"SETTINGS ACK", "9113 §6.5", {0, FrameType::kSettings, kFlagAck, 0}, kNone},
    {"PING on 1", "9113 §6.7", {8, FrameType::kPing, 0, 1}, kProtocol},
    {"PING of 7", "9113 §6.7", {7, FrameType::kPing, 0, 0}, kSize},
    {"PING of 9", "9113 §6.7", {9, FrameType::kPing, 0, 0}, kSize},
    {"PING", "9113 §6.7", {8, FrameType::kPing, 0, 0}, kNone},
    {"GOAWAY on 1", "9113 §6.8", {8, FrameType::kGoAway, 0, 1}, kProtocol},
    {"GOAWAY of 7", "9113 §6.8", {7, FrameType::kGoAway, 0, 0}, kSize},
    {"GOAWAY with text", "9113 §6.8", {20, FrameType::kGoAway, 0, 0}, kNone},
    {"WINDOW_UPDATE of 3", "9113 §6.9", {3, FrameType::kWindowUpdate, 0, 0}, kSize},
    {"WINDOW_UPDATE of 5", "9113 §6.9", {5, FrameType::kWindowUpdate, 0, 1}, kSize},
    {"WINDOW_UPDATE", "9113 §6.9", {4, FrameType::kWindowUpdate, 0, 1}, kNone},
    {"PRIORITY_UPDATE on 1", "9218 §7.1", {4, FrameType::kPriorityUpdate, 0, 1}, kProtocol},
    {"PRIORITY_UPDATE of 3", "9218 §7.1", {3, FrameType::kPriorityUpdate, 0, 0}, kSize},
    {"PRIORITY_UPDATE", "9218 §7.1", {4, FrameType::kPriorityUpdate, 0, 0}, kNone},
};

TEST(JudgeFrame, KnowsTheRulesOfTheRfc) {
  for (const FrameCase& one : kFrameCases) {
    const Violation got = JudgeFrame(one.header, kFrameBytesMin);
    EXPECT_EQ(got.code, one.code) << one.name << ", RFC " << one.rfc;
    if (got) {
      EXPECT_EQ(got.connection, one.connection) << one.name;
    }
  }
}

TEST(Unpad, LeavesTheContent) {
  const auto content = [](const FrameHeader& header, uint8_t pad) -> int {
    const std::optional<Unpadded> parts = Unpad(header, pad);
    if (!parts) return -1;
    EXPECT_EQ(parts->before + parts->content + parts->after, header.length);
    return static_cast<int>(parts->content);
  };
  EXPECT_EQ(content({10, FrameType::kData, 0, 1}, 200), 10);
  EXPECT_EQ(content({10, FrameType::kData, kFlagPadded, 1}, 9), 0);
  EXPECT_EQ(content({10, FrameType::kData, kFlagPadded, 1}, 10), -1);  // RFC 9113 §6.1
  EXPECT_EQ(content({0, FrameType::kData, kFlagPadded, 1}, 0), -1);
  EXPECT_EQ(content({10, FrameType::kHeaders, kFlagPriority, 1}, 0), 5);
  EXPECT_EQ(content({10, FrameType::kHeaders, kFlagPriority | kFlagPadded, 1}, 4), 0);
  EXPECT_EQ(content({10, FrameType::kHeaders, kFlagPriority | kFlagPadded, 1}, 5), -1);
  EXPECT_EQ(content({4, FrameType::kHeaders, kFlagPriority, 1}, 0), -1);
  EXPECT_EQ(content({10, FrameType::kData, kFlagPriority, 1}, 0), 10);  // no such flag on DATA
}

struct SettingCase {
  const char* rfc;
  const char* hex;
  ErrorCode code;
};
constexpr SettingCase kSettingCases[] = {
    {"§6.5.2", "000100000000", kNone},
    {"§6.5.2", "000200000000", kNone},
    {"§6.5.2", "000200000001", kNone},
    {"§6.5.2", "000200000002", kProtocol},
    {"§6.5.2", "00047fffffff", kNone},
    {"§6.5.2", "000480000000", ErrorCode::kFlowControlError},
    {"§6.5.2", "000500004000", kNone},
    {"§6.5.2", "000500003fff", kProtocol},
    {"§6.5.2", "000500ffffff", kNone},
    {"§6.5.2", "000501000000", kProtocol},
    {"8441 §3", "000800000001", kNone},
    {"8441 §3", "000800000002", kProtocol},
    {"8441 §3", "000800000001000800000000", kProtocol},
    {"9218 §2.1", "000900000001", kNone},
    {"9218 §2.1", "000900000002", kProtocol},
    {"§6.5.2, unknown", "f00000000002", kNone},
    {"§6.5.2, unknown", "00070000ffff", kNone},
};

TEST(ApplySettings, JudgesEachValue) {
  for (const SettingCase& one : kSettingCases) {
    Settings settings;
    EXPECT_EQ(ApplySettings(FromHex(one.hex), settings).code, one.code) << one.hex << one.rfc;
  }
}

TEST(ApplySettings, TheLastOfEqualsCounts) {
  Settings settings;
  EXPECT_FALSE(ApplySettings(FromHex("000100000001 000300000064 000400000002 000500008000 "
                                     "000600000007 000100000009 000200000000"),
                             settings));
  EXPECT_EQ(settings.header_table_size, 9U);
  EXPECT_EQ(settings.max_concurrent_streams, 100U);
  EXPECT_EQ(settings.initial_window_size, 2U);
  EXPECT_EQ(settings.max_frame_size, 32768U);
  EXPECT_EQ(settings.max_header_list_size, 7U);
  EXPECT_FALSE(settings.enable_push);
}

TEST(ApplySettings, TheNumberOfSettingsInAFrameIsLimited) {
  Settings settings;
  std::string payload;
  for (size_t i = 0; i < kSettingsPerFrameMax; ++i) payload += FromHex("000300000064");
  EXPECT_FALSE(ApplySettings(payload, settings));
  payload += FromHex("000300000064");
  EXPECT_EQ(ApplySettings(payload, settings).code, ErrorCode::kEnhanceYourCalm);
}

TEST(WriteFrames, AreThoseOfTheRfc) {
  io::BlockPool pool;
  io::LinkBuffer out(pool);
  const auto written = [&out] { return out.ReadString(out.Len()).value(); };
  const Setting settings[] = {{SettingId::kMaxConcurrentStreams, 100},
                              {SettingId::kInitialWindowSize, 65536}};
  WriteSettings(out, settings, 2);
  EXPECT_EQ(written(), FromHex("00000c0400 00000000 000300000064 000400010000"));
  WriteSettings(out, nullptr, 0);
  EXPECT_EQ(written(), FromHex("0000000400 00000000"));
  WriteSettingsAck(out);
  EXPECT_EQ(written(), FromHex("0000000401 00000000"));
  WritePing(out, 0x0102030405060708, true);
  EXPECT_EQ(written(), FromHex("0000080601 00000000 0102030405060708"));
  WritePing(out, 1, false);
  EXPECT_EQ(written(), FromHex("0000080600 00000000 0000000000000001"));
  WriteGoAway(out, kStreamIdMax, ErrorCode::kEnhanceYourCalm, "why");
  EXPECT_EQ(written(), FromHex("00000b0700 00000000 7fffffff 0000000b 776879"));
  WriteRstStream(out, 5, ErrorCode::kRefusedStream);
  EXPECT_EQ(written(), FromHex("0000040300 00000005 00000007"));
  WriteWindowUpdate(out, 0, 65536);
  EXPECT_EQ(written(), FromHex("0000040800 00000000 00010000"));
}

TEST(ErrorCodeName, NamesEachCode) {
  EXPECT_EQ(ErrorCodeName(ErrorCode::kNoError), "NO_ERROR");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kHttp11Required), "HTTP_1_1_REQUIRED");
  EXPECT_EQ(ErrorCodeName(ErrorCode{0xe}), "unknown error code");
}

}  // namespace
}  // namespace hon::h2
