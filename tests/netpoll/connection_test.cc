// One connection over each backend: input, output, pausing, backpressure.

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "hon/io/file.h"
#include "hon/io/io.h"
#include "netpoll/fixture.h"

namespace hon::netpoll {
namespace {

// Pattern repeats after a length that is no multiple of a block.
constexpr size_t kPatternBytes = 65'521;

std::string Pattern(size_t size) {
  std::string text(std::min(size, kPatternBytes), '\0');
  uint32_t state = 12345;
  for (char& byte : text) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  text.reserve(size);
  while (text.size() < size) text.append(text, 0, std::min(kPatternBytes, size - text.size()));
  return text;
}

std::string TakeAll(Connection& c) {
  std::string text = *c.Reader().ReadString(c.Reader().Len());
  c.ConsumedInput();
  return text;
}

class ConnectionTest : public BackendTest {};
HON_BACKEND_TEST(ConnectionTest);

TEST_P(ConnectionTest, EchoesAndTellsEventsInOrder) {
  Recorder& handler = NewRecorder();
  handler.request = Echo;
  Peer peer;
  Connect(handler, &peer);
  EXPECT_EQ(handler.events, (std::vector<std::string>{"prepare", "connect"}));
  std::string back;
  peer.Send("hello");
  ASSERT_TRUE(TurnUntil([&] { return !(back += peer.ReceiveSome()).empty(); }));
  EXPECT_EQ(back, "hello");
  peer.Finish();
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  EXPECT_FALSE(handler.why) << handler.why.Message();
  EXPECT_EQ(handler.events,
            (std::vector<std::string>{"prepare", "connect", "request", "request", "disconnect"}));
  EXPECT_EQ(peer.State(), 0);
  EXPECT_EQ(loop_->Connections(), 0U);
}

TEST_P(ConnectionTest, EchoesAMegabyteOverTcp) {
  Recorder& handler = NewRecorder();
  handler.request = Echo;
  Peer peer;
  ConnectTcp(handler, &peer);
  const std::string sent = Pattern(1 << 20);
  size_t done = 0;
  std::string back;
  ASSERT_TRUE(TurnUntil([&] {
    done += peer.SendSome(std::string_view(sent).substr(done));
    back += peer.ReceiveSome();
    return back.size() == sent.size();
  }));
  EXPECT_EQ(back, sent);
}

TEST_P(ConnectionTest, SendNowCopiesOnlyWhatTheSocketDoesNotTake) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  const size_t before = loop_->Blocks().InUse();
  const std::string body = Pattern(20000);
  EXPECT_FALSE(c.SendNow("head", body));
  EXPECT_TRUE(c.Writer().Empty());
  EXPECT_EQ(loop_->Blocks().InUse(), before);
  // Sent behind waiting output, and with more than a socket takes.
  c.Writer().Write("first");
  const std::string large = Pattern(16 << 20);
  EXPECT_FALSE(c.SendNow("second", large));
  EXPECT_FALSE(c.Writer().Empty());
  EXPECT_FALSE(c.SendNow("third", "end"));
  const std::string all = "head" + body + "first" + "second" + large + "thirdend";
  std::string got;
  ASSERT_TRUE(TurnUntil([&] {
    got += peer.ReceiveSome();
    return got.size() == all.size();
  }));
  EXPECT_TRUE(got == all);
  EXPECT_TRUE(c.Writer().Empty());
  c.Close();
  EXPECT_TRUE(c.SendNow("a", "b"));
}

TEST_P(ConnectionTest, HoldsNoBlockWhileIdle) {
  Recorder& handler = NewRecorder();
  handler.request = Echo;
  Peer peer;
  Connect(handler, &peer);
  TurnFor(std::chrono::milliseconds(5));
  const size_t before = loop_->Blocks().InUse();
  for (int i = 0; i < 10; ++i) {
    peer.Send("request");
    ASSERT_TRUE(TurnUntil([&] { return !peer.ReceiveSome().empty(); }));
    EXPECT_EQ(loop_->Blocks().InUse(), before);
  }
}

TEST_P(ConnectionTest, ASlowSenderDoesNotPinABlockPerByte) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = Connect(handler, &peer);
  TurnFor(std::chrono::milliseconds(5));
  const size_t before = loop_->Blocks().InUse();
  const std::string sent = Pattern(500);
  for (size_t i = 0; i < sent.size(); ++i) {
    peer.Send(std::string_view(sent).substr(i, 1));
    ASSERT_TRUE(TurnUntil([&] { return c.Reader().Len() == i + 1; }));
  }
  EXPECT_EQ(loop_->Blocks().InUse(), before + 1);
  EXPECT_EQ(TakeAll(c), sent);
  EXPECT_EQ(loop_->Blocks().InUse(), before);
}

