#pragma once

// The terms of RFC 6455 that every part of the room uses.

#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/error.h"

namespace hon::websocket {

/// The type of a message (RFC 6455 §5.6). A text must be UTF-8, which is checked in both
/// directions.
enum class MessageType : uint8_t { kText = 1, kBinary = 2 };

/// The reason of a connection's end (RFC 6455 §7.4.1). Codes 4000 to 4999 are for applications.
using CloseCode = uint16_t;
inline constexpr CloseCode kCloseNormal = 1000;
inline constexpr CloseCode kCloseGoingAway = 1001;
inline constexpr CloseCode kCloseProtocolError = 1002;
inline constexpr CloseCode kCloseUnsupportedData = 1003;
inline constexpr CloseCode kCloseNoStatus = 1005;  // never sent: the peer's close frame had no code
inline constexpr CloseCode kCloseAbnormal = 1006;  // never sent: no closing handshake
inline constexpr CloseCode kCloseInvalidPayload = 1007;
inline constexpr CloseCode kClosePolicyViolation = 1008;
inline constexpr CloseCode kCloseTooBig = 1009;
inline constexpr CloseCode kCloseMandatoryExtension = 1010;
inline constexpr CloseCode kCloseInternalError = 1011;
inline constexpr CloseCode kCloseServiceRestart = 1012;  // IANA: connect again after a random delay

/// Whether a close frame may carry `code`.
[[nodiscard]] constexpr bool IsSendableCloseCode(unsigned code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != kCloseNoStatus &&
          code != kCloseAbnormal) ||
         (code >= 3000 && code <= 4999);
}

/// Payload of a control frame, and with it of a ping (RFC 6455 §5.5).
inline constexpr size_t kControlBytesMax = 125;
/// Text of a close frame, after its code.
inline constexpr size_t kCloseReasonBytesMax = kControlBytesMax - 2;

struct Message {
  MessageType type = MessageType::kText;
  std::string data;
};

/// The end of a connection: the peer's code and reason, or our own.
struct CloseStatus {
  CloseCode code = kCloseAbnormal;
  std::string reason;
};

/// The connection has ended, or is ending, with or without a close frame: see Conn::Status. More
/// specific errors are ErrClosed too.
inline constexpr Sentinel ErrClosed{"websocket: connection closed"};
/// More is unsent to this peer than ConnOptions::unsent_bytes_max allows, and the caller cannot
/// wait or ConnOptions::slow forbids it: nothing was sent.
inline constexpr Sentinel ErrBackpressure{"websocket: peer does not keep up"};
/// A text that is not UTF-8, a close code that may not be sent, or a control payload that is too
/// long.
inline constexpr Sentinel ErrBadMessage{"websocket: message may not be sent"};

}  // namespace hon::websocket
