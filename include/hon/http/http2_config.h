#pragma once

#include <functional>
#include <string_view>

#include "hon/base/time.h"

namespace hon::http {

/// Go's http.HTTP2Config: settings of HTTP/2 on the connections of a server, and of a
/// client::Transport. Zero stands for the default, and so does a value outside of the field's
/// range.
struct HTTP2Config {
  /// Streams of one connection at once (100), 1 to 10,000. One more is refused (REFUSED_STREAM).
  /// For servers.
  int MaxConcurrentStreams = 0;
  /// A request past the server's limit of streams waits for a stream. Default: a further connection
  /// is made, where the limit of connections allows. For clients.
  bool StrictMaxConcurrentRequests = false;
  /// Bytes of the table for field blocks that are received (4,096), at most 65,536.
  int MaxDecoderHeaderTableSize = 0;
  /// Bytes of the table for field blocks that are sent (4,096), at most 4,096.
  int MaxEncoderHeaderTableSize = 0;
  /// Unread bytes of all bodies of one connection, past which no window grows (4 MiB; clients:
  /// 64 MiB).
  int MaxReceiveBufferPerConnection = 0;
  /// Unread bytes of one body (1 MiB; clients: 4 MiB), at least 16,384. A window begins with 64 KiB
  /// at most (clients: 1 MiB), and grows while the body is read as fast as it comes.
  int MaxReceiveBufferPerStream = 0;
  /// A PING is sent when nothing was received for so long; by a client only while a request is
  /// pending. Default: never; clients: 30 s. kUnlimited: never.
  Duration SendPingTimeout{};
  /// The connection is closed when the answer to that PING is not received within this time (15 s).
  Duration PingTimeout{};
  /// The connection is closed when it takes no byte of waiting output for so long. Default: for
  /// servers only WithWriteTimeout counts; for clients there is no limit.
  Duration WriteByteTimeout{};
  /// Called for each violation by a peer, with "conn_" or "stream_" and the name of the error code
  /// (RFC 9113 §7), as "conn_PROTOCOL_ERROR". On the connection's loop: must neither block nor wait
  /// nor throw.
  std::function<void(std::string_view token)> CountError = {};
};

}  // namespace hon::http