TEST_P(ConnectionTest, PiecesOfEverySizeArriveInOrder) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  std::string all;
  for (const size_t size : {1U, 4079U, 4080U, 4081U, 16319U, 16320U, 16321U, 5U, 1U}) {
    const std::string piece = Pattern(size);
    peer.Send(piece);
    all += piece;
    ASSERT_TRUE(TurnUntil([&] { return c.Reader().Len() == all.size(); }));
  }
  EXPECT_EQ(TakeAll(c), all);
}

TEST_P(ConnectionTest, UnreadInputPausesReadingAndConsumingResumesIt) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  const std::string sent = Pattern(8 << 20);
  size_t done = 0;
  const auto push = [&] { done += peer.SendSome(std::string_view(sent).substr(done)); };
  ASSERT_TRUE(TurnUntil([&] {
    push();
    return c.Reader().Len() >= kInputHighWaterBytes;
  }));
  for (int i = 0; i < 50; ++i) {
    push();
    loop_->Turn(std::chrono::milliseconds(1));
  }
  // A batch that was received before the pause took effect comes on top.
  EXPECT_LE(c.Reader().Len(), kInputHighWaterBytes + 33 * io::kBlockBytes);
  const size_t paused_at = c.Reader().Len();
  TurnFor(std::chrono::milliseconds(10));
  EXPECT_EQ(c.Reader().Len(), paused_at);
  std::string got;
  ASSERT_TRUE(TurnUntil([&] {
    push();
    got += TakeAll(c);
    return got.size() == sent.size();
  }));
  EXPECT_EQ(got, sent);
}

TEST_P(ConnectionTest, TheHighWaterMarkCanBeRaised) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  c.SetInputHighWater(2 << 20);
  const std::string sent = Pattern(1 << 20);
  size_t done = 0;
  ASSERT_TRUE(TurnUntil([&] {
    done += peer.SendSome(std::string_view(sent).substr(done));
    return c.Reader().Len() == sent.size();
  }));
  EXPECT_EQ(TakeAll(c), sent);
}

TEST_P(ConnectionTest, PausedReadsNothingAndResumes) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = Connect(handler, &peer);
  TurnFor(std::chrono::milliseconds(5));
  c.PauseRead();
  TurnFor(std::chrono::milliseconds(5));
  peer.Send("late");
  TurnFor(std::chrono::milliseconds(20));
  EXPECT_EQ(c.Reader().Len(), 0U);
  EXPECT_EQ(handler.Count("request"), 0U);
  c.ResumeRead();
  ASSERT_TRUE(TurnUntil([&] { return handler.Count("request") == 1; }));
  EXPECT_EQ(TakeAll(c), "late");
  // A pause and a resumption in one turn change nothing.
  c.PauseRead();
  c.ResumeRead();
  peer.Send("more");
  ASSERT_TRUE(TurnUntil([&] { return handler.Count("request") == 2; }));
  EXPECT_EQ(TakeAll(c), "more");
}

