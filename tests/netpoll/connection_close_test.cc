// The end of connections, and deadlines and objects on the way.

#include <algorithm>
#include <cerrno>
#include <string>

#include "hon/io/io.h"
#include "netpoll/fixture.h"

namespace hon::netpoll {
namespace {

using std::chrono::milliseconds;

class CloseTest : public BackendTest {};
HON_BACKEND_TEST(CloseTest);

TEST_P(CloseTest, GracefulSendsEverythingFirst) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  const std::string sent(8 << 20, 'x');
  c.Writer().Write(sent);
  c.Close();
  EXPECT_FALSE(c.IsActive());
  EXPECT_TRUE(c.Flush().Is(io::ErrClosed));
  size_t got = 0;
  ASSERT_TRUE(TurnUntil([&] { return (got += peer.ReceiveSome().size()) == sent.size(); }));
  ASSERT_TRUE(TurnUntil([&] { return peer.State() == 0; }));
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  EXPECT_FALSE(handler.why);
  EXPECT_EQ(handler.Count("writable"), 0U);
  EXPECT_EQ(handler.Count("disconnect"), 1U);
}

TEST_P(CloseTest, AbortResetsAndDropsTheOutput) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  c.Writer().Write("unsent");
  c.Close(CloseHow::kAbort);
  EXPECT_FALSE(handler.Disconnected()) << "told from inside a call";
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  EXPECT_FALSE(handler.why);
  int state = 1;
  ASSERT_TRUE(TurnUntil([&] { return (state = peer.State()) != 1; }));
  EXPECT_EQ(state, -ECONNRESET);
}

TEST_P(CloseTest, LingerDeliversTheAnswerToAPeerThatIsStillSending) {
  Recorder& handler = NewRecorder();
  handler.request = [](Connection& c) {
    if (!c.IsActive()) return;
    c.Writer().Write("refused");
    c.Close(CloseHow::kLinger);
  };
  Peer peer;
  ConnectTcp(handler, &peer);
  peer.Send("head");
  ASSERT_TRUE(TurnUntil([&] { return handler.Count("request") == 1; }));
  // The rest of an unread body.
  for (int i = 0; i < 5; ++i) {
    peer.Send(std::string(10'000, 'b'));
    TurnFor(milliseconds(2));
  }
  std::string back;
  ASSERT_TRUE(TurnUntil([&] {
    back += peer.ReceiveSome();
    return peer.State() == 0;
  }));
  EXPECT_EQ(back, "refused");
  EXPECT_EQ(handler.Count("request"), 1U);
  EXPECT_FALSE(handler.Disconnected());
  peer.Close();
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  EXPECT_FALSE(handler.why) << handler.why.Message();
}

// The loop finds the bytes, the end of the input and the hang-up in one turn.
TEST_P(CloseTest, BytesBeforeTheEndOfBothDirectionsAreReported) {
  Recorder& handler = NewRecorder();
  std::string seen;
  handler.request = [&seen](Connection& c) {
    seen += c.Reader().Front();
    static_cast<void>(c.Reader().Skip(c.Reader().Len()));
  };
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  peer.Send("first, ");
  ASSERT_TRUE(TurnUntil([&] { return seen == "first, "; }));
  c.CloseWrite();
  ASSERT_TRUE(TurnUntil([&] { return peer.State() == 0; }));
  peer.Send("last");
  peer.Close();
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected() || seen.ends_with("last"); }));
  EXPECT_EQ(seen, "first, last");
  if (!handler.Disconnected()) c.Close(CloseHow::kAbort);
}

TEST_P(CloseTest, LingerEndsAfterItsTime) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  const TimePoint before = Clock::now();
  c.Close(CloseHow::kLinger);
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  EXPECT_GE(Clock::now() - before, kLingerTime);
  EXPECT_FALSE(handler.why);
}

