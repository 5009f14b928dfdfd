// Cases for a scripted kernel only: exact turns, exact times, rare failures.

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "hon/io/io.h"
#include "netpoll/connection_slab.h"
#include "netpoll/fixture.h"
#include "netpoll/loop_io.h"
#include "support/fake_backend.h"

namespace hon::netpoll {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class FakeBackendTest : public testing::Test {
 protected:
  FakeBackendTest() {
    auto fake = std::make_unique<FakeBackend>();
    kernel_ = fake.get();
    loop_ = Loop::CreateOver(std::move(fake), {});
  }
  ~FakeBackendTest() override { handler_.ForgetHooks(); }

  Connection& Adopt(EventHandler& handler) {
    fd_ = kernel_->Open();
    return **loop_->Adopt(fd_, handler);
  }
  FakeSocket& Socket() { return kernel_->At(fd_); }
  void Turn(int times = 1) {
    for (int i = 0; i < times; ++i) loop_->Turn(Duration::zero());
  }

  Recorder handler_;
  FakeBackend* kernel_ = nullptr;
  std::unique_ptr<Loop> loop_;
  int fd_ = -1;
};

TEST_F(FakeBackendTest, EveryShortWriteIsFollowedByTheRest) {
  Connection& c = Adopt(handler_);
  std::string all;
  for (int i = 0; i < 1000; ++i) all += std::to_string(i) + ",";
  for (const size_t step : {1U, 7U, 1000U, 3889U}) {
    Socket().SetRoom(0);
    const size_t writable = handler_.Count("writable");
    c.Writer().Write(all);
    c.FlushLater();
    Turn();
    std::string got;
    while (got.size() < all.size()) {
      EXPECT_EQ(handler_.Count("writable"), writable);
      Socket().SetRoom(step);
      Turn();
      got += Socket().Take();
    }
    EXPECT_EQ(got, all);
    EXPECT_EQ(handler_.Count("writable"), writable + 1);
    Socket().SetRoom(SIZE_MAX);
  }
}

TEST_F(FakeBackendTest, AShortWriteIsNotRepeatedBeforeTheSocketIsWritable) {
  Connection& c = Adopt(handler_);
  Socket().SetRoom(3);
  c.Writer().Write("abcdef");
  EXPECT_FALSE(c.Flush());
  EXPECT_EQ(Socket().Sends(), 1U);
  for (int i = 0; i < 5; ++i) {
    c.FlushLater();
    EXPECT_FALSE(c.Flush());
    Turn();
  }
  EXPECT_EQ(Socket().Sends(), 1U);
}

TEST_F(FakeBackendTest, SendErrorsEndTheConnectionWithTheirErrno) {
  for (const int error : {ECONNRESET, EPIPE, ETIMEDOUT, EHOSTUNREACH, ENOBUFS}) {
    handler_.events.clear();
    Connection& c = Adopt(handler_);
    Socket().FailNextSend(error);
    c.Writer().Write("x");
    c.FlushLater();
    Turn();
    EXPECT_TRUE(handler_.Disconnected());
    EXPECT_EQ(handler_.why.SystemCode(), error);
    EXPECT_TRUE(Socket().Closed());
  }
}

TEST_F(FakeBackendTest, ReceiveErrorsComeBehindTheBytes) {
  std::string got;
  handler_.request = [&](Connection& c) { got += *c.Reader().ReadString(c.Reader().Len()); };
  Adopt(handler_);
  Socket().Sends("one");
  Socket().Sends("two");
  Socket().Resets(ETIMEDOUT);
  Turn(5);
  EXPECT_EQ(got, "onetwo");
  EXPECT_EQ(handler_.why.SystemCode(), ETIMEDOUT);
}

TEST_F(FakeBackendTest, APausedConnectionHearsOfAFinAndThenOfAReset) {
  Connection& c = Adopt(handler_);
  c.PauseRead();
  Socket().Sends("unread");
  Socket().Finishes();
  Turn(3);
  EXPECT_TRUE(c.PeerFinished());
  EXPECT_FALSE(c.InputEnded());
  EXPECT_EQ(handler_.Count("request"), 1U);
  c.ResumeRead();
  Turn(3);
  EXPECT_TRUE(c.InputEnded());
  EXPECT_EQ(c.Reader().Len(), 6U);
}

TEST_F(FakeBackendTest, TheGracefulCloseIsCutWhenOutputStandsStill) {
  Connection& c = Adopt(handler_);
  Socket().SetRoom(1);
  c.Writer().Write("abc");
  c.Close();
  const TimePoint start = kernel_->Now();
  // Progress renews the time limit; then there is no more progress.
  while (kernel_->Now() - start < kFlushOnCloseTime - seconds(1)) loop_->Turn(seconds(1));
  Socket().SetRoom(1);
  while (!handler_.Disconnected()) loop_->Turn(seconds(1));
  EXPECT_GE(kernel_->Now() - start, 2 * kFlushOnCloseTime - seconds(2));
  EXPECT_LE(kernel_->Now() - start, 2 * kFlushOnCloseTime + seconds(1));
  EXPECT_EQ(Socket().Take(), "ab");
  EXPECT_FALSE(handler_.why) << "it was our close";
}

TEST_F(FakeBackendTest, LingerReceivesUpToItsByteLimitExactly) {
  for (const size_t surplus : {0U, 1U}) {
    handler_.events.clear();
    Connection& c = Adopt(handler_);
    c.Close(CloseHow::kLinger);
    Turn();
    EXPECT_TRUE(Socket().SawFin());
    for (size_t left = kLingerBytesMax - 1 + surplus; left != 0;) {
      const size_t n = std::min<size_t>(left, 10'000);
      Socket().Sends(std::string(n, 'x'));
      left -= n;
    }
    Socket().Sends("more");
    const TimePoint start = kernel_->Now();
    Turn(40);
    EXPECT_EQ(Socket().Unreceived(), surplus);
    while (!handler_.Disconnected()) loop_->Turn(milliseconds(10));
    EXPECT_GE(kernel_->Now() - start, kLingerTime - milliseconds(50));
    EXPECT_FALSE(handler_.why);
    Turn();
  }
}

TEST_F(FakeBackendTest, ADeadlineIsExactToTheTick) {
  handler_.timeout = [](Connection&, DeadlineKind) {};
  Connection& c = Adopt(handler_);
  const TimePoint start = kernel_->Now();
  c.SetDeadline(DeadlineKind::kRead, start + milliseconds(100));
  while (kernel_->Now() < start + milliseconds(100)) {
    EXPECT_EQ(handler_.Count("timeout 0"), 0U);
    loop_->Turn(seconds(1));
  }
  Turn();
  EXPECT_EQ(handler_.Count("timeout 0"), 1U);
  EXPECT_LE(kernel_->Now(), start + milliseconds(101));
}

TEST_F(FakeBackendTest, SettingALaterDeadlineDoesNotTouchTheWheel) {
  Connection& c = Adopt(handler_);
  const TimePoint start = kernel_->Now();
  c.SetDeadline(DeadlineKind::kIdle, start + seconds(10));
  const TimePoint wakeup = loop_->Timers().NextWakeup();
  for (int i = 0; i < 100; ++i) {
    c.SetDeadline(DeadlineKind::kIdle, start + seconds(10 + i));
    EXPECT_EQ(loop_->Timers().NextWakeup(), wakeup);
  }
  while (kernel_->Now() < start + seconds(108)) loop_->Turn(seconds(1));
  EXPECT_EQ(handler_.Count("timeout 2"), 0U);
  while (handler_.Count("timeout 2") == 0) loop_->Turn(seconds(1));
  EXPECT_LE(kernel_->Now(), start + seconds(110));
}

TEST_F(FakeBackendTest, BytesThatCameInTimeBeatTheDeadline) {
  handler_.request = [](Connection& c) { c.SetDeadline(DeadlineKind::kRead, kNever); };
  Connection& c = Adopt(handler_);
  c.SetDeadline(DeadlineKind::kRead, kernel_->Now() + milliseconds(10));
  Socket().Sends("in time");
  kernel_->Advance(seconds(5));  // this thread was busy with something else
  Turn();
  EXPECT_EQ(handler_.Count("request"), 1U);
  EXPECT_EQ(handler_.Count("timeout 0"), 0U);
}

TEST_F(FakeBackendTest, AcceptFailuresBackOffAndConnectionsThatAbortedDoNot) {
  auto socket = ListenSocket::Listen("127.0.0.1:0");
  std::vector<Duration> told;
  auto listener = Listener::Start(*loop_, std::move(*socket), {{loop_.get(), &handler_}},
                                  [&](const Error&, Duration retry) { told.push_back(retry); });
  ASSERT_TRUE(listener);
  kernel_->FailAccept(ECONNABORTED);
  kernel_->PeerConnects();
  kernel_->FailAccept(EPROTO);
  kernel_->PeerConnects();
  Turn();
  EXPECT_EQ((*listener)->Accepted(), 2U);
  EXPECT_TRUE(told.empty());

  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
    told.clear();
    const TimePoint start = kernel_->Now();
    for (int i = 0; i < 3; ++i) kernel_->FailAccept(error);
    const uint64_t accepted = (*listener)->Accepted();
    kernel_->PeerConnects();
    while ((*listener)->Accepted() == accepted) loop_->Turn(milliseconds(1));
    EXPECT_EQ(told, (std::vector<Duration>{milliseconds(5), milliseconds(10), milliseconds(20)}));
    EXPECT_GE(kernel_->Now() - start, milliseconds(35));
    EXPECT_LE(kernel_->Now() - start, milliseconds(40));
  }
}

TEST_F(FakeBackendTest, ALongShortageTurnsPeersAway) {
  auto socket = ListenSocket::Listen("127.0.0.1:0");
  std::vector<Duration> told;
  auto listener = Listener::Start(*loop_, std::move(*socket), {{loop_.get(), &handler_}},
                                  [&](const Error&, Duration retry) { told.push_back(retry); });
  // 5, 10, … 640 ms, then 1 s twice; from the second one on peers are accepted and closed.
  for (int i = 0; i < 10; ++i) kernel_->FailAccept(EMFILE);
  const int first = kernel_->PeerConnects();
  const int second = kernel_->PeerConnects();
  while (!kernel_->At(second).Closed()) {
    ASSERT_LE(told.size(), 10U);
    loop_->Turn(seconds(2));
  }
  EXPECT_TRUE(kernel_->At(first).Closed());
  EXPECT_EQ(told.size(), 10U);
  EXPECT_EQ(told.back(), kAcceptRetryMax);
  EXPECT_EQ((*listener)->Accepted(), 0U);
  // A success starts the back-off anew.
  kernel_->PeerConnects();
  loop_->Turn(seconds(2));
  Turn(2);
  EXPECT_EQ((*listener)->Accepted(), 1U);
  kernel_->FailAccept(EMFILE);
  Turn(2);
  EXPECT_EQ(told.back(), kAcceptRetryMin);
}

TEST_F(FakeBackendTest, DialingSharesItsTimeAndTellsTheFirstFailure) {
  std::vector<std::string> answers;
  const auto done = [&](Result<Connection*> c) {
    answers.push_back(c ? "connected" : c.error().Message());
  };
  kernel_->SetConnectResult(ECONNREFUSED);
  loop_->Dial("192.0.2.9:80", handler_, seconds(1), done);
  Turn(2);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_NE(answers[0].find("192.0.2.9:80"), std::string::npos);

  kernel_->SetConnectResult(EINPROGRESS);
  loop_->Dial("192.0.2.9:80", handler_, seconds(1), done);
  Turn(2);
  EXPECT_EQ(answers.size(), 1U);
  kernel_->At(kernel_->LastConnect()).CompleteConnect(EHOSTUNREACH);
  Turn(2);
  EXPECT_EQ(answers.size(), 2U);
  EXPECT_TRUE(kernel_->At(kernel_->LastConnect()).Closed());

  // The empty host is tried as 127.0.0.1 and as ::1, each for half of the time.
  const TimePoint start = kernel_->Now();
  loop_->Dial(":80", handler_, seconds(1), done);
  Turn(2);
  const int first = kernel_->LastConnect();
  while (answers.size() == 2) {
    loop_->Turn(milliseconds(100));
    if (kernel_->Now() - start < milliseconds(490)) {
      EXPECT_EQ(kernel_->LastConnect(), first);
    }
  }
  EXPECT_NE(kernel_->LastConnect(), first);
  EXPECT_GE(kernel_->Now() - start, seconds(1));
  EXPECT_LE(kernel_->Now() - start, milliseconds(1110));
  EXPECT_NE(answers[2].find("timeout"), std::string::npos) << answers[2];
  EXPECT_TRUE(handler_.events.empty());
  EXPECT_EQ(kernel_->OpenSockets(), 0U);

  kernel_->SetConnectResult(EINPROGRESS);
  loop_->Dial("192.0.2.9:80", handler_, kUnlimited, done);
  Turn(2);
  kernel_->At(kernel_->LastConnect()).CompleteConnect();
  Turn(2);
  EXPECT_EQ(answers.back(), "connected");
  EXPECT_EQ(loop_->Connections(), 1U);
}

TEST_F(FakeBackendTest, ABurstOfPostsWakesOnce) {
  int ran = 0;
  for (int i = 0; i < 100; ++i) loop_->Post([&] { ++ran; });
  EXPECT_EQ(kernel_->Wakes(), 1U);
  Turn();
  EXPECT_EQ(ran, 100);
  loop_->Post([&] { ++ran; });
  EXPECT_EQ(kernel_->Wakes(), 2U);
}

TEST_F(FakeBackendTest, ConnectionsReuseTheirMemory) {
  ConnectionSlab& slab = LoopIo::SlabOf(*loop_);
  std::vector<Connection*> all;
  for (unsigned i = 0; i < 3 * ConnectionSlab::kPerChunk; ++i) all.push_back(&Adopt(handler_));
  EXPECT_EQ(slab.Chunks(), 3U);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
  Connection* const middle = all[70];
  middle->Close();
  Turn();
  EXPECT_EQ(&Adopt(handler_), middle);
  loop_->ForEachConnection([](Connection& c) { c.Close(CloseHow::kAbort); });
  Turn();
  EXPECT_EQ(slab.Live(), 0U);
  EXPECT_EQ(slab.Chunks(), 1U) << "empty chunks are given back, but for one";
}

// Connections that live, send, pause and die at random; for any script, all counts balance at the
// end.
TEST_F(FakeBackendTest, RandomLivesLeaveNothingBehind) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    std::mt19937 random(seed);
    const auto roll = [&](uint32_t n) { return random() % n; };
    size_t open = 0;
    size_t opened = 0;
    Recorder handler;
    const auto act = [&](Connection& c) {
      switch (roll(12)) {
        case 0:
          return c.Close(CloseHow::kGraceful);
        case 1:
          return c.Close(CloseHow::kLinger);
        case 2:
          return c.Close(CloseHow::kAbort);
        case 3:
          return c.PauseRead();
        case 4:
          return c.ResumeRead();
        case 5:
          return c.WantWritable();
        case 6:
          return c.CloseWrite();
        case 7:
          return c.SetDeadline(static_cast<DeadlineKind>(roll(3)),
                               kernel_->Now() + milliseconds(roll(500)));
        case 8:
          static_cast<void>(c.Flush());
          return;
        default:
          c.Writer().Append(std::move(c.Reader()));
          c.ConsumedInput();
          return c.FlushLater();
      }
    };
    handler.request = handler.writable = act;
    handler.timeout = [&](Connection& c, DeadlineKind) { act(c); };
    handler.disconnect = [&](Connection&) { --open; };
    std::vector<int> fds;
    for (int step = 0; step < 2000; ++step) {
      if (open < 20 && roll(4) == 0) {
        fds.push_back(kernel_->Open());
        ++open;
        ++opened;
        ASSERT_TRUE(loop_->Adopt(fds.back(), handler));
      }
      if (!fds.empty()) {
        // One of the newest sockets, which are the live ones.
        const size_t back = roll(static_cast<uint32_t>(std::min<size_t>(fds.size(), 30)));
        FakeSocket& socket = kernel_->At(fds[fds.size() - 1 - back]);
        switch (roll(8)) {
          case 0:
            socket.Finishes();
            break;
          case 1:
            socket.Resets();
            break;
          case 2:
            socket.SetRoom(roll(5000));
            break;
          case 3:
            socket.FailNextSend(EPIPE);
            break;
          default:
            socket.Sends(std::string(1 + roll(20'000), 'x'));
            break;
        }
      }
      if (roll(50) == 0) loop_->ForEachConnection(act);
      loop_->Turn(milliseconds(roll(3)));
      ASSERT_EQ(loop_->Connections(), open);
    }
    loop_->ForEachConnection([](Connection& c) { c.Close(CloseHow::kAbort); });
    Turn(2);
    EXPECT_EQ(open, 0U);
    EXPECT_GT(opened, 100U);
    EXPECT_EQ(loop_->Blocks().InUse(), 0U);
    EXPECT_EQ(kernel_->OpenSockets(), 0U);
    EXPECT_EQ(loop_->Timers().Armed(), 0U);
  }
}

}  // namespace
}  // namespace hon::netpoll