TEST_P(ConnectionTest, PausedInPrepareReadsNothing) {
  Recorder& handler = NewRecorder();
  handler.prepare = [](Connection& c) { c.PauseRead(); };
  Peer peer;
  Connection& c = Connect(handler, &peer);
  peer.Send("early");
  TurnFor(std::chrono::milliseconds(20));
  EXPECT_EQ(c.Reader().Len(), 0U);
  c.ResumeRead();
  ASSERT_TRUE(TurnUntil([&] { return c.Reader().Len() == 5; }));
}

TEST_P(ConnectionTest, APeerThatFinishesIsNoticedWhilePaused) {
  for (const bool with_bytes : {false, true}) {
    Recorder& handler = NewRecorder();
    Peer peer;
    Connection& c = ConnectTcp(handler, &peer);
    c.PauseRead();
    TurnFor(std::chrono::milliseconds(5));
    if (with_bytes) peer.Send("unread");
    TurnFor(std::chrono::milliseconds(5));
    EXPECT_FALSE(c.PeerFinished());
    peer.Finish();
    ASSERT_TRUE(TurnUntil([&] { return handler.Count("request") == 1; }));
    EXPECT_TRUE(c.PeerFinished());
    EXPECT_FALSE(c.InputEnded());
    EXPECT_TRUE(c.Reader().Empty());
    c.ResumeRead();
    ASSERT_TRUE(TurnUntil([&] { return c.InputEnded(); }));
    EXPECT_EQ(TakeAll(c), with_bytes ? "unread" : "");
    c.Close();
    ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  }
}

TEST_P(ConnectionTest, APeerThatResetsIsNoticedWhilePaused) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  c.PauseRead();
  TurnFor(std::chrono::milliseconds(5));
  peer.Reset();
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  EXPECT_EQ(handler.why.SystemCode(), ECONNRESET) << handler.why.Message();
}

TEST_P(ConnectionTest, APeerThatResetsAfterItsFinIsNoticed) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  peer.Finish();
  ASSERT_TRUE(TurnUntil([&] { return c.InputEnded(); }));
  TurnFor(std::chrono::milliseconds(5));
  EXPECT_TRUE(c.IsActive());
  peer.Reset();
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  EXPECT_TRUE(handler.why);
}

TEST_P(ConnectionTest, BytesBeforeAResetAreDelivered) {
  Recorder& handler = NewRecorder();
  std::string got;
  handler.request = [&](Connection& c) { got += TakeAll(c); };
  Peer peer;
  ConnectTcp(handler, &peer);
  TurnFor(std::chrono::milliseconds(5));
  peer.Send("last words");
  peer.Reset();
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  EXPECT_EQ(handler.why.SystemCode(), ECONNRESET) << handler.why.Message();
  EXPECT_EQ(got, "last words");
}

TEST_P(ConnectionTest, HalfCloseKeepsTheOtherDirection) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  peer.Send("question");
  peer.Finish();
  ASSERT_TRUE(TurnUntil([&] { return c.InputEnded(); }));
  EXPECT_EQ(TakeAll(c), "question");
  TurnFor(std::chrono::milliseconds(10));
  EXPECT_TRUE(c.IsActive());
  c.Writer().Write("answer");
  c.FlushLater();
  std::string back;
  ASSERT_TRUE(TurnUntil([&] { return (back += peer.ReceiveSome()).size() == 6; }));
  EXPECT_EQ(peer.State(), 1);
}

TEST_P(ConnectionTest, CloseWriteSendsFinBehindTheOutput) {
  Recorder& handler = NewRecorder();
  std::string got;
  handler.request = [&](Connection& c) { got += TakeAll(c); };
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  const std::string sent = Pattern(4 << 20);
  c.Writer().Write(sent);
  c.CloseWrite();
  std::string back;
  ASSERT_TRUE(TurnUntil([&] {
    back += peer.ReceiveSome();
    return back.size() == sent.size() && peer.State() == 0;
  }));
  EXPECT_EQ(back, sent);
  peer.Send("still heard");
  ASSERT_TRUE(TurnUntil([&] { return got == "still heard"; }));
  // A peer's FIN does not end the connection; the user of netpoll does.
  peer.Finish();
  ASSERT_TRUE(TurnUntil([&] { return c.InputEnded() || handler.Disconnected(); }));
}

