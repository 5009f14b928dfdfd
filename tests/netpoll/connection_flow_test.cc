// A peer that sends faster than the handler reads.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include "netpoll/fixture.h"

namespace hon::netpoll {
namespace {

// A backend receives no more than this past the high water mark, whatever the peer has sent.
constexpr size_t kOverrunMax = size_t{544} << 10;
constexpr size_t kFlowTotal = size_t{8} << 20;

class FlowTest : public BackendTest {
 protected:
  /// The byte at `at` of the stream.
  static char ByteAt(uint64_t at) { return static_cast<char>((at * 0x9E3779B97F4A7C15U) >> 56); }
  /// 0 to `max`, by a sequence that is the same in each run.
  size_t Random(size_t max) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<size_t>(state_ >> 33) % (max + 1);
  }
  /// Takes `size` bytes of the input, and tells whether they are the next ones.
  bool Take(Connection& c, size_t size) {
    bool right = true;
    while (size != 0) {
      const std::string_view front = c.Reader().Front().substr(0, size);
      for (const char byte : front) right = byte == ByteAt(taken_++) && right;
      size -= front.size();
      EXPECT_FALSE(c.Reader().Skip(front.size()));
    }
    c.ConsumedInput();
    return right;
  }

  uint64_t state_ = 1;
  uint64_t taken_ = 0;
};

HON_BACKEND_TEST(FlowTest);

TEST_P(FlowTest, ArrivesWholeAndInOrderWhateverIsRead) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  std::thread sender([&peer] {
    std::string all(kFlowTotal, '\0');
    for (size_t i = 0; i < all.size(); ++i) all[i] = ByteAt(i);
    for (std::string_view rest = all; !rest.empty();) {
      const size_t piece = std::min<size_t>(rest.size(), 1 + rest.size() % 200'000);
      peer.Send(rest.substr(0, piece));
      rest.remove_prefix(piece);
    }
  });
  bool right = true;
  size_t most = 0;
  while (right && taken_ < kFlowTotal && !handler.Disconnected()) {
    loop_->Turn(std::chrono::milliseconds(1));
    most = std::max(most, c.Reader().Len());
    const size_t size = c.Reader().Len();
    // All, some, or nothing.
    const size_t read = Random(2) == 0 ? Random(size) : Random(3) == 0 ? 0 : size;
    right = Take(c, read);
  }
  EXPECT_TRUE(right) << "at byte " << taken_;
  EXPECT_EQ(taken_, kFlowTotal);
  EXPECT_LE(most, kInputHighWaterBytes + kOverrunMax);
  sender.join();
  // What comes behind is received as before.
  for (const size_t size : {1U, 100U, 40'000U}) {
    std::string piece(size, '\0');
    for (size_t i = 0; i < size; ++i) piece[i] = ByteAt(taken_ + i);
    peer.Send(piece);
    EXPECT_TRUE(TurnUntil([&] { return c.Reader().Len() == size; }));
    EXPECT_TRUE(Take(c, size));
  }
  peer.Finish();
  EXPECT_TRUE(TurnUntil([&] { return c.InputEnded(); }));
}

TEST_P(FlowTest, AReaderThatStopsStopsTheSender) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  const std::string much(1 << 20, 'm');
  for (int i = 0; i < 40; ++i) {
    while (peer.SendSome(much) != 0) loop_->Turn(Duration());
    loop_->Turn(std::chrono::milliseconds(1));
    EXPECT_LE(c.Reader().Len(), kInputHighWaterBytes + kOverrunMax);
    // Down to half of the mark: receiving goes on, and stops again.
    if (c.Reader().Len() < kInputHighWaterBytes) continue;
    EXPECT_FALSE(c.Reader().Skip(c.Reader().Len() - kInputHighWaterBytes / 2));
    c.ConsumedInput();
  }
  peer.Reset();
  EXPECT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
}

}  // namespace
}  // namespace hon::netpoll
