#pragma once

#include <cstddef>
#include <cstdint>

#include "hon/base/time.h"

namespace hon::websocket {

/// Payload of one message from the peer, inflated; one more byte ends the connection with 1009.
inline constexpr size_t kMessageBytesMax = size_t{1} << 20;
/// Unsent bytes to one peer past which ConnOptions::slow applies.
inline constexpr size_t kUnsentBytesMax = size_t{1} << 20;

/// Frames, and parts of long frames, of one connection that are served before other connections get
/// a turn.
inline constexpr uint32_t kFramesPerTurnMax = 64;

/// permessage-deflate (RFC 7692). Off by default: it costs memory and time.
struct DeflateOptions {
  bool enabled = false;
  /// zlib's, 1 (fast) to 9.
  int level = 1;
  /// Shorter messages are sent uncompressed.
  size_t threshold_bytes = 512;
  /// The largest windows, of 2^bits bytes, 9 to 15: for sent and for received messages.
  int send_window_bits = 15;
  int receive_window_bits = 15;
  /// Whether a window may be kept from one message to the next (context takeover): smaller
  /// messages, for about 300 KiB (sending) and 50 KiB (receiving) of memory for each connection,
  /// idle ones too.
  bool send_takeover = false;
  bool receive_takeover = false;
};

/// The treatment of a message to a peer that already has unsent_bytes_max unsent.
enum class Slow : uint8_t {
  kWait,   // the writer waits; where waiting is impossible (an event, a broadcast), the message is
           // dropped
  kDrop,   // the message is not sent, its writer gets ErrBackpressure
  kClose,  // the connection is cut
};

/// Limits and behaviour of a connection, either role. kUnlimited lifts a time.
struct ConnOptions {
  size_t message_bytes_max = kMessageBytesMax;
  size_t unsent_bytes_max = kUnsentBytesMax;
  Slow slow = Slow::kWait;
  DeflateOptions deflate{};
  /// A peer that has sent nothing for this long is pinged.
  Duration ping_interval = std::chrono::seconds(30);
  /// After a ping, the connection is cut when the peer sends nothing for this long.
  Duration pong_timeout = std::chrono::seconds(20);
  /// The connection is cut when the peer takes none of its output for this long.
  Duration write_timeout = std::chrono::seconds(30);
  /// Time limit of a closing handshake; then the connection is cut.
  Duration close_timeout = std::chrono::seconds(5);
};

}  // namespace hon::websocket