TEST_P(CloseTest, LingerHoldsBackAPeerThatSendsOn) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  c.Writer().Write("refused");
  const TimePoint before = Clock::now();
  c.Close(CloseHow::kLinger);
  const std::string flood(64 * 1024, 'x');
  size_t sent = 0;
  std::string back;
  ASSERT_TRUE(TurnUntil([&] {
    sent += peer.SendSome(flood);
    back += peer.ReceiveSome();
    return handler.Disconnected();
  }));
  EXPECT_GT(sent, kLingerBytesMax);
  EXPECT_GE(Clock::now() - before, kLingerTime);
  EXPECT_EQ(back, "refused");
}

TEST_P(CloseTest, LingerOnAPeerThatHasFinishedIsGraceful) {
  // A close that lingers takes kLingerTime in every try; a machine that is busy, in some.
  Duration quickest = Duration::max();
  for (int i = 0; i < 5 && quickest >= kLingerTime; ++i) {
    Recorder& handler = NewRecorder();
    handler.request = [](Connection& c) {
      c.Writer().Write("bye");
      c.Close(CloseHow::kLinger);
    };
    Peer peer;
    ConnectTcp(handler, &peer);
    const TimePoint before = Clock::now();
    peer.Finish();
    ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
    quickest = std::min<Duration>(quickest, Clock::now() - before);
    EXPECT_EQ(peer.ReceiveSome(), "bye");
  }
  EXPECT_LT(quickest, kLingerTime);
}

TEST_P(CloseTest, AbortCutsAGracefulCloseShort) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  c.Writer().Write(std::string(8 << 20, 'x'));
  c.Close();
  TurnFor(milliseconds(5));
  EXPECT_FALSE(handler.Disconnected());
  c.Close(CloseHow::kGraceful);
  TurnFor(milliseconds(5));
  EXPECT_FALSE(handler.Disconnected());
  c.Close(CloseHow::kAbort);
  c.Close(CloseHow::kAbort);
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  TurnFor(milliseconds(5));
  EXPECT_EQ(handler.Count("disconnect"), 1U);
}

TEST_P(CloseTest, AWriteDeadlineCutsAGracefulCloseShort) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  c.Writer().Write(std::string(8 << 20, 'x'));
  const TimePoint before = Clock::now();
  c.SetDeadline(DeadlineKind::kWrite, before + milliseconds(50));
  c.Close();
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  EXPECT_GE(Clock::now() - before, milliseconds(45));
  EXPECT_EQ(handler.events.back(), "disconnect");
  EXPECT_EQ(handler.Count("timeout 1"), 0U);
}

TEST_P(CloseTest, CloseInsideEveryEvent) {
  for (const CloseHow how : {CloseHow::kGraceful, CloseHow::kLinger, CloseHow::kAbort}) {
    Recorder& in_request = NewRecorder();
    in_request.request = [how](Connection& c) { c.Close(how); };
    Recorder& in_writable = NewRecorder();
    in_writable.writable = [how](Connection& c) { c.Close(how); };
    Recorder& in_timeout = NewRecorder();
    in_timeout.timeout = [how](Connection& c, DeadlineKind) { c.Close(how); };
    Peer second;
    Peer third;
    Peer fourth;
    Connect(in_request, &second);
    second.Send("x");
    Connect(in_writable, &third).WantWritable();
    Connect(in_timeout, &fourth).SetDeadline(DeadlineKind::kRead, Clock::now() + milliseconds(5));
    ASSERT_TRUE(TurnUntil([&] {
      return in_request.Disconnected() && in_writable.Disconnected() && in_timeout.Disconnected();
    }));
    EXPECT_EQ(in_request.Count("request"), 1U);
  }
}

TEST_P(CloseTest, ClosingInPrepareRefusesTheSocket) {
  Recorder& handler = NewRecorder();
  handler.prepare = [](Connection& c) { c.Close(CloseHow::kAbort); };
  StartListener(handler);
  const Peer peer = Peer::ConnectTo(listener_->Address());
  peer.Send("x");
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  EXPECT_EQ(handler.events, (std::vector<std::string>{"prepare", "disconnect"}));
  ASSERT_TRUE(TurnUntil([&] { return peer.State() != 1; }));
}

