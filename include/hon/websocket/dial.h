#pragma once

// The client role, for tests, tools and programs that talk to each other.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/websocket/conn.h"
#include "hon/websocket/options.h"

namespace hon::client {
class Transport;
}  // namespace hon::client

namespace hon::tls {
class ClientContext;
}  // namespace hon::tls

namespace hon::websocket {

/// The server did not answer with a handshake that is valid by RFC 6455 §4.1.
inline constexpr Sentinel ErrBadHandshake{"websocket: bad handshake"};

/// Bytes of a server's answer to the handshake.
inline constexpr size_t kAnswerBytesMax = 16 * 1024;

struct DialOptions {
  ConnOptions conn{};
  std::vector<std::string> subprotocols{};
  /// Further fields of the request: Origin, Cookie, Authorization, ...
  std::vector<std::pair<std::string, std::string>> header{};
  /// Time limit for the connection and the handshake together.
  Duration timeout = std::chrono::seconds(10);
  /// For "wss": trusted roots, client certificates (hon/tls/context.h). Null: the system's roots
  /// are trusted. ALPN should offer "http/1.1" or nothing.
  std::shared_ptr<tls::ClientContext> tls{};
  /// Makes the connection, with its proxies, addresses, TLS context and traces; `tls` is not used.
  /// A proxy is asked for a tunnel. A connection of the Transport in HTTP/2 whose server allows it
  /// is shared (RFC 8441), and is made where the Transport's Protocols exclude HTTP/1. Null: the
  /// server is dialed directly.
  std::shared_ptr<client::Transport> transport{};
};

/// Connects to "ws://host[:port]/path?query", or over TLS to "wss://...", and does the opening
/// handshake, from a fiber. The server's certificate must be valid, lead to a trusted root and be
/// for the host of the URL, a DNS name or an IP address. The Conn is read in a loop, as with
/// Upgrader::Upgrade without a handler. Errors: those of fiber::Dial and of the TLS handshake,
/// ErrBadHandshake, ErrNotSupported for another scheme, and for wss where the library was built
/// without TLS. A URL with a name and password is refused: put Authorization into
/// DialOptions::header.
Result<Conn> Dial(std::string_view url, const DialOptions& options = {});

}  // namespace hon::websocket
