#include "engine/phase.h"

#include <gtest/gtest.h>

namespace hon::engine {
namespace {

// Every pair, written out independently from the life of an HTTP/1.1 connection (RFC 9112 §9.3,
// §9.8).
TEST(Phase, EveryPair) {
  using P = Phase;
  constexpr auto kNone = std::optional<P>();
  struct Row {
    P from;
    std::optional<P> bytes, head_done, reply_done, body_done, detach, hijack, fault;
  };
  constexpr Row kRows[] = {
      {P::kIdle, P::kHead, kNone, kNone, kNone, kNone, kNone, P::kClosed},
      {P::kHead, kNone, P::kHandler, kNone, kNone, kNone, kNone, P::kClosed},
      {P::kHandler, kNone, kNone, P::kDrain, P::kIdle, P::kDetached, P::kHijacked, P::kClosed},
      {P::kDrain, kNone, kNone, kNone, P::kIdle, kNone, kNone, P::kClosed},
      {P::kDetached, kNone, kNone, kNone, P::kIdle, kNone, kNone, P::kClosed},
      {P::kHijacked, kNone, kNone, kNone, kNone, kNone, kNone, kNone},
      {P::kClosed, kNone, kNone, kNone, kNone, kNone, kNone, kNone},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(NextPhase(row.from, PhaseEvent::kBytes), row.bytes);
    EXPECT_EQ(NextPhase(row.from, PhaseEvent::kHeadDone), row.head_done);
    EXPECT_EQ(NextPhase(row.from, PhaseEvent::kReplyDone), row.reply_done);
    EXPECT_EQ(NextPhase(row.from, PhaseEvent::kBodyDone), row.body_done);
    EXPECT_EQ(NextPhase(row.from, PhaseEvent::kDetach), row.detach);
    EXPECT_EQ(NextPhase(row.from, PhaseEvent::kHijack), row.hijack);
    EXPECT_EQ(NextPhase(row.from, PhaseEvent::kFault), row.fault);
  }
}

}  // namespace
}  // namespace hon::engine
