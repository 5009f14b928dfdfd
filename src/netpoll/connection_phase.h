#pragma once

// The phases of one connection, as a table. No I/O, no clock: exhaustively tested.
//   connecting → handshaking → open → flushing → lingering → closed

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hon/base/transition_table.h"
#include "hon/netpoll/connection.h"

namespace hon::netpoll {

enum class ConnectionEvent : uint8_t {
  kEstablished,  // the socket is connected
  kReady,        // OnPrepare has returned, and the record layer's handshake, if any, is done
  kClose,        // a close that sends the unsent output
  kFlushed,      // everything is sent, and the peer's input is discarded for a while
  kEnd,          // the descriptor is closed
};

inline constexpr size_t kConnectionPhases = 6;
inline constexpr size_t kConnectionEvents = 5;
using ConnectionPhaseTable =
    TransitionTable<ConnectionPhase, kConnectionPhases, ConnectionEvent, kConnectionEvents>;
using ConnectionMove = ConnectionPhaseTable::Transition;

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

inline constexpr ConnectionPhaseTable kConnectionPhaseTable(kConnectionMoves);

/// The phase after `on`, or nothing where the event cannot happen: callers assert.
constexpr std::optional<ConnectionPhase> NextPhase(ConnectionPhase from, ConnectionEvent on) {
  return kConnectionPhaseTable.Next(from, on);
}

static_assert(!NextPhase(ConnectionPhase::kClosed, ConnectionEvent::kEnd));

}  // namespace hon::netpoll
