#include "netpoll/connection_phase.h"

#include <gtest/gtest.h>

namespace hon::netpoll {
namespace {

// Every pair, written out independently from the phases in docs/ARCHITECTURE.md.
TEST(ConnectionPhase, EveryPair) {
  using P = ConnectionPhase;
  constexpr auto kNone = std::optional<P>();
  struct Row {
    P from;
    std::optional<P> established, ready, close, flushed, end;
  };
  constexpr Row kRows[] = {
      {P::kConnecting, P::kHandshaking, kNone, kNone, kNone, P::kClosed},
      {P::kHandshaking, kNone, P::kOpen, P::kFlushing, kNone, P::kClosed},
      {P::kOpen, kNone, kNone, P::kFlushing, kNone, P::kClosed},
      {P::kFlushing, kNone, kNone, kNone, P::kLingering, P::kClosed},
      {P::kLingering, kNone, kNone, kNone, kNone, P::kClosed},
      {P::kClosed, kNone, kNone, kNone, kNone, kNone},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(NextPhase(row.from, ConnectionEvent::kEstablished), row.established);
    EXPECT_EQ(NextPhase(row.from, ConnectionEvent::kReady), row.ready);
    EXPECT_EQ(NextPhase(row.from, ConnectionEvent::kClose), row.close);
    EXPECT_EQ(NextPhase(row.from, ConnectionEvent::kFlushed), row.flushed);
    EXPECT_EQ(NextPhase(row.from, ConnectionEvent::kEnd), row.end);
  }
}

// A connection never goes back to a phase that it has left.
TEST(ConnectionPhase, EveryMoveGoesForward) {
  for (const ConnectionMove& move : kConnectionMoves) EXPECT_LT(move.from, move.to);
}

}  // namespace
}  // namespace hon::netpoll
