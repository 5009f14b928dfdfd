#pragma once

// The states of a WebSocket connection. No I/O, no clock: every pair is tested.
//   new → open → closing → ending → closed; any of them may go to a later one directly

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

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

struct PhaseMove {
  Phase from;
  PhaseEvent on;
  Phase to;
};

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

/// kPhaseMoves by phase and event: the next phase plus one, 0 for none.
inline constexpr auto kNextPhases = [] {
  std::array<std::array<uint8_t, kPhaseEvents>, kPhases> next{};
  for (const PhaseMove& move : kPhaseMoves) {
    next[static_cast<size_t>(move.from)][static_cast<size_t>(move.on)] =
        static_cast<uint8_t>(static_cast<uint8_t>(move.to) + 1);
  }
  return next;
}();

/// The phase after `on`, or nothing for a transition that our own code must not make: callers
/// assert.
constexpr std::optional<Phase> NextPhase(Phase from, PhaseEvent on) {
  const uint8_t next = kNextPhases[static_cast<size_t>(from)][static_cast<size_t>(on)];
  if (next == 0) return std::nullopt;
  return static_cast<Phase>(next - 1);
}

}  // namespace hon::websocket::internal
