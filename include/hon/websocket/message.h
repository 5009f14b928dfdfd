#pragma once

// The words of RFC 6455 that every part of the room uses.

#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/error.h"

namespace hon::websocket {

/// What kind of message it is (RFC 6455 §5.6). A text is UTF-8, which is checked both ways.
enum class MessageType : uint8_t { kText = 1, kBinary = 2 };

/// Why a connection ends (RFC 6455 §7.4.1). Applications have 4000 to 4999 for themselves.
using CloseCode = uint16_t;
inline constexpr CloseCode kCloseNormal = 1000;
inline constexpr CloseCode kCloseGoingAway = 1001;
inline constexpr CloseCode kCloseProtocolError = 1002;
inline constexpr CloseCode kCloseUnsupportedData = 1003;
inline constexpr CloseCode kCloseNoStatus = 1005;  // never sent: the peer gave no code
inline constexpr CloseCode kCloseAbnormal = 1006;  // never sent: no closing handshake
inline constexpr CloseCode kCloseInvalidPayload = 1007;
inline constexpr CloseCode kClosePolicyViolation = 1008;
inline constexpr CloseCode kCloseTooBig = 1009;
inline constexpr CloseCode kCloseMandatoryExtension = 1010;
inline constexpr CloseCode kCloseInternalError = 1011;

/// Whether a close frame may carry `code`.
[[nodiscard]] constexpr bool IsSendableCloseCode(unsigned code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != kCloseNoStatus &&
          code != kCloseAbnormal) ||
         (code >= 3000 && code <= 4999);
}

/// Payload of a control frame, and with it of a ping (RFC 6455 §5.5).
inline constexpr size_t kControlBytesMax = 125;
/// Text of a close frame, behind its code.
inline constexpr size_t kCloseReasonBytesMax = kControlBytesMax - 2;

struct Message {
  MessageType type = MessageType::kText;
  std::string data;
};

/// How a connection ended: what the peer said, or why we ended it.
struct CloseStatus {
  CloseCode code = kCloseAbnormal;
  std::string reason;
};

/// The connection has ended, or is ending, by a close frame of either side or without one: see
/// Conn::Status. Errors that say more are this one too.
inline constexpr Sentinel ErrClosed{"websocket: connection closed"};
/// More is unsent to this peer than Options::unsent_bytes_max allows, and the caller cannot or
/// shall not wait: nothing was sent.
inline constexpr Sentinel ErrBackpressure{"websocket: peer does not keep up"};
/// A text that is no UTF-8, a close code that may not be sent, a control payload that is too long.
inline constexpr Sentinel ErrBadMessage{"websocket: message may not be sent"};

}  // namespace hon::websocket
