#pragma once

// The phases of one connection, as a table. No I/O, no clock: exhaustively tested.
//   connecting → handshaking → open → flushing → lingering → closed

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "hon/netpoll/connection.h"

namespace hon::netpoll {

enum class ConnectionEvent : uint8_t {
  kEstablished,  // the socket is connected
  kReady,        // OnPrepare has returned, and the record layer's handshake, if any, is done
  kClose,        // a close that sends the unsent output
  kFlushed,      // everything is sent, and the peer's input is discarded for a while
  kEnd,          // the descriptor is closed
};

struct ConnectionMove {
  ConnectionPhase from;
  ConnectionEvent on;
  ConnectionPhase to;
};

inline constexpr ConnectionMove kConnectionMoves[] = {
    {ConnectionPhase::kConnecting, ConnectionEvent::kEstablished, ConnectionPhase::kHandshaking},
    {ConnectionPhase::kConnecting, ConnectionEvent::kEnd, ConnectionPhase::kClosed},
    {ConnectionPhase::kHandshaking, ConnectionEvent::kReady, ConnectionPhase::kOpen},
    {ConnectionPhase::kHandshaking, ConnectionEvent::kClose, ConnectionPhase::kFlushing},
    {ConnectionPhase::kHandshaking, ConnectionEvent::kEnd, ConnectionPhase::kClosed},
    {ConnectionPhase::kOpen, ConnectionEvent::kClose, ConnectionPhase::kFlushing},
    {ConnectionPhase::kOpen, ConnectionEvent::kEnd, ConnectionPhase::kClosed},
    {ConnectionPhase::kFlushing, ConnectionEvent::kFlushed, ConnectionPhase::kLingering},
    {ConnectionPhase::kFlushing, ConnectionEvent::kEnd, ConnectionPhase::kClosed},
    {ConnectionPhase::kLingering, ConnectionEvent::kEnd, ConnectionPhase::kClosed},
};

inline constexpr size_t kConnectionPhases = 6;
inline constexpr size_t kConnectionEvents = 5;

/// kConnectionMoves by event and phase: the next phase plus one, 0 for none.
inline constexpr auto kNextConnectionPhases = [] {
  std::array<std::array<uint8_t, kConnectionPhases>, kConnectionEvents> next{};
  for (const ConnectionMove& move : kConnectionMoves) {
    next[static_cast<size_t>(move.on)][static_cast<size_t>(move.from)] =
        static_cast<uint8_t>(static_cast<uint8_t>(move.to) + 1);
  }
  return next;
}();

/// The phase after `on`, or nothing where the event cannot happen: callers assert.
constexpr std::optional<ConnectionPhase> NextPhase(ConnectionPhase from, ConnectionEvent on) {
  const uint8_t next = kNextConnectionPhases[static_cast<size_t>(on)][static_cast<size_t>(from)];
  if (next == 0) return std::nullopt;
  return static_cast<ConnectionPhase>(next - 1);
}

static_assert(!NextPhase(ConnectionPhase::kClosed, ConnectionEvent::kEnd));

}  // namespace hon::netpoll
