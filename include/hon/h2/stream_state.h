#pragma once

// The states of a stream (RFC 9113 §5.1), without those of server push, which neither role uses.

#include <array>
#include <cstdint>
#include <optional>

namespace hon::h2 {

enum class StreamState : uint8_t {
  kIdle,              // not opened
  kOpen,              // both sides may send
  kHalfClosedRemote,  // the peer has sent END_STREAM
  kHalfClosedLocal,   // this side has sent END_STREAM
  kClosed,            // both have sent END_STREAM, or either has sent RST_STREAM
};

enum class StreamEvent : uint8_t {
  kRecvHeaders,  // a field section that opens the stream, or an answer to it, or trailers
  kRecvData,
  kRecvEndStream,  // follows the frame that carried the flag
  kRecvReset,
  kSendHeaders,
  kSendData,
  kSendEndStream,
  kSendReset,
};

inline constexpr int kStreamStates = 5;
inline constexpr int kStreamEvents = 8;

struct StreamMove {
  StreamState from;
  StreamEvent on;
  StreamState to;
};

// clang-format off
inline constexpr std::array kStreamMoves = {
    StreamMove{StreamState::kIdle, StreamEvent::kRecvHeaders, StreamState::kOpen},
    StreamMove{StreamState::kIdle, StreamEvent::kSendHeaders, StreamState::kOpen},

    StreamMove{StreamState::kOpen, StreamEvent::kRecvHeaders, StreamState::kOpen},
    StreamMove{StreamState::kOpen, StreamEvent::kRecvData, StreamState::kOpen},
    StreamMove{StreamState::kOpen, StreamEvent::kRecvEndStream, StreamState::kHalfClosedRemote},
    StreamMove{StreamState::kOpen, StreamEvent::kRecvReset, StreamState::kClosed},
    StreamMove{StreamState::kOpen, StreamEvent::kSendHeaders, StreamState::kOpen},
    StreamMove{StreamState::kOpen, StreamEvent::kSendData, StreamState::kOpen},
    StreamMove{StreamState::kOpen, StreamEvent::kSendEndStream, StreamState::kHalfClosedLocal},
    StreamMove{StreamState::kOpen, StreamEvent::kSendReset, StreamState::kClosed},

    StreamMove{StreamState::kHalfClosedRemote, StreamEvent::kRecvReset, StreamState::kClosed},
    StreamMove{StreamState::kHalfClosedRemote, StreamEvent::kSendHeaders, StreamState::kHalfClosedRemote},
    StreamMove{StreamState::kHalfClosedRemote, StreamEvent::kSendData, StreamState::kHalfClosedRemote},
    StreamMove{StreamState::kHalfClosedRemote, StreamEvent::kSendEndStream, StreamState::kClosed},
    StreamMove{StreamState::kHalfClosedRemote, StreamEvent::kSendReset, StreamState::kClosed},

    StreamMove{StreamState::kHalfClosedLocal, StreamEvent::kRecvHeaders, StreamState::kHalfClosedLocal},
    StreamMove{StreamState::kHalfClosedLocal, StreamEvent::kRecvData, StreamState::kHalfClosedLocal},
    StreamMove{StreamState::kHalfClosedLocal, StreamEvent::kRecvEndStream, StreamState::kClosed},
    StreamMove{StreamState::kHalfClosedLocal, StreamEvent::kRecvReset, StreamState::kClosed},
    StreamMove{StreamState::kHalfClosedLocal, StreamEvent::kSendReset, StreamState::kClosed},
};
// clang-format on

namespace internal {
constexpr auto MakeStreamTable() {
  std::array<std::array<int8_t, kStreamEvents>, kStreamStates> table{};
  for (auto& row : table) row.fill(-1);
  for (const StreamMove& move : kStreamMoves) {
    table[static_cast<size_t>(move.from)][static_cast<size_t>(move.on)] =
        static_cast<int8_t>(move.to);
  }
  return table;
}
inline constexpr auto kStreamTable = MakeStreamTable();
}  // namespace internal

/// The state after `on`. Nothing where the RFC does not allow the event: on receipt that is the
/// peer's fault (STREAM_CLOSED or PROTOCOL_ERROR), on sending our own, which callers assert.
[[nodiscard]] constexpr std::optional<StreamState> NextStreamState(StreamState from,
                                                                   StreamEvent on) {
  const int8_t to = internal::kStreamTable[static_cast<size_t>(from)][static_cast<size_t>(on)];
  if (to < 0) return std::nullopt;
  return static_cast<StreamState>(to);
}
static_assert(!NextStreamState(StreamState::kClosed, StreamEvent::kSendData));

}  // namespace hon::h2