TEST_P(CloseTest, ARetainedConnectionOutlivesItsSocket) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  c.Retain();
  c.Writer().Write("never sent");
  c.Close(CloseHow::kAbort);
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  EXPECT_EQ(loop_->Connections(), 0U);
  TurnFor(milliseconds(5));
  EXPECT_EQ(c.Fd(), -1);
  EXPECT_EQ(c.Writer().Len(), 10U);
  c.Writer().Write("more");
  EXPECT_TRUE(c.Flush().Is(io::ErrClosed));
  c.FlushLater();
  c.WantWritable();
  c.PauseRead();
  c.ResumeRead();
  c.CloseWrite();
  c.Close();
  c.SetDeadline(DeadlineKind::kRead, Clock::now());
  EXPECT_EQ(c.LocalAddr(), "");
  TurnFor(milliseconds(5));
  EXPECT_EQ(handler.Count("disconnect"), 1U);
  const size_t blocks = loop_->Blocks().InUse();
  c.Release();
  TurnFor(milliseconds(5));
  EXPECT_LT(loop_->Blocks().InUse(), blocks);
}

// Deadlines.

TEST_P(CloseTest, DeadlinesFireByKindAndAreCleared) {
  Recorder& handler = NewRecorder();
  handler.timeout = [](Connection&, DeadlineKind) {};
  Peer peer;
  Connection& c = Connect(handler, &peer);
  const TimePoint now = Clock::now();
  c.SetDeadline(DeadlineKind::kIdle, now + milliseconds(60));
  c.SetDeadline(DeadlineKind::kWrite, now + milliseconds(40));
  c.SetDeadline(DeadlineKind::kRead, now + milliseconds(20));
  EXPECT_EQ(c.Deadline(DeadlineKind::kRead), now + milliseconds(20));
  ASSERT_TRUE(TurnUntil([&] { return handler.Count("timeout 2") == 1; }));
  EXPECT_GE(Clock::now(), now + milliseconds(60));
  EXPECT_EQ(handler.events, (std::vector<std::string>{"prepare", "connect", "timeout 0",
                                                      "timeout 1", "timeout 2"}));
  EXPECT_EQ(c.Deadline(DeadlineKind::kRead), kNever);
  EXPECT_EQ(c.Deadline(DeadlineKind::kIdle), kNever);
}

TEST_P(CloseTest, ADeadlineThatMovesAwayDoesNotFire) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = Connect(handler, &peer);
  const size_t armed = loop_->Timers().Armed();
  for (int i = 0; i < 20; ++i) {
    c.SetDeadline(DeadlineKind::kRead, Clock::now() + milliseconds(30));
    EXPECT_EQ(loop_->Timers().Armed(), armed + 1);
    TurnFor(milliseconds(3));
  }
  EXPECT_EQ(handler.Count("timeout 0"), 0U);
  c.SetDeadline(DeadlineKind::kRead, kNever);
  TurnFor(milliseconds(50));
  EXPECT_EQ(handler.Count("timeout 0"), 0U);
  EXPECT_EQ(loop_->Timers().Armed(), armed);
}

TEST_P(CloseTest, AReadDeadlineThatEachBatchMovesEndsASilence) {
  Recorder& handler = NewRecorder();
  TimePoint deadline;
  handler.request = [&](Connection& c) {
    deadline = c.GetLoop().Now() + milliseconds(60);
    c.SetDeadline(DeadlineKind::kRead, deadline);
    Echo(c);
  };
  handler.timeout = [&](Connection&, DeadlineKind) {  // does not close
    EXPECT_GE(Clock::now(), deadline);
  };
  Peer peer;
  Connection& c = Connect(handler, &peer);
  for (int i = 0; i < 10; ++i) {
    peer.Send("x");
    TurnFor(milliseconds(10));
  }
  const size_t while_it_sent = handler.Count("timeout 0");
  peer.Send("x");
  ASSERT_TRUE(TurnUntil([&] { return handler.Count("timeout 0") == while_it_sent + 1; }));
  EXPECT_TRUE(c.IsActive());
}

