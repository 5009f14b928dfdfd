#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "hon/base/time.h"

namespace hon::engine {

/// The limits and deadlines of one connection. Each is on by default; kUnlimited (or SIZE_MAX)
/// lifts it. The server fills this from its options.
struct ConnSettings {
  /// A started head must be complete within this time, or the answer is 408; so must the first
  /// head of a connection, counted from its accept (silently closed when no byte came).
  Duration read_header_timeout = std::chrono::seconds(10);
  /// Head and body must be read within this time, and one second more for every
  /// kBodyRateBytesMin bytes of the body that arrived: slow attackers end, large uploads do not.
  Duration read_timeout = std::chrono::seconds(30);
  /// Output that waits for the peer must leave within this time, and one second more for every
  /// kBodyRateBytesMin bytes that it took.
  Duration write_timeout = std::chrono::seconds(30);
  /// A kept-alive connection may be idle for this long between requests.
  Duration keep_alive_timeout = std::chrono::seconds(120);
  /// Request line and fields; 4,096 bytes of slack are added, as in Go.
  size_t header_bytes_max = size_t{1} << 20;
  /// Fields of one head.
  size_t header_fields_max = 500;
  /// Body of one request; more is answered 413.
  int64_t body_bytes_max = int64_t{4} << 30;
};

/// The least rate at which a peer must send a body, or take an answer, once its timeout is over.
inline constexpr int64_t kBodyRateBytesMin = 4096;

/// Requests of one connection that are served before others get their turn.
inline constexpr int kRequestsPerTurnMax = 16;

/// Unread body bytes that are read and dropped to keep a connection (contract W51).
inline constexpr int64_t kDrainBytesMax = 256 * 1024;

}  // namespace hon::engine
