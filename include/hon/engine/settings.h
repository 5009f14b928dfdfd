#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "hon/base/time.h"
#include "hon/http/http2_config.h"
#include "hon/http/protocols.h"

namespace hon::engine {

/// Limits of a connection of HTTP/2 that Go's HTTP2Config has no fields for. Past a limit of the
/// connection the peer gets GOAWAY with ENHANCE_YOUR_CALM.
struct Http2Limits {
  /// Decoded bytes of the field sections of all open streams together, and their fields: a small
  /// entry of the HPACK table can stand for a long field in each stream. Past them a further stream
  /// is reset with ENHANCE_YOUR_CALM.
  size_t sections_bytes_max = size_t{4} << 20;
  size_t sections_fields_max = 20'000;
  /// Encoded bytes of one field block, and its CONTINUATION frames.
  size_t block_bytes_max = size_t{256} << 10;
  uint32_t continuations_max = 32;
  /// Frames that cost work and carry nothing (PING, SETTINGS, PRIORITY, empty DATA, WINDOW_UPDATE,
  /// unknown types) ahead of frames that carry something; of the count, so many are forgiven each
  /// second.
  uint32_t idle_frames_max = 1000;
  uint32_t idle_frames_per_second = 50;
  /// Streams that end early, by the peer's RST_STREAM or by the peer's fault, ahead of answered
  /// streams.
  uint32_t resets_max = 200;
  /// Streams of one connection, after which its end is announced (GOAWAY), for balancers. Streams
  /// on their way are served.
  uint64_t connection_streams_max = UINT64_MAX;
  /// The age of a connection at which its end is announced.
  Duration connection_age_max = kUnlimited;
};

/// The limits and deadlines of one connection. Each is on by default; kUnlimited (or SIZE_MAX)
/// lifts it. The server fills this from its options.
struct ConnSettings {
  /// A started head must be complete within this time, or the answer is 408. The first head of a
  /// connection has this time from the accept (silently closed when no byte came).
  Duration read_header_timeout = std::chrono::seconds(10);
  /// Reading a body may wait this long for the peer, added up over the body; then its reader gets
  /// io::ErrDeadlineExceeded. A peer that sent kPeerRateBytesMin bytes for each second of this time
  /// gets the same time again, so that slow attackers end and large uploads do not.
  Duration read_timeout = std::chrono::seconds(30);
  /// As read_timeout, for an answer that waits for the peer to read; then the connection is cut.
  Duration write_timeout = std::chrono::seconds(30);
  /// A kept-alive connection may be idle for this long between requests.
  Duration keep_alive_timeout = std::chrono::seconds(120);
  /// Request line and fields; 4,096 bytes of slack are added, as in Go.
  size_t header_bytes_max = size_t{1} << 20;
  /// Fields of one head.
  size_t header_fields_max = 500;
  /// Body of one request; more is answered 413.
  int64_t body_bytes_max = int64_t{4} << 30;
  /// The protocols of connections without TLS. With TLS, ALPN decides.
  http::Protocols protocols = [] {
    http::Protocols http1;
    http1.SetHTTP1(true);
    return http1;
  }();
  http::HTTP2Config http2;
  Http2Limits http2_limits;
};

/// The least rate, in bytes a second, at which a peer must send a body or read an answer for a
/// renewal of its timeout.
inline constexpr int64_t kPeerRateBytesMin = 1024;

/// Time without new connections and requests after which a loop gives free memory back to the
/// system.
inline constexpr Duration kIdleTrimTime = std::chrono::seconds(20);

/// Requests of one connection that are served before other connections get a turn.
inline constexpr int kRequestsPerTurnMax = 16;

}  // namespace hon::engine