TEST_P(CloseTest, AWriteDeadlineFiresWhileOutputStandsStill) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  c.Writer().Write(std::string(8 << 20, 'x'));
  c.SetDeadline(DeadlineKind::kWrite, Clock::now() + milliseconds(40));
  c.FlushLater();
  ASSERT_TRUE(TurnUntil([&] { return handler.Count("timeout 1") == 1; }));
  EXPECT_FALSE(c.Writer().Empty());
}

TEST_P(CloseTest, TheDefaultOfATimeoutIsToClose) {
  class Default final : public EventHandler {
   public:
    void OnRequest(Connection&) override {}
    void OnDisconnect(Connection&, const Error&) override { gone = true; }
    bool gone = false;
  };
  static Default handler;
  handler.gone = false;
  Peer peer;
  Connect(handler, &peer).SetDeadline(DeadlineKind::kIdle, Clock::now() + milliseconds(10));
  ASSERT_TRUE(TurnUntil([&] { return handler.gone; }));
}

TEST_P(CloseTest, ManyConnectionsComeAndGoWithoutALeak) {
  Recorder& handler = NewRecorder();
  handler.request = Echo;
  StartListener(handler);
  size_t blocks = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<Peer> peers;
    for (int i = 0; i < 100; ++i) {
      peers.push_back(Peer::ConnectTo(listener_->Address()));
      peers.back().Send("hello");
      if (i % 3 == 0) peers.back().Reset();
    }
    loop_->Turn(milliseconds(1));
    peers.clear();
    ASSERT_TRUE(TurnUntil([&] {
      return listener_->Accepted() == static_cast<uint64_t>(100 * (round + 1)) &&
             loop_->Connections() == 0;
    }));
    TurnFor(milliseconds(10));
    if (round == 1) blocks = loop_->Blocks().InUse();
  }
  EXPECT_LE(loop_->Blocks().InUse(), blocks + 64) << "blocks leaked";
}

// More input at once than there are blocks: all of it arrives in the end, and a connection that is
// closed while it waits for a block is gone.
TEST_P(CloseTest, ManyConnectionsWithLargeOutputSendAllOrEnd) {
  constexpr size_t kPeers = 60;
  constexpr size_t kStay = 30;
  const std::string much(64 * 1024, 'm');
  size_t heard = 0;
  Recorder& reader = NewRecorder();
  reader.request = [&](Connection& c) {
    heard += c.Reader().Len();
    EXPECT_FALSE(c.Reader().Skip(c.Reader().Len()));
    c.ConsumedInput();
    if (c.InputEnded()) c.Close();
  };
  std::vector<Peer> peers(kPeers);
  std::vector<Connection*> connections;
  for (Peer& peer : peers) connections.push_back(&ConnectTcp(reader, &peer));
  for (int round = 0; round < 3; ++round) {
    size_t said = 0;
    heard = 0;
    for (const Peer& peer : peers) said += peer.SendSome(much);
    ASSERT_TRUE(TurnUntil([&] { return heard == said; })) << heard << " of " << said;
  }
  size_t said = 0;
  heard = 0;
  for (size_t i = 0; i < kPeers; ++i) {
    const size_t n = peers[i].SendSome(much);
    if (i < kStay) said += n;
  }
  loop_->Turn(milliseconds(1));
  for (size_t i = kStay; i < kPeers; ++i) connections[i]->Close(CloseHow::kAbort);
  for (const Peer& peer : peers) peer.Finish();
  ASSERT_TRUE(TurnUntil([&] { return loop_->Connections() == 0; }));
  EXPECT_GE(heard, said);
}

}  // namespace
}  // namespace hon::netpoll
