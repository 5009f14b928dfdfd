#pragma once

// The client's side, for tests, tools and programs that talk to each other.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/websocket/conn.h"
#include "hon/websocket/options.h"

namespace hon::websocket {

/// The server did not become a WebSocket, or not as RFC 6455 §4.1 asks.
inline constexpr Sentinel ErrBadHandshake{"websocket: bad handshake"};

/// Bytes of a server's answer to the handshake.
inline constexpr size_t kAnswerBytesMax = 16 * 1024;

struct DialOptions {
  ConnOptions conn{};
  std::vector<std::string> subprotocols{};
  /// Further fields of the request: Origin, Cookie, Authorization, ...
  std::vector<std::pair<std::string, std::string>> header{};
  /// For the connection and the handshake together.
  Duration timeout = std::chrono::seconds(10);
};

/// Connects to "ws://host[:port]/path?query" and shakes hands, from a fiber. Reads in a loop, as
/// Upgrader::Upgrade without a handler. Errors: those of fiber::Dial, ErrBadHandshake,
/// ErrNotSupported for a scheme other than ws: not even for wss is there TLS here. A peer behind
/// TLS is reached through a proxy on this machine that speaks it. A URL with a name and password is
/// refused: DialOptions::header has room for Authorization.
Result<Conn> Dial(std::string_view url, DialOptions options = {});

}  // namespace hon::websocket
