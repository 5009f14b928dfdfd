// Every system call of the backends, and every entry of the ring, fails in turn: each connection is
// served or ends, and afterwards the listener serves as before.

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "netpoll/fixture.h"
#include "support/call_faults.h"

namespace hon::netpoll {
namespace {

using std::chrono::milliseconds;
using test::Call;

constexpr int kPeers = 6;

class FaultsTest : public BackendTest {
 protected:
  // Answers what it reads with so much that one call rarely sends all of it.
  void Serve() {
    Recorder& handler = NewRecorder();
    handler.request = [](Connection& c) {
      const size_t n = c.Reader().Len();
      if (n != 0) {
        ASSERT_FALSE(c.Reader().Skip(n));
        c.ConsumedInput();
        for (size_t i = 0; i < n; ++i) c.Writer().Write(std::string(kAnswer, 'a'));
        c.FlushLater();
      }
      if (c.InputEnded()) c.Close(CloseHow::kGraceful);
    };
    StartListener(handler);
  }
  // Whether the peer of one connection is answered in full; it must at least see the end. False
  // where it is left without news.
  bool Ends(const Peer& peer, bool* answered) {
    size_t got = 0;
    *answered = false;
    return TurnUntil([&] {
      got += peer.ReceiveSome().size();
      *answered = got >= kAnswer;
      return *answered || peer.State() <= 0;
    });
  }
  void ExpectServed(const std::string& when) {
    const Peer peer = Peer::ConnectTo(listener_->Address());
    peer.Send("x");
    bool answered = false;
    EXPECT_TRUE(Ends(peer, &answered)) << when;
    EXPECT_TRUE(answered) << when;
  }
  void RunUnder(Call call, const std::vector<int>& errors) {
    for (const int error : errors) {
      for (const unsigned nth : {1U, 2U, 5U}) {
        if (error == EINTR && nth == 1) continue;  // calls are repeated, for ever then
        const std::string when = "call " + std::to_string(static_cast<int>(call)) + ", error " +
                                 std::to_string(error) + ", every " + std::to_string(nth);
        Serve();
        ExpectServed(when);
        test::FailEvery(call, nth, error);
        std::vector<Peer> peers;
        for (int i = 0; i < kPeers; ++i) {
          peers.push_back(Peer::ConnectTo(listener_->Address()));
          peers.back().Send("x");
        }
        TurnFor(milliseconds(15));
        failed_ += test::Heal();
        for (const Peer& peer : peers) {
          bool answered = false;
          EXPECT_TRUE(Ends(peer, &answered)) << when;
        }
        ExpectServed(when);
        peers.clear();
        EXPECT_TRUE(TurnUntil([&] { return loop_->Connections() == 0; })) << when;
      }
    }
  }
  void TearDown() override {
    test::Heal();
    BackendTest::TearDown();
  }

