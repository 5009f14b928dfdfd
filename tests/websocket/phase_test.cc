// The table of a connection's phases, walked.

#include "websocket/phase.h"

#include <gtest/gtest.h>

#include <set>

namespace hon::websocket::internal {
namespace {

constexpr Phase kAllPhases[] = {Phase::kNew, Phase::kOpen, Phase::kClosing, Phase::kEnding,
                                Phase::kClosed};
constexpr PhaseEvent kAllEvents[] = {PhaseEvent::kOpened, PhaseEvent::kCloseSent,
                                     PhaseEvent::kEnded, PhaseEvent::kGone};
static_assert(std::size(kAllPhases) == kPhases);
static_assert(std::size(kAllEvents) == kPhaseEvents);

TEST(WebSocketPhase, EachTransitionOfTheTableIsFoundAndNoOther) {
  size_t found = 0;
  for (const Phase from : kAllPhases) {
    for (const PhaseEvent on : kAllEvents) {
      const auto* const move =
          std::find_if(std::begin(kPhaseMoves), std::end(kPhaseMoves),
                       [&](const PhaseMove& one) { return one.from == from && one.on == on; });
      const std::optional<Phase> next = NextPhase(from, on);
      ASSERT_EQ(next.has_value(), move != std::end(kPhaseMoves));
      if (!next) continue;
      EXPECT_EQ(*next, move->to);
      ++found;
    }
  }
  EXPECT_EQ(found, std::size(kPhaseMoves)) << "two moves of one phase by one event";
}

TEST(WebSocketPhase, NothingGoesBack) {
  for (const PhaseMove& move : kPhaseMoves) {
    EXPECT_GE(move.to, move.from);
    if (move.to == move.from) {
      EXPECT_EQ(move.from, Phase::kEnding);
    }
  }
}

TEST(WebSocketPhase, EachPhaseIsReachedAndEachButTheLastIsLeft) {
  std::set<Phase> reached = {Phase::kNew};
  for (size_t round = 0; round < kPhases; ++round) {
    for (const PhaseMove& move : kPhaseMoves) {
      if (reached.count(move.from) != 0) reached.insert(move.to);
    }
  }
  EXPECT_EQ(reached.size(), kPhases);
  for (const Phase phase : kAllPhases) {
    const bool gone = NextPhase(phase, PhaseEvent::kGone) == Phase::kClosed;
    EXPECT_EQ(gone, phase != Phase::kNew && phase != Phase::kClosed);
  }
  for (const PhaseEvent on : kAllEvents) EXPECT_FALSE(NextPhase(Phase::kClosed, on));
}

// RFC 6455 §5.5.1: no data after a close frame; §7.1.2: one closing handshake.
TEST(WebSocketPhase, ACloseFrameIsSentOnce) {
  EXPECT_EQ(NextPhase(Phase::kOpen, PhaseEvent::kCloseSent), Phase::kClosing);
  for (const Phase phase : {Phase::kNew, Phase::kClosing, Phase::kEnding, Phase::kClosed}) {
    EXPECT_FALSE(NextPhase(phase, PhaseEvent::kCloseSent));
  }
}

}  // namespace
}  // namespace hon::websocket::internal
