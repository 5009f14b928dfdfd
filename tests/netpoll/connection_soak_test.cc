// Many connections at once over real sockets, whose ends do what comes to mind: whatever the
// kernel reports in whatever order, every connection ends once and nothing is left behind.

#include <algorithm>
#include <random>
#include <string>

#include "netpoll/fixture.h"

namespace hon::netpoll {
namespace {

using std::chrono::milliseconds;

constexpr size_t kPeersMax = 40;
constexpr int kSteps = 4000;

class SoakTest : public BackendTest {
 protected:
  uint32_t Roll(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  void ActOn(Connection& c);
  void ActOn(Peer& peer);

  std::mt19937 random_;
  std::string junk_ = std::string(64 * 1024, 'j');
};
HON_BACKEND_TEST(SoakTest);

void SoakTest::ActOn(Connection& c) {
  switch (Roll(14)) {
    case 0:
      return c.Close(static_cast<CloseHow>(Roll(3)));
    case 1:
      return c.PauseRead();
    case 2:
      return c.ResumeRead();
    case 3:
      return c.WantWritable();
    case 4:
      return c.CloseWrite();
    case 5:
      return c.SetDeadline(static_cast<DeadlineKind>(Roll(3)),
                           loop_->Now() + milliseconds(Roll(30)));
    case 6:
      c.PauseRead();
      return c.ResumeRead();
    case 7:
      if (c.IsActive()) c.Writer().Write(std::string_view(junk_).substr(Roll(65536)));
      static_cast<void>(c.Flush());
      return;
    default:
      c.Writer().Append(std::move(c.Reader()));
      c.ConsumedInput();
      return c.FlushLater();
  }
}

void SoakTest::ActOn(Peer& peer) {
  switch (Roll(10)) {
    case 0:
      return peer.Close();
    case 1:
      return peer.Reset();
    case 2:
      return peer.Finish();
    case 3:
    case 4:
      static_cast<void>(peer.ReceiveSome());
      return;
    default:
      static_cast<void>(peer.SendSome(std::string_view(junk_).substr(Roll(65536))));
      return;
  }
}

TEST_P(SoakTest, EveryConnectionEndsOnceAndLeavesNothing) {
  random_.seed(7);
  Recorder& handler = NewRecorder();
  handler.request = handler.writable = [this](Connection& c) { ActOn(c); };
  handler.timeout = [this](Connection& c, DeadlineKind) { ActOn(c); };
  StartListener(handler);
  std::vector<Peer> peers;
  size_t made = 0;
  for (int step = 0; step < kSteps; ++step) {
    if (peers.size() < kPeersMax && Roll(4) == 0) {
      ++made;
      if (Roll(2) == 0) {
        peers.push_back(Peer::ConnectTo(listener_->Address()));
      } else {
        Connect(handler, &peers.emplace_back());
      }
    }
    if (!peers.empty()) ActOn(peers[Roll(static_cast<uint32_t>(peers.size()))]);
    std::erase_if(peers, [](const Peer& peer) { return peer.Fd() < 0; });
    if (Roll(60) == 0) loop_->ForEachConnection([this](Connection& c) { ActOn(c); });
    loop_->Turn(Roll(4) == 0 ? milliseconds(1) : milliseconds(0));
  }
  peers.clear();
  ASSERT_TRUE(TurnUntil([&] { return handler.Count("prepare") == made; }));
  handler.ForgetHooks();
  loop_->ForEachConnection([](Connection& c) { c.Close(CloseHow::kAbort); });
  ASSERT_TRUE(TurnUntil([&] { return loop_->Connections() == 0; }));
  EXPECT_GT(made, 500U);
  EXPECT_EQ(handler.Count("prepare"), made);
  EXPECT_EQ(handler.Count("connect"), made);
  EXPECT_EQ(handler.Count("disconnect"), made);
  EXPECT_EQ(loop_->Timers().Armed(), 0U);
}

}  // namespace
}  // namespace hon::netpoll
