#pragma once

// The states of one HTTP/1.1 connection. No I/O, no clock: exhaustively tested.
//   idle → head → handler → (drain →) idle;   handler → detached → idle;   handler → hijacked; any
//   open one → closed

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hon/base/transition_table.h"

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

inline constexpr size_t kPhases = 7;  // the number of events, too
using PhaseTable = TransitionTable<Phase, kPhases, PhaseEvent, kPhases>;
using PhaseMove = PhaseTable::Transition;

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

inline constexpr PhaseTable kPhaseTable(kPhaseMoves);

/// The phase after `on`, or nothing for a transition that our own code must not make: callers
/// assert. A fault of the peer is PhaseEvent::kFault.
constexpr std::optional<Phase> NextPhase(Phase from, PhaseEvent on) {
  return kPhaseTable.Next(from, on);
}

static_assert(!NextPhase(Phase::kClosed, PhaseEvent::kBytes));
static_assert(!NextPhase(Phase::kHijacked, PhaseEvent::kFault));

}  // namespace hon::engine
