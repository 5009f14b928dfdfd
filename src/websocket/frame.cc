#include "websocket/frame.h"

#include <cstring>

namespace hon::websocket::internal {
namespace {

constexpr unsigned kFinal = 0x80;
constexpr unsigned kRsv1 = 0x40;
constexpr unsigned kRsv23 = 0x30;
constexpr unsigned kMasked = 0x80;
constexpr unsigned kLength16 = 126;
constexpr unsigned kLength64 = 127;

unsigned ByteAt(std::string_view bytes, size_t at) { return static_cast<unsigned char>(bytes[at]); }

bool IsOpcode(unsigned opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

size_t LengthBytes(unsigned short_length) {
  if (short_length == kLength16) return 2;
  return short_length == kLength64 ? 8 : 0;
}

}  // namespace

size_t FrameHeaderBytes(unsigned char second) {
  return 2 + LengthBytes(second & 0x7FU) + ((second & kMasked) != 0 ? 4 : 0);
}

Complaint ParseFrameHeader(std::string_view bytes, bool rsv1_allowed, FrameHeader& header) {
  const unsigned first = ByteAt(bytes, 0);
  const unsigned second = ByteAt(bytes, 1);
  const unsigned opcode = first & 0x0F;
  if ((first & kRsv23) != 0) return "reserved bits";
  if (!IsOpcode(opcode)) return "unknown opcode";
  header.final = (first & kFinal) != 0;
  header.compressed = (first & kRsv1) != 0;
  header.opcode = static_cast<Opcode>(opcode);
  header.masked = (second & kMasked) != 0;
  if (header.compressed && (!rsv1_allowed || IsControl(header.opcode) || opcode == 0)) {
    return "reserved bits";
  }
  header.length = second & 0x7F;
  if (IsControl(header.opcode)) {
    if (!header.final) return "fragmented control frame";
    if (header.length > kControlBytesMax) return "control frame too long";
  }
  const size_t extra = LengthBytes(second & 0x7F);
  if (extra != 0) {
    header.length = 0;
    for (size_t i = 0; i < extra; ++i) header.length = header.length << 8 | ByteAt(bytes, 2 + i);
    if (header.length >> 63 != 0) return "length with its highest bit set";
    if (header.length < (extra == 2 ? 126U : 65536U)) return "length not minimal";
  }
  header.key = 0;
  if (header.masked) std::memcpy(&header.key, bytes.data() + 2 + extra, 4);
  return "";
}

size_t WriteFrameHeader(const FrameHeader& header, char* into) {
  const unsigned first = static_cast<unsigned>(header.opcode) | (header.final ? kFinal : 0) |
                         (header.compressed ? kRsv1 : 0);
  const unsigned masked = header.masked ? kMasked : 0;
  into[0] = static_cast<char>(first);
  size_t at = 2;
  const auto length = [&](unsigned mark, size_t bytes) {
    into[1] = static_cast<char>(mark | masked);
    for (size_t i = bytes; i-- > 0;) into[at++] = static_cast<char>(header.length >> (8 * i));
  };
  if (header.length <= kControlBytesMax) {
    length(static_cast<unsigned>(header.length), 0);
  } else if (header.length <= 0xFFFF) {
    length(kLength16, 2);
  } else {
    length(kLength64, 8);
  }
  if (header.masked) {
    std::memcpy(into + at, &header.key, 4);
    at += 4;
  }
  return at;
}

std::string ClosePayload(CloseCode code, std::string_view reason) {
  std::string payload;
  payload.reserve(2 + reason.size());
  payload += static_cast<char>(code >> 8);
  payload += static_cast<char>(code & 0xFF);
  payload += reason;
  return payload;
}

}  // namespace hon::websocket::internal
