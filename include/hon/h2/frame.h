#pragma once

// Frames of HTTP/2 (RFC 9113 §4, §6): the nine bytes before each payload, the valid payloads of
// each type, and the writing of control frames. Pure: bytes in, values out; no memory of its own.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "hon/h2/error_code.h"
#include "hon/io/link_buffer.h"

namespace hon::h2 {

/// The first bytes of a client's connection (RFC 9113 §3.4).
inline constexpr std::string_view kClientPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

inline constexpr size_t kFrameHeaderBytes = 9;
/// SETTINGS_MAX_FRAME_SIZE: the size that every endpoint accepts, and the largest value of the
/// setting.
inline constexpr uint32_t kFrameBytesMin = 16384;
inline constexpr uint32_t kFrameBytesMax = 16777215;
/// Stream identifiers and windows have 31 bits.
inline constexpr uint32_t kStreamIdMax = 0x7fffffff;
inline constexpr int64_t kWindowMax = 0x7fffffff;
/// The size of every flow-control window before SETTINGS or WINDOW_UPDATE change it (RFC 9113
/// §6.9.2).
inline constexpr uint32_t kInitialWindow = 65535;

enum class FrameType : uint8_t {
  kData = 0x0,
  kHeaders = 0x1,
  kPriority = 0x2,
  kRstStream = 0x3,
  kSettings = 0x4,
  kPushPromise = 0x5,
  kPing = 0x6,
  kGoAway = 0x7,
  kWindowUpdate = 0x8,
  kContinuation = 0x9,
  kPriorityUpdate = 0x10,  // RFC 9218 §7.1
};

/// Flags; ACK and END_STREAM share a bit, as SETTINGS and PING have no streams to end.
inline constexpr uint8_t kFlagEndStream = 0x1;
inline constexpr uint8_t kFlagAck = 0x1;
inline constexpr uint8_t kFlagEndHeaders = 0x4;
inline constexpr uint8_t kFlagPadded = 0x8;
inline constexpr uint8_t kFlagPriority = 0x20;

struct FrameHeader {
  uint32_t length = 0;  // of the payload
  FrameType type = FrameType::kData;
  uint8_t flags = 0;
  uint32_t stream = 0;  // the reserved bit is dropped

  [[nodiscard]] bool Has(uint8_t flag) const { return (flags & flag) != 0; }
  [[nodiscard]] bool operator==(const FrameHeader&) const = default;
};

/// `bytes` has at least kFrameHeaderBytes bytes.
[[nodiscard]] FrameHeader ReadFrameHeader(const char* bytes);
/// Writes kFrameHeaderBytes to `to`.
void WriteFrameHeader(char* to, const FrameHeader& header);

/// A rule of RFC 9113 that the peer broke: on a connection (GOAWAY), or on one stream (RST_STREAM).
struct Violation {
  ErrorCode code = ErrorCode::kNoError;
  bool connection = true;
  std::string_view reason;  // static text for a log

  explicit operator bool() const { return code != ErrorCode::kNoError; }
};
[[nodiscard]] constexpr Violation ConnectionError(ErrorCode code, std::string_view reason) {
  return {code, true, reason};
}
[[nodiscard]] constexpr Violation StreamError(ErrorCode code, std::string_view reason) {
  return {code, false, reason};
}

/// Judges a frame by its header alone (RFC 9113 §4.2, §6): lengths, and whether the frame belongs
/// to a stream or to the connection. `frame_bytes_max` is the SETTINGS_MAX_FRAME_SIZE of this side.
/// A frame of an unknown type can only be too large.
[[nodiscard]] Violation JudgeFrame(const FrameHeader& header, uint32_t frame_bytes_max);

/// The parts of a DATA, HEADERS or PUSH_PROMISE payload: content, padding and priority fields.
struct Unpadded {
  uint32_t before = 0;   // bytes in front of the content
  uint32_t content = 0;  // bytes of DATA or of the field block fragment
  uint32_t after = 0;    // bytes of padding
};
/// `pad_length` is the first byte of the payload, read only when the frame is padded. Nothing when
/// the padding or the priority fields do not fit (RFC 9113 §6.1, §6.2: PROTOCOL_ERROR).
[[nodiscard]] std::optional<Unpadded> Unpad(const FrameHeader& header, uint8_t pad_length);

enum class SettingId : uint16_t {
  kHeaderTableSize = 0x1,
  kEnablePush = 0x2,
  kMaxConcurrentStreams = 0x3,
  kInitialWindowSize = 0x4,
  kMaxFrameSize = 0x5,
  kMaxHeaderListSize = 0x6,
  kEnableConnectProtocol = 0x8,  // RFC 8441 §3
  kNoRfc7540Priorities = 0x9,    // RFC 9218 §2.1
};

/// The settings of one endpoint; the defaults are those of RFC 9113 §6.5.2.
struct Settings {
  uint32_t header_table_size = 4096;
  bool enable_push = true;
  uint32_t max_concurrent_streams = UINT32_MAX;
  uint32_t initial_window_size = kInitialWindow;
  uint32_t max_frame_size = kFrameBytesMin;
  uint32_t max_header_list_size = UINT32_MAX;
  bool enable_connect_protocol = false;
  bool no_rfc7540_priorities = false;
};

/// Bytes of one setting in a SETTINGS payload.
inline constexpr size_t kSettingBytes = 6;
/// Settings in one frame; a peer that sends more is refused (ENHANCE_YOUR_CALM).
inline constexpr size_t kSettingsPerFrameMax = 32;

/// Applies the payload of a SETTINGS frame to `settings`, in order; unknown identifiers are
/// skipped. Settings after a violation are not applied.
[[nodiscard]] Violation ApplySettings(std::string_view payload, Settings& settings);

// Values in payloads, in network order.

[[nodiscard]] inline uint32_t ReadUint32(const char* at) {
  const auto byte = [at](int i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(at[i]));
  };
  return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
}
[[nodiscard]] inline uint32_t ReadUint31(const char* at) { return ReadUint32(at) & kStreamIdMax; }

// Writing of control frames, each to the end of `out`.

struct Setting {
  SettingId id;
  uint32_t value;
};
void WriteSettings(io::LinkBuffer& out, const Setting* settings, size_t count);
void WriteSettingsAck(io::LinkBuffer& out);
void WritePing(io::LinkBuffer& out, uint64_t opaque, bool ack);
void WriteGoAway(io::LinkBuffer& out, uint32_t last_stream, ErrorCode code,
                 std::string_view debug_data = {});
void WriteRstStream(io::LinkBuffer& out, uint32_t stream, ErrorCode code);
void WriteWindowUpdate(io::LinkBuffer& out, uint32_t stream, uint32_t increment);
/// Writes the header of a frame whose payload the caller appends.
void WriteFrameHeader(io::LinkBuffer& out, const FrameHeader& header);

}  // namespace hon::h2
