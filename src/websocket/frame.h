#pragma once

// Reading and writing the header of a frame (RFC 6455 §5.2).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/websocket/message.h"

namespace hon::websocket::internal {

enum class Opcode : uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};
[[nodiscard]] constexpr bool IsControl(Opcode opcode) { return opcode >= Opcode::kClose; }

/// Two bytes, a length of up to eight, a key of four.
inline constexpr size_t kFrameHeaderBytesMax = 14;

struct FrameHeader {
  bool final = false;
  bool compressed = false;  // RSV1 of the first frame of a message (RFC 7692 §6)
  bool masked = false;
  Opcode opcode = Opcode::kContinuation;
  uint32_t key = 0;  // its bytes in memory are in wire order
  uint64_t length = 0;
};

/// The reason for refusing a frame with 1002; "" for a valid frame.
using Complaint = const char*;

/// Size of the header with this second byte.
[[nodiscard]] size_t FrameHeaderBytes(unsigned char second);
/// Reads a whole header from `bytes`. Judges the faults of a header alone: reserved bits (RSV1
/// unless `rsv1_allowed`) and opcodes, long or fragmented control frames, a length that is not
/// minimal or has the highest bit.
[[nodiscard]] Complaint ParseFrameHeader(std::string_view bytes, bool rsv1_allowed,
                                         FrameHeader& header);
/// Writes `header` to `into`, which has room for kFrameHeaderBytesMax, and returns its size.
size_t WriteFrameHeader(const FrameHeader& header, char* into);

/// A close frame's payload: the code in network order, then the reason.
[[nodiscard]] std::string ClosePayload(CloseCode code, std::string_view reason);

}  // namespace hon::websocket::internal
