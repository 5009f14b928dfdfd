#include "hon/h2/stream_state.h"

#include <gtest/gtest.h>

#include <set>

namespace hon::h2 {
namespace {

// RFC 9113 §5.1, Figure 2, written out independently: by what each side may still send.
std::optional<StreamState> Want(StreamState from, StreamEvent on) {
  using S = StreamState;
  using E = StreamEvent;
  if (from == S::kIdle) {
    // Only a field section opens a stream.
    if (on == E::kRecvHeaders || on == E::kSendHeaders) return S::kOpen;
    return std::nullopt;
  }
  if (from == S::kClosed) return std::nullopt;
  const bool peer_sends = from != S::kHalfClosedRemote;
  const bool we_send = from != S::kHalfClosedLocal;
  switch (on) {
    case E::kRecvHeaders:
    case E::kRecvData:
      return peer_sends ? std::optional(from) : std::nullopt;
    case E::kSendHeaders:
    case E::kSendData:
      return we_send ? std::optional(from) : std::nullopt;
    case E::kRecvEndStream:
      if (!peer_sends) return std::nullopt;
      return we_send ? S::kHalfClosedRemote : S::kClosed;
    case E::kSendEndStream:
      if (!we_send) return std::nullopt;
      return peer_sends ? S::kHalfClosedLocal : S::kClosed;
    case E::kRecvReset:
    case E::kSendReset:
      return S::kClosed;
  }
  return std::nullopt;
}

TEST(StreamState, EveryPairIsThatOfTheRfc) {
  for (int from = 0; from < kStreamStates; ++from) {
    for (int on = 0; on < kStreamEvents; ++on) {
      const auto state = static_cast<StreamState>(from);
      const auto event = static_cast<StreamEvent>(on);
      EXPECT_EQ(NextStreamState(state, event), Want(state, event)) << from << " " << on;
    }
  }
}

TEST(StreamState, NoTransitionIsListedTwice) {
  std::set<std::pair<int, int>> seen;
  for (const StreamMove& move : kStreamMoves) {
    EXPECT_TRUE(seen.insert({static_cast<int>(move.from), static_cast<int>(move.on)}).second);
  }
}

}  // namespace
}  // namespace hon::h2