  static constexpr size_t kAnswer = 40'000;
  unsigned failed_ = 0;
};
HON_BACKEND_TEST(FaultsTest);

TEST_P(FaultsTest, Sending) {
  RunUnder(Call::kSend, {EINTR, EAGAIN, test::kShort, ECONNRESET, EPIPE, ENOMEM, ENOBUFS});
  EXPECT_GT(failed_, 0U);
}

TEST_P(FaultsTest, Accepting) {
  RunUnder(Call::kAccept,
           {EINTR, EAGAIN, ECONNABORTED, EPERM, EPROTO, EMFILE, ENFILE, ENOMEM, ENOBUFS, ENOSR});
  EXPECT_GT(failed_, 0U);
}

TEST_P(FaultsTest, Waiting) {
  std::vector<int> errors = {EINTR, ENOMEM};
  if (GetParam() == BackendKind::kIoUring) errors = {EINTR, EAGAIN, EBUSY, ENOMEM, EBADR};
  RunUnder(Call::kWait, errors);
  EXPECT_GT(failed_, 0U);
}

// Of epoll alone.
TEST_P(FaultsTest, ReceivingAndRegistering) {
  if (GetParam() != BackendKind::kEpoll) return;
  RunUnder(Call::kReceive, {EINTR, ECONNRESET, ENOMEM, ENOBUFS, ETIMEDOUT});
  EXPECT_GT(failed_, 0U);
  failed_ = 0;
  RunUnder(Call::kControl, {ENOMEM, ENOSPC, EPERM});
  EXPECT_GT(failed_, 0U);
}

// Of io_uring alone.
TEST_P(FaultsTest, Entries) {
  if (GetParam() != BackendKind::kIoUring) return;
  if (!test::EntriesCanFail()) GTEST_SKIP() << "HON_TEST_SKIPPED: needs Linux 6.12";
  for (const Call call : {Call::kReceiveEntry, Call::kPollEntry}) {
    failed_ = 0;
    RunUnder(call, {EINTR, EAGAIN, ECANCELED, ENOMEM, ENOBUFS, ECONNRESET});
    EXPECT_GT(failed_, 0U);
  }
  RunUnder(Call::kCancelEntry, {EALREADY, ENOENT, ENOMEM});
}

// The blocks that a crowd needed are freed when its loop is idle, and open connections receive into
// those that are left, also where the kernel refuses for a while to be told of them.
TEST_P(FaultsTest, BlocksOfAnIdleLoop) {
  size_t received = 0;
  Recorder& handler = NewRecorder();
  handler.request = [&received](Connection& c) {
    received += c.Reader().Len();
    ASSERT_FALSE(c.Reader().Skip(c.Reader().Len()));
    c.ConsumedInput();
    if (c.InputEnded()) c.Close(CloseHow::kGraceful);
  };
  StartListener(handler);
  const bool provides = GetParam() == BackendKind::kIoUring;
  const size_t least = loop_->Blocks().InUse();
  std::vector<Peer> peers;
  for (const bool refused : {false, false, true, true}) {
    // Their first receives are armed together, and complete at once.
    for (int i = 0; i < 150; ++i) {
      peers.push_back(Peer::ConnectTo(listener_->Address()));
      peers.back().Send("x");
    }
    EXPECT_TRUE(TurnUntil([&] { return received == 150; }));
    received = 0;
    EXPECT_EQ(loop_->Blocks().InUse() > least, provides);
    if (refused) test::FailEvery(Call::kShareBlocks, 1, ENOMEM);
    loop_->Post([this] { loop_->Trim(); });
    loop_->Turn(Duration::zero());
    EXPECT_EQ(loop_->Blocks().InUse(), least);
    EXPECT_LE(loop_->Blocks().Bytes(), (least + 1) * 17'000);
    for (const Peer& peer : peers) peer.Send("x");
    if (refused) {
      TurnFor(milliseconds(10));
      EXPECT_EQ(received == 0, provides);
      EXPECT_EQ(test::Heal() != 0, provides);
    }
    EXPECT_TRUE(TurnUntil([&] { return received == peers.size(); }));
    received = 0;
  }
}

// More than the submission queue holds, while the kernel takes nothing.
TEST_P(FaultsTest, AFullSubmissionQueue) {
  if (GetParam() != BackendKind::kIoUring) return;
  Serve();
  ExpectServed("before");
  std::vector<Peer> peers;
  for (int i = 0; i < 600; ++i) peers.push_back(Peer::ConnectTo(listener_->Address()));
  for (const int error : {ENOMEM, EAGAIN, EBUSY}) {
    test::FailEvery(Call::kWait, 1, error);
    TurnFor(milliseconds(20));
    test::Heal();
    ExpectServed("after " + std::to_string(error));
  }
  EXPECT_TRUE(TurnUntil([&] { return listener_->Accepted() >= 600; }));
  test::FailEvery(Call::kWait, 1, ENOMEM);
  peers.clear();
  TurnFor(milliseconds(20));
  test::Heal();
  EXPECT_TRUE(TurnUntil([&] { return loop_->Connections() == 0; }));
}

}  // namespace
}  // namespace hon::netpoll
