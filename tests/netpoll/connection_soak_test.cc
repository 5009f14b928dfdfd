// Many connections at once over real sockets, with random actions at both ends: for any order of
// kernel reports, every connection ends once and no state is left.

#include <algorithm>
#include <random>
#include <string>

#include "netpoll/fixture.h"
#include "support/xor_record_layer.h"

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

// Both ends of each connection are on the loop, with a record layer between them.
TEST_P(SoakTest, EveryConnectionWithRecordsEndsOnceAndLeavesNothing) {
  using test::XorRecordLayer;
  random_.seed(11);
  Recorder& server = NewRecorder();
  Recorder& client = NewRecorder();
  server.prepare = [](Connection& c) {
    c.SetRecordLayer(std::make_unique<XorRecordLayer>(XorRecordLayer::Role::kServer));
  };
  for (Recorder* handler : {&server, &client}) {
    handler->request = handler->writable = [this](Connection& c) { ActOn(c); };
    handler->timeout = [this](Connection& c, DeadlineKind) { ActOn(c); };
  }
  StartListener(server);
  size_t dialed = 0;
  size_t told = 0;
  size_t opened = 0;
  for (int step = 0; step < kSteps; ++step) {
    if (dialed - told + loop_->Connections() < 2 * kPeersMax && Roll(4) == 0) {
      ++dialed;
      loop_->Dial(
          listener_->Address(), client, std::chrono::seconds(10),
          [&](Result<Connection*> c) {
            ++told;
            if (!c) return;
            ++opened;
            (*c)->Writer().Write(std::string_view(junk_).substr(Roll(65536)));
            (*c)->FlushLater();
          },
          std::make_unique<XorRecordLayer>(XorRecordLayer::Role::kClient));
    }
    if (Roll(60) == 0) loop_->ForEachConnection([this](Connection& c) { ActOn(c); });
    loop_->Turn(Roll(4) == 0 ? milliseconds(1) : milliseconds(0));
  }
  ASSERT_TRUE(TurnUntil([&] { return told == dialed; }));
  server.ForgetHooks();
  client.ForgetHooks();
  listener_.reset();
  loop_->ForEachConnection([](Connection& c) { c.Close(CloseHow::kAbort); });
  ASSERT_TRUE(TurnUntil([&] { return loop_->Connections() == 0; }));
  EXPECT_GT(opened, 100U);
  EXPECT_EQ(client.Count("connect"), opened);
  EXPECT_EQ(server.Count("prepare"), server.Count("disconnect"));
  EXPECT_EQ(client.Count("prepare"), client.Count("disconnect"));
  EXPECT_EQ(loop_->Timers().Armed(), 0U);
  // The blocks provided to io_uring are in use for as long as the loop exists.
  if (loop_->Kind() != BackendKind::kIoUring) {
    EXPECT_EQ(loop_->Blocks().InUse(), 0U);
  }
}

}  // namespace
}  // namespace hon::netpoll
