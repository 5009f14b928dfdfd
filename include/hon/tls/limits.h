#pragma once

// Limits on the records of a peer. A connection that passes one of the limits is cut
// (io::ErrRecordFlood); the cut is an event (kFlood) and is counted (ServerStats::floods).

#include <chrono>
#include <cstddef>

#include "hon/base/time.h"

namespace hon::tls {

/// The period of the limits below.
inline constexpr Duration kFloodWindow = std::chrono::seconds(10);
/// Records without data after the handshake: empty records, warnings, ChangeCipherSpec, handshake
/// messages.
inline constexpr size_t kUselessRecordsMax = 128;
/// KeyUpdate messages (RFC 8446 §4.6.3).
inline constexpr size_t kKeyUpdatesMax = 32;
/// Records with fewer bytes of data than kTinyRecordBytes. Each record that is sent to the peer
/// takes back one of them, and one more for each kTinyRecordPerBytesSent bytes in it.
inline constexpr size_t kTinyRecordsMax = 65'536;
inline constexpr size_t kTinyRecordBytes = 64;
inline constexpr size_t kTinyRecordPerBytesSent = 2'048;
/// Records of one handshake.
inline constexpr size_t kHandshakeRecordsMax = 256;

/// Hosts whose sessions a ClientContext keeps (the most recently used), and tickets of one host
/// (the newest).
inline constexpr size_t kClientSessionHostsMax = 64;
inline constexpr size_t kClientSessionsPerHostMax = 2;

}  // namespace hon::tls
