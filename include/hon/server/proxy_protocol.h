#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/base/time.h"

namespace hon::server {

/// The PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt), of a server's
/// listeners. With TLS the header stands before the ClientHello.
struct ProxyProtocol {
  /// Networks whose connections may begin with a header: "127.0.0.0/8", "::1", "10.1.2.3"; "unix"
  /// for those of unix sockets. A header of anybody else is a bad request.
  std::vector<std::string> trusted{};
  /// A connection of a trusted proxy without a header is cut. Turn it off only where no client can
  /// reach the proxy's side of the connection with bytes of its own in front, as health checks do
  /// not.
  bool required = true;
  Duration header_timeout = std::chrono::seconds(5);  // then the connection is closed
};

/// Bytes of a header of version 1 (the specification's limit) and of version 2 (addresses and the
/// extensions behind them; the specification allows 65,551). A longer one is refused.
inline constexpr size_t kProxyTextBytesMax = 107;
inline constexpr size_t kProxyBinaryBytesMax = 4096;

struct ProxyHeader {
  enum class Status {
    kNone,     // the bytes are no beginning of a header
    kMore,     // the beginning of a header may go on
    kWhole,    // `bytes` of them are one
    kRefused,  // a wrong header
  };
  Status status = Status::kNone;
  size_t bytes = 0;
  /// "192.0.2.1:1234", "[2001:db8::1]:1234"; "" where the proxy speaks for itself (LOCAL, UNKNOWN)
  /// or of a family without ports: the connection's own peer is the client then.
  std::string client{};
};

/// Looks at what a connection has brought so far. Pure.
[[nodiscard]] ProxyHeader ParseProxyHeader(std::string_view bytes);

}  // namespace hon::server
