#pragma once

// The states of one HTTP/1.1 connection. No I/O, no clock: exhaustively tested.
//   idle → head → handler → (drain →) idle;   handler → detached → idle;   handler → hijacked; any
//   open one → closed

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace hon::engine {

enum class Phase : uint8_t { kIdle, kHead, kHandler, kDrain, kDetached, kHijacked, kClosed };
enum class PhaseEvent : uint8_t {
  kBytes,
  kHeadDone,
  kReplyDone,
  kBodyDone,
  kDetach,
  kHijack,
  kFault
};

struct PhaseMove {
  Phase from;
  PhaseEvent on;
  Phase to;
};

inline constexpr PhaseMove kPhaseMoves[] = {
    {Phase::kIdle, PhaseEvent::kBytes, Phase::kHead},
    {Phase::kHead, PhaseEvent::kHeadDone, Phase::kHandler},
    {Phase::kHandler, PhaseEvent::kReplyDone, Phase::kDrain},  // unread body: RFC 9112 §9.3
    {Phase::kHandler, PhaseEvent::kBodyDone, Phase::kIdle},    // replied, nothing left to read
    {Phase::kHandler, PhaseEvent::kHijack, Phase::kHijacked},  // terminal: not ours any more
    {Phase::kHandler, PhaseEvent::kDetach, Phase::kDetached},  // the answer goes on without its
                                                               // handler
    {Phase::kDetached, PhaseEvent::kBodyDone, Phase::kIdle},
    {Phase::kDrain, PhaseEvent::kBodyDone, Phase::kIdle},
    {Phase::kIdle, PhaseEvent::kFault, Phase::kClosed},
    {Phase::kHead, PhaseEvent::kFault, Phase::kClosed},
    {Phase::kHandler, PhaseEvent::kFault, Phase::kClosed},
    {Phase::kDrain, PhaseEvent::kFault, Phase::kClosed},
    {Phase::kDetached, PhaseEvent::kFault, Phase::kClosed},
};

/// kPhaseMoves by phase and event, for a look-up without a search: the next phase plus one, 0 where
/// there is none.
inline constexpr size_t kPhases = 7;  // the number of events, too
inline constexpr auto kNextPhases = [] {
  std::array<std::array<uint8_t, kPhases>, kPhases> next{};
  for (const PhaseMove& move : kPhaseMoves) {
    next[static_cast<size_t>(move.from)][static_cast<size_t>(move.on)] =
        static_cast<uint8_t>(static_cast<uint8_t>(move.to) + 1);
  }
  return next;
}();

/// The phase after `on`, or nothing for a transition that our own code must not make: callers
/// assert. A fault of the peer is PhaseEvent::kFault.
constexpr std::optional<Phase> NextPhase(Phase from, PhaseEvent on) {
  const uint8_t next = kNextPhases[static_cast<size_t>(from)][static_cast<size_t>(on)];
  if (next == 0) return std::nullopt;
  return static_cast<Phase>(next - 1);
}

static_assert(!NextPhase(Phase::kClosed, PhaseEvent::kBytes));
static_assert(!NextPhase(Phase::kHijacked, PhaseEvent::kFault));

}  // namespace hon::engine
