#include "hon/h2/frame.h"

#include <cstring>

#include "hon/base/assert.h"

namespace hon::h2 {
namespace {

constexpr size_t kPriorityBytes = 5;

void PutUint32(char* to, uint32_t value) {
  to[0] = static_cast<char>(value >> 24);
  to[1] = static_cast<char>(value >> 16);
  to[2] = static_cast<char>(value >> 8);
  to[3] = static_cast<char>(value);
}

// Reserves a whole frame and fills its header; the payload follows at the address returned.
char* Begin(io::LinkBuffer& out, const FrameHeader& header) {
  char* const at = out.Malloc(kFrameHeaderBytes + header.length);
  WriteFrameHeader(at, header);
  return at + kFrameHeaderBytes;
}

void End(io::LinkBuffer& out, const FrameHeader& header) {
  out.MallocAck(kFrameHeaderBytes + header.length);
}

constexpr Violation WrongSize(std::string_view reason) {
  return ConnectionError(ErrorCode::kFrameSizeError, reason);
}

Violation OnStream(const FrameHeader& header) {
  if (header.stream != 0) return {};
  return ConnectionError(ErrorCode::kProtocolError, "frame of a stream on stream 0");
}

Violation OnConnection(const FrameHeader& header) {
  if (header.stream == 0) return {};
  return ConnectionError(ErrorCode::kProtocolError, "frame of the connection on a stream");
}

Violation JudgeSettings(const FrameHeader& header) {
  if (const Violation violation = OnConnection(header)) return violation;
  if (header.Has(kFlagAck) && header.length != 0) return WrongSize("SETTINGS ACK with a payload");
  if (header.length % kSettingBytes != 0) return WrongSize("SETTINGS of a broken length");
  return {};
}

Violation ApplySetting(SettingId id, uint32_t value, Settings& settings) {
  switch (id) {
    case SettingId::kHeaderTableSize:
      settings.header_table_size = value;
      return {};
    case SettingId::kEnablePush:
      if (value > 1) return ConnectionError(ErrorCode::kProtocolError, "ENABLE_PUSH is 0 or 1");
      settings.enable_push = value == 1;
      return {};
    case SettingId::kMaxConcurrentStreams:
      settings.max_concurrent_streams = value;
      return {};
    case SettingId::kInitialWindowSize:
      if (value > kWindowMax) {
        return ConnectionError(ErrorCode::kFlowControlError, "INITIAL_WINDOW_SIZE above 2^31-1");
      }
      settings.initial_window_size = value;
      return {};
    case SettingId::kMaxFrameSize:
      if (value < kFrameBytesMin || value > kFrameBytesMax) {
        return ConnectionError(ErrorCode::kProtocolError, "MAX_FRAME_SIZE out of its range");
      }
      settings.max_frame_size = value;
      return {};
    case SettingId::kMaxHeaderListSize:
      settings.max_header_list_size = value;
      return {};
    case SettingId::kEnableConnectProtocol:
      // Cannot be unset (RFC 8441 §3).
      if (value > 1 || (value == 0 && settings.enable_connect_protocol)) {
        return ConnectionError(ErrorCode::kProtocolError,
                               "ENABLE_CONNECT_PROTOCOL is 1, and stays");
      }
      settings.enable_connect_protocol = value == 1;
      return {};
    case SettingId::kNoRfc7540Priorities:
      if (value > 1) {
        return ConnectionError(ErrorCode::kProtocolError, "NO_RFC7540_PRIORITIES is 0 or 1");
      }
      settings.no_rfc7540_priorities = value == 1;
      return {};
  }
  return {};
}

}  // namespace

FrameHeader ReadFrameHeader(const char* bytes) {
  const uint32_t first = ReadUint32(bytes);
  return {first >> 8, static_cast<FrameType>(first & 0xff), static_cast<uint8_t>(bytes[4]),
          ReadUint31(bytes + 5)};
}

void WriteFrameHeader(char* to, const FrameHeader& header) {
  HON_DEBUG_ASSERT(header.length <= kFrameBytesMax);
  HON_DEBUG_ASSERT(header.stream <= kStreamIdMax);
  PutUint32(to, header.length << 8 | static_cast<uint32_t>(header.type));
  to[4] = static_cast<char>(header.flags);
  PutUint32(to + 5, header.stream);
}

Violation JudgeFrame(const FrameHeader& header, uint32_t frame_bytes_max) {
  if (header.length > frame_bytes_max) return WrongSize("frame above MAX_FRAME_SIZE");
  switch (header.type) {
    case FrameType::kData:
    case FrameType::kHeaders:
    case FrameType::kContinuation:
      return OnStream(header);
    case FrameType::kPriority:
      if (const Violation violation = OnStream(header)) return violation;
      if (header.length == kPriorityBytes) return {};
      return StreamError(ErrorCode::kFrameSizeError, "PRIORITY has 5 bytes");
    case FrameType::kRstStream:
      if (const Violation violation = OnStream(header)) return violation;
      return header.length == 4 ? Violation() : WrongSize("RST_STREAM has 4 bytes");
    case FrameType::kSettings:
      return JudgeSettings(header);
    case FrameType::kPushPromise:
      return OnStream(header);
    case FrameType::kPing:
      if (const Violation violation = OnConnection(header)) return violation;
      return header.length == 8 ? Violation() : WrongSize("PING has 8 bytes");
    case FrameType::kGoAway:
      if (const Violation violation = OnConnection(header)) return violation;
      return header.length >= 8 ? Violation() : WrongSize("GOAWAY has at least 8 bytes");
    case FrameType::kWindowUpdate:
      return header.length == 4 ? Violation() : WrongSize("WINDOW_UPDATE has 4 bytes");
    case FrameType::kPriorityUpdate:
      if (const Violation violation = OnConnection(header)) return violation;
      return header.length >= 4 ? Violation() : WrongSize("PRIORITY_UPDATE has at least 4 bytes");
  }
  return {};
}

std::optional<Unpadded> Unpad(const FrameHeader& header, uint8_t pad_length) {
  Unpadded parts;
  if (header.Has(kFlagPadded)) {
    parts.before = 1;
    parts.after = pad_length;
  }
  if (header.type == FrameType::kHeaders && header.Has(kFlagPriority)) {
    parts.before += kPriorityBytes;
  }
  if (parts.before + parts.after > header.length) return std::nullopt;
  parts.content = header.length - parts.before - parts.after;
  return parts;
}

Violation ApplySettings(std::string_view payload, Settings& settings) {
  HON_ASSERT(payload.size() % kSettingBytes == 0);
  if (payload.size() / kSettingBytes > kSettingsPerFrameMax) {
    return ConnectionError(ErrorCode::kEnhanceYourCalm, "more settings in a frame than there are");
  }
  for (; !payload.empty(); payload.remove_prefix(kSettingBytes)) {
    const uint32_t id = ReadUint32(payload.data()) >> 16;
    const uint32_t value = ReadUint32(payload.data() + 2);
    const Violation violation = ApplySetting(static_cast<SettingId>(id), value, settings);
    if (violation) return violation;
  }
  return {};
}

void WriteFrameHeader(io::LinkBuffer& out, const FrameHeader& header) {
  WriteFrameHeader(out.Malloc(kFrameHeaderBytes), header);
  out.MallocAck(kFrameHeaderBytes);
}

void WriteSettings(io::LinkBuffer& out, const Setting* settings, size_t count) {
  const FrameHeader header{static_cast<uint32_t>(count * kSettingBytes), FrameType::kSettings, 0,
                           0};
  char* at = Begin(out, header);
  for (size_t i = 0; i < count; ++i, at += kSettingBytes) {
    const auto id = static_cast<uint32_t>(settings[i].id);
    at[0] = static_cast<char>(id >> 8);
    at[1] = static_cast<char>(id);
    PutUint32(at + 2, settings[i].value);
  }
  End(out, header);
}

void WriteSettingsAck(io::LinkBuffer& out) {
  WriteFrameHeader(out, {0, FrameType::kSettings, kFlagAck, 0});
}

void WritePing(io::LinkBuffer& out, uint64_t opaque, bool ack) {
  const FrameHeader header{8, FrameType::kPing, ack ? kFlagAck : uint8_t{0}, 0};
  char* const at = Begin(out, header);
  PutUint32(at, static_cast<uint32_t>(opaque >> 32));
  PutUint32(at + 4, static_cast<uint32_t>(opaque));
  End(out, header);
}

void WriteGoAway(io::LinkBuffer& out, uint32_t last_stream, ErrorCode code,
                 std::string_view debug_data) {
  const FrameHeader header{static_cast<uint32_t>(8 + debug_data.size()), FrameType::kGoAway, 0, 0};
  char* const at = Begin(out, header);
  PutUint32(at, last_stream);
  PutUint32(at + 4, static_cast<uint32_t>(code));
  if (!debug_data.empty()) std::memcpy(at + 8, debug_data.data(), debug_data.size());
  End(out, header);
}

void WriteRstStream(io::LinkBuffer& out, uint32_t stream, ErrorCode code) {
  const FrameHeader header{4, FrameType::kRstStream, 0, stream};
  PutUint32(Begin(out, header), static_cast<uint32_t>(code));
  End(out, header);
}

void WriteWindowUpdate(io::LinkBuffer& out, uint32_t stream, uint32_t increment) {
  HON_ASSERT(increment != 0 && increment <= kWindowMax);
  const FrameHeader header{4, FrameType::kWindowUpdate, 0, stream};
  PutUint32(Begin(out, header), increment);
  End(out, header);
}

}  // namespace hon::h2
