#pragma once

// The states of a WebSocket connection. No I/O, no clock: every pair is tested.
//   new → open → closing → ending → closed; any of them may go to a later one directly

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hon/base/transition_table.h"

namespace hon::websocket::internal {

enum class Phase : uint8_t {
  kNew,      // before the end of the handshake
  kOpen,     // messages in both directions
  kClosing,  // our close frame is sent; messages are dropped until the peer's close frame
  kEnding,   // nothing more is read or written; the socket closes
  kClosed,   // the socket is closed
};
inline constexpr size_t kPhases = 5;

enum class PhaseEvent : uint8_t {
  kOpened,     // the handshake is done
  kCloseSent,  // we begin the closing handshake (RFC 6455 §7.1.2)
  kEnded,      // both close frames are sent, the peer has sent FIN, or the connection is cut
  kGone,       // the socket is closed
};
inline constexpr size_t kPhaseEvents = 4;

using PhaseTable = TransitionTable<Phase, kPhases, PhaseEvent, kPhaseEvents>;
using PhaseMove = PhaseTable::Transition;

inline constexpr PhaseMove kPhaseMoves[] = {
    {Phase::kNew, PhaseEvent::kOpened, Phase::kOpen},
    {Phase::kOpen, PhaseEvent::kCloseSent, Phase::kClosing},
    {Phase::kOpen, PhaseEvent::kEnded, Phase::kEnding},
    {Phase::kClosing, PhaseEvent::kEnded, Phase::kEnding},
    {Phase::kEnding, PhaseEvent::kEnded, Phase::kEnding},  // a graceful end becomes a cut
    {Phase::kOpen, PhaseEvent::kGone, Phase::kClosed},
    {Phase::kClosing, PhaseEvent::kGone, Phase::kClosed},
    {Phase::kEnding, PhaseEvent::kGone, Phase::kClosed},
};

inline constexpr PhaseTable kPhaseTable(kPhaseMoves);

/// The phase after `on`, or nothing for a transition that our own code must not make: callers
/// assert.
constexpr std::optional<Phase> NextPhase(Phase from, PhaseEvent on) {
  return kPhaseTable.Next(from, on);
}

}  // namespace hon::websocket::internal
