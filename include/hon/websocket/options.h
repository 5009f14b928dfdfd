#pragma once

#include <cstddef>
#include <cstdint>

#include "hon/base/time.h"

namespace hon::websocket {

/// Payload of one message from the peer, inflated; one byte more ends the connection with 1009.
inline constexpr size_t kMessageBytesMax = size_t{1} << 20;
/// Bytes on their way to one peer, past which Slow says what becomes of the next message.
inline constexpr size_t kUnsentBytesMax = size_t{1} << 20;

/// permessage-deflate (RFC 7692). Off unless asked for: it costs memory and time.
struct DeflateOptions {
  bool enabled = false;
  /// zlib's, 1 (fast) to 9.
  int level = 1;
  /// Shorter messages are sent as they are.
  size_t threshold_bytes = 512;
  /// Windows of 2^bits bytes, 9 to 15, at most: for what we send and for what the peer sends.
  int send_window_bits = 15;
  int receive_window_bits = 15;
  /// Whether a window may go on from one message to the next: smaller messages, for about 300 KiB
  /// (sending) and 50 KiB (receiving) of memory for each connection, idle ones too.
  bool send_takeover = false;
  bool receive_takeover = false;
};

/// What becomes of a message to a peer that has unsent_bytes_max unsent already.
enum class Slow : uint8_t {
  kWait,   // the writer waits; one that cannot (an event, a broadcast) drops the message
  kDrop,   // the message is not sent, its writer gets ErrBackpressure
  kClose,  // the connection is cut
};

/// How a connection behaves, either side. kUnlimited lifts a time.
struct ConnOptions {
  size_t message_bytes_max = kMessageBytesMax;
  size_t unsent_bytes_max = kUnsentBytesMax;
  Slow slow = Slow::kWait;
  DeflateOptions deflate{};
  /// A peer that has sent nothing for this long is pinged,
  Duration ping_interval = std::chrono::seconds(30);
  /// and cut when it then sends nothing for this long.
  Duration pong_timeout = std::chrono::seconds(20);
  /// A peer that takes nothing for this long, of what is on its way to it, is cut.
  Duration write_timeout = std::chrono::seconds(30);
  /// A closing handshake may take this long; then the connection is cut.
  Duration close_timeout = std::chrono::seconds(5);
};

}  // namespace hon::websocket