TEST_P(ConnectionTest, AReaderThatDoesNotReadBlocksOutputAndOnWritableFollows) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  const std::string sent = Pattern(8 << 20);
  c.Writer().Write(sent);
  EXPECT_FALSE(c.Flush());
  const size_t left = c.Writer().Len();
  EXPECT_GT(left, 0U);
  EXPECT_FALSE(c.Flush());
  EXPECT_EQ(c.Writer().Len(), left) << "a full socket is not asked again";
  TurnFor(std::chrono::milliseconds(10));
  EXPECT_EQ(handler.Count("writable"), 0U);
  std::string back;
  ASSERT_TRUE(TurnUntil([&] { return (back += peer.ReceiveSome()).size() == sent.size(); }));
  EXPECT_EQ(back, sent);
  ASSERT_TRUE(TurnUntil([&] { return handler.Count("writable") == 1; }));
  EXPECT_TRUE(c.Writer().Empty());
  TurnFor(std::chrono::milliseconds(5));
  EXPECT_EQ(handler.Count("writable"), 1U);
}

TEST_P(ConnectionTest, InputIsTakenWhileOutputIsBlocked) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  c.Writer().Write(Pattern(8 << 20));
  c.FlushLater();
  TurnFor(std::chrono::milliseconds(5));
  ASSERT_FALSE(c.Writer().Empty());
  peer.Send("one");
  ASSERT_TRUE(TurnUntil([&] { return c.Reader().Len() == 3; }));
  peer.Send("two");
  ASSERT_TRUE(TurnUntil([&] { return c.Reader().Len() == 6; }));
}

TEST_P(ConnectionTest, WantWritableIsAnsweredOnce) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = Connect(handler, &peer);
  c.WantWritable();
  ASSERT_TRUE(TurnUntil([&] { return handler.Count("writable") == 1; }));
  TurnFor(std::chrono::milliseconds(5));
  EXPECT_EQ(handler.Count("writable"), 1U);
  c.WantWritable();
  ASSERT_TRUE(TurnUntil([&] { return handler.Count("writable") == 2; }));
}

TEST_P(ConnectionTest, SendingToAPeerThatIsGoneFailsWithoutASignal) {
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = Connect(handler, &peer);
  peer.Close();
  c.Writer().Write("hello");
  const Error why = c.Flush();
  EXPECT_EQ(why.SystemCode(), EPIPE) << why.Message();
  EXPECT_FALSE(c.IsActive());
  EXPECT_FALSE(handler.Disconnected()) << "told from inside a call";
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  EXPECT_EQ(handler.why.SystemCode(), EPIPE);
}

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text) {
    std::string name = testing::TempDir() + "hon_netpoll_XXXXXX";
    const int fd = ::mkostemp(name.data(), O_CLOEXEC);
    EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::unlink(name.c_str());
    file = io::File(fd);
  }
  io::File file;
};

TEST_P(ConnectionTest, SendsAFile) {
  const std::string text = Pattern(4 << 20);
  const TemporaryFile file(text);
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = ConnectTcp(handler, &peer);
  size_t sent = 0;
  bool full = false;
  const auto send = [&](Connection& connection) {
    while (sent < text.size()) {
      const auto n =
          connection.SendFileSome(file.file, static_cast<int64_t>(sent), text.size() - sent);
      ASSERT_TRUE(n) << n.error().Message();
      if (*n == 0) {
        full = true;
        return connection.WantWritable();
      }
      sent += *n;
    }
  };
  handler.writable = send;
  send(c);
  std::string back;
  ASSERT_TRUE(TurnUntil([&] { return (back += peer.ReceiveSome()).size() == text.size(); }));
  EXPECT_TRUE(full);
  EXPECT_EQ(back, text);
  const auto past = c.SendFileSome(file.file, static_cast<int64_t>(text.size()), 1);
  ASSERT_FALSE(past);
  EXPECT_TRUE(past.error().Is(io::ErrUnexpectedEof));
  EXPECT_TRUE(c.IsActive());
}

