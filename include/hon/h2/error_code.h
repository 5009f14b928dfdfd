#pragma once

#include <cstdint>
#include <string_view>

namespace hon::h2 {

/// The reason of the end of a stream or a connection (RFC 9113 §7), as RST_STREAM and GOAWAY carry
/// it.
enum class ErrorCode : uint32_t {
  kNoError = 0x0,
  kProtocolError = 0x1,
  kInternalError = 0x2,
  kFlowControlError = 0x3,
  kSettingsTimeout = 0x4,
  kStreamClosed = 0x5,
  kFrameSizeError = 0x6,
  kRefusedStream = 0x7,
  kCancel = 0x8,
  kCompressionError = 0x9,
  kConnectError = 0xa,
  kEnhanceYourCalm = 0xb,
  kInadequateSecurity = 0xc,
  kHttp11Required = 0xd,
};

/// The name that RFC 9113 §7 gives `code`, such as "PROTOCOL_ERROR"; "unknown error code" for a
/// code that the RFC does not define.
[[nodiscard]] std::string_view ErrorCodeName(ErrorCode code);

}  // namespace hon::h2
