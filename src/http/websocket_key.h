#pragma once

// The keys of the opening handshake of a WebSocket over HTTP/1.1 (RFC 6455 §4).

#include <string>
#include <string_view>

namespace hon::http::internal {

/// The value of Sec-WebSocket-Accept for a Sec-WebSocket-Key: base64 of the SHA-1 of the key and
/// the RFC's constant.
[[nodiscard]] std::string WebSocketAccept(std::string_view key);
/// A Sec-WebSocket-Key: 16 random bytes in base64.
[[nodiscard]] std::string NewWebSocketKey();
/// Whether `key` is 16 bytes in base64.
[[nodiscard]] bool IsWebSocketKey(std::string_view key);

}  // namespace hon::http::internal
