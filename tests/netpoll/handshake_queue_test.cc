// The order of handshakes on a loop: after the events of established connections, some in each
// turn, long steps on a thread of their own.

#include "netpoll/handshake_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>

#include "hon/io/io.h"
#include "netpoll/records_fixture.h"

namespace hon::netpoll {
namespace {

using test::RecordPeer;
using test::XorRecordLayer;

class HandshakeQueueTest : public RecordsTest {
 protected:
  /// A connection whose client has sent its whole part of the handshake.
  int AdoptReady() {
    const int fd = kernel_->Open();
    static_cast<void>(**loop_->Adopt(fd, handler_));
    RecordPeer client(NewLayer(Role::kClient));
    RecordPeer server(NewLayer(Role::kServer));
    const std::string hello = client.TakeSealed();
    EXPECT_FALSE(server.Receive(hello));
    EXPECT_FALSE(client.Receive(server.TakeSealed()));
    kernel_->At(fd).Sends(hello + client.TakeSealed());
    return fd;
  }
  void MakeSlow(std::function<void()> step) {
    handler_.prepare = [step = std::move(step)](Connection& c) {
      auto layer = NewLayer(Role::kServer);
      layer->AnswerSlowly(step);
      c.SetRecordLayer(std::move(layer));
    };
  }
  /// Turns until `done` holds; a long step takes as long as its thread does.
  void TurnUntil(const std::function<bool()>& done) {
    for (int i = 0; i < 10'000 && !done(); ++i) {
      Turn();
      std::this_thread::yield();
      if (i > 100) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(done());
  }
};

TEST_F(HandshakeQueueTest, ATurnMakesSomeStepsAndServesEstablishedConnectionsFirst) {
  Connection& c = AdoptOpen();
  handler_.request = Echo;
  for (unsigned i = 0; i < 2 * kHandshakeStepsPerTurn + 1; ++i) AdoptReady();
  for (size_t turn = 1; turn <= 4; ++turn) {
    peer_->Seal("x");
    kernel_->At(c.Fd()).Sends(peer_->TakeSealed());
    const size_t before = handler_.Count("connect");
    Turn();
    EXPECT_LE(handler_.Count("connect") - before, kHandshakeStepsPerTurn);
    EXPECT_GE(handler_.Count("request"), turn);
  }
  Turn(2);
  EXPECT_EQ(handler_.Count("connect"), 1 + 2 * kHandshakeStepsPerTurn + 1);
}

// While one wait does not bring all events, they come first, for a time.
TEST_F(HandshakeQueueTest, HandshakesPauseWhileTheKernelHasMoreEvents) {
  Connection& c = AdoptOpen();
  handler_.request = Echo;
  AdoptReady();
  kernel_->SetMoreEvents(true);
  for (size_t turn = 1; turn <= 4; ++turn) {
    peer_->Seal("x");
    kernel_->At(c.Fd()).Sends(peer_->TakeSealed());
    Turn(2);
    EXPECT_EQ(handler_.Count("request"), turn);
  }
  kernel_->Advance(kHandshakePauseMax - std::chrono::nanoseconds(1));
  Turn();
  EXPECT_EQ(handler_.Count("connect"), 1U);
  kernel_->Advance(std::chrono::nanoseconds(1));
  Turn();
  EXPECT_EQ(handler_.Count("connect"), 2U);
  AdoptReady();  // the next pause
  Turn(2);
  EXPECT_EQ(handler_.Count("connect"), 2U);
  kernel_->SetMoreEvents(false);
  Turn();
  EXPECT_EQ(handler_.Count("connect"), 3U);
}

TEST_F(HandshakeQueueTest, ALongStepRunsElsewhereAndTheLoopGoesOn) {
  const auto go = std::make_shared<std::binary_semaphore>(0);  // the step's thread may be last
  const auto begun = std::make_shared<std::atomic<bool>>(false);
  std::thread::id where;
  MakeSlow([&where, go, begun] {
    where = std::this_thread::get_id();
    *begun = true;
    const auto mine = go;
    mine->acquire();
  });
  Adopt();
  Socket().Sends(peer_->TakeSealed());
  TurnUntil([&] { return begun->load(); });
  // Meanwhile another connection is accepted, shakes hands and is served.
  const int slow_fd = fd_;
  auto slow_peer = std::exchange(peer_, std::make_unique<RecordPeer>(NewLayer(Role::kClient)));
  handler_.prepare = [](Connection& c) { c.SetRecordLayer(NewLayer(Role::kServer)); };
  handler_.request = Echo;
  AdoptOpen();
  peer_->Seal("hello");
  Exchange();
  EXPECT_EQ(peer_->TakePlain(), "hello");
  go->release();
  fd_ = slow_fd;
  peer_ = std::move(slow_peer);
  TurnUntil([&] { return !peer_->Receive(Socket().Take()) && peer_->Layer().HandshakeDone(); });
  Exchange();
  EXPECT_EQ(handler_.Count("connect"), 2U);
  EXPECT_NE(where, std::this_thread::get_id());
  peer_->Seal("slow");
  Exchange();
  EXPECT_EQ(peer_->TakePlain(), "slow");
}

// The connection is closed, cut by its deadline, or ended by its loop, while the step runs.
TEST_F(HandshakeQueueTest, AConnectionMayEndDuringALongStep) {
  enum class End { kClose, kAbort, kPeerResets, kLoopEnds };
  for (const End end : {End::kClose, End::kAbort, End::kPeerResets, End::kLoopEnds}) {
    Restart();
    const auto go = std::make_shared<std::binary_semaphore>(0);  // the step's thread may be last
    const auto begun = std::make_shared<std::atomic<int>>(0);
    MakeSlow([go, begun] {
      ++*begun;
      const auto mine = go;
      mine->acquire();
    });
    Connection& c = Adopt();
    Socket().Sends(peer_->TakeSealed());
    TurnUntil([&] { return begun->load() == 1; });
    switch (end) {
      case End::kClose:
        c.Close();
        break;
      case End::kAbort:
        c.Close(CloseHow::kAbort);
        break;
      case End::kPeerResets:
        Socket().Resets();
        break;
      case End::kLoopEnds:
        break;
    }
    if (end == End::kLoopEnds) {
      go->release();
      Restart();
      continue;
    }
    TurnUntil([&] { return handler_.Disconnected(); });
    EXPECT_EQ(handler_.Count("connect"), 0U);
    go->release();
    Turn(3);
  }
}

// The loop stops receiving from a peer that sends on while its handshake waits.
TEST_F(HandshakeQueueTest, WhatAWaitingHandshakeHoldsIsBounded) {
  const auto go = std::make_shared<std::binary_semaphore>(0);  // the step's thread may be last
  const auto begun = std::make_shared<std::atomic<bool>>(false);
  MakeSlow([go, begun] {
    *begun = true;
    const auto mine = go;
    mine->acquire();
  });
  Connection& c = Adopt();
  Socket().Sends(peer_->TakeSealed());
  TurnUntil([&] { return begun->load(); });
  for (int i = 0; i < 64; ++i) Socket().Sends(std::string(16 * 1024, 'x'));
  Turn(200);
  EXPECT_GE(Socket().Unreceived(), 64 - kInputHighWaterBytes / (16 * 1024) - 1);
  go->release();
  TurnUntil([&] { return !c.IsActive(); });  // the bytes are no record
}

}  // namespace
}  // namespace hon::netpoll