TEST_P(ConnectionTest, SendingAFileToAPeerThatIsGoneFailsWithoutASignal) {
  const TemporaryFile file("some text");
  Recorder& handler = NewRecorder();
  Peer peer;
  Connection& c = Connect(handler, &peer);
  loop_->Turn(Duration::zero());
  peer.Close();
  const auto n = c.SendFileSome(file.file, 0, 9);
  ASSERT_FALSE(n);
  EXPECT_EQ(n.error().SystemCode(), EPIPE);
}

TEST_P(ConnectionTest, FlushLaterMakesOneSendPerTurn) {
  Recorder& handler = NewRecorder();
  handler.request = [](Connection& c) {
    EXPECT_FALSE(c.Reader().Skip(c.Reader().Len()));
    for (int i = 0; i < 3; ++i) {
      c.Writer().Write("part");
      c.FlushLater();
    }
  };
  std::array<int, 2> ends{};
  // A socket that preserves message boundaries shows how the bytes were sent.
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
  const Peer peer(ends[1]);
  ASSERT_TRUE(loop_->Adopt(ends[0], handler));
  peer.Send("x");
  std::string packet;
  ASSERT_TRUE(TurnUntil([&] { return !(packet = peer.ReceiveSome()).empty(); }));
  EXPECT_EQ(packet, "partpartpart");
}

TEST_P(ConnectionTest, AddressesAreTextAndOutliveTheSocket) {
  Recorder& handler = NewRecorder();
  Peer peer;
  std::string at_disconnect;
  handler.disconnect = [&](Connection& c) { at_disconnect = c.RemoteAddr(); };
  Connection& c = ConnectTcp(handler, &peer);
  const std::string remote = c.RemoteAddr();
  EXPECT_TRUE(remote.starts_with("127.0.0.1:")) << remote;
  EXPECT_TRUE(c.LocalAddr().starts_with("127.0.0.1:")) << c.LocalAddr();
  EXPECT_NE(remote, c.LocalAddr());
  std::array<char, kAddressTextMax> text;
  EXPECT_EQ(c.FormatRemoteAddr(text), remote);
  peer.Reset();
  ASSERT_TRUE(TurnUntil([&] { return handler.Disconnected(); }));
  EXPECT_EQ(at_disconnect, remote);
}

TEST_P(ConnectionTest, TheHandlerCanBeReplaced) {
  Recorder& first = NewRecorder();
  Recorder& second = NewRecorder();
  Peer peer;
  Connection& c = Connect(first, &peer);
  c.SetEventHandler(second);
  peer.Send("x");
  ASSERT_TRUE(TurnUntil([&] { return second.Count("request") == 1; }));
  peer.Close();
  ASSERT_TRUE(TurnUntil([&] { return second.Count("request") == 2; }));
  c.Close();
  ASSERT_TRUE(TurnUntil([&] { return second.Disconnected(); }));
  EXPECT_EQ(first.Count("request") + first.Count("disconnect"), 0U);
}

TEST_P(ConnectionTest, OneBusySenderDoesNotStarveAnother) {
  Recorder& busy = NewRecorder();
  busy.request = [](Connection& c) {
    EXPECT_FALSE(c.Reader().Skip(c.Reader().Len()));
    c.ConsumedInput();
  };
  Recorder& quiet = NewRecorder();
  Peer busy_peer;
  Peer quiet_peer;
  ConnectTcp(busy, &busy_peer);
  ConnectTcp(quiet, &quiet_peer);
  const std::string flood = Pattern(4 << 20);
  (void)busy_peer.SendSome(flood);
  quiet_peer.Send("me too");
  for (int turns = 0; quiet.Count("request") == 0; ++turns) {
    ASSERT_LT(turns, 5);
    (void)busy_peer.SendSome(flood);
    loop_->Turn(std::chrono::milliseconds(1));
  }
}

}  // namespace
}  // namespace hon::netpoll
