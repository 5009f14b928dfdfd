#include "hon/netpoll/listener.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <thread>

#include "netpoll/fixture.h"
#include "support/loopback_listener.h"

namespace hon::netpoll {
namespace {

using std::chrono::milliseconds;

int Option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  EXPECT_EQ(::getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

std::string TemporaryPath(std::string_view name) {
  return testing::TempDir() + "hon_" + std::to_string(::getpid()) + "_" + std::string(name);
}

class ListenerTest : public BackendTest {
 protected:
  void ExpectEcho(std::string_view address) {
    const Peer peer = Peer::ConnectTo(address);
    peer.Send("hello");
    std::string back;
    EXPECT_TRUE(TurnUntil([&] { return (back += peer.ReceiveSome()).size() == 5; }));
    EXPECT_EQ(back, "hello");
  }
};
HON_BACKEND_TEST(ListenerTest);

TEST_P(ListenerTest, ServesIpv4Ipv6AndUnix) {
  Recorder& handler = NewRecorder();
  handler.request = Echo;
  StartListener(handler, "127.0.0.1:0");
  EXPECT_TRUE(listener_->Address().starts_with("127.0.0.1:"));
  EXPECT_FALSE(listener_->Address().ends_with(":0"));
  ExpectEcho(listener_->Address());

  StartListener(handler, "[::1]:0");
  EXPECT_TRUE(listener_->Address().starts_with("[::1]:")) << listener_->Address();
  ExpectEcho(listener_->Address());

  const std::string path = TemporaryPath("socket");
  StartListener(handler, "unix:" + path);
  EXPECT_EQ(listener_->Address(), path);
  ExpectEcho("unix:" + path);
  EXPECT_EQ(handler.last->RemoteAddr(), "@");
  EXPECT_EQ(handler.last->LocalAddr(), path);

  StartListener(handler, "unix:@hon-" + std::to_string(::getpid()));
  EXPECT_EQ(listener_->Address(), "@hon-" + std::to_string(::getpid()));
  ExpectEcho("unix:" + listener_->Address());
  EXPECT_NE(::access(path.c_str(), F_OK), 0) << "the file of the unix socket was left behind";
}

TEST_P(ListenerTest, AnEmptyHostIsBothFamilies) {
  Recorder& handler = NewRecorder();
  handler.request = Echo;
  StartListener(handler, ":0");
  const std::string port = listener_->Address().substr(listener_->Address().rfind(':'));
  EXPECT_EQ(listener_->Address(), "[::]" + port);
  ExpectEcho("[::1]" + port);
  ExpectEcho("127.0.0.1" + port);
  EXPECT_TRUE(handler.last->RemoteAddr().starts_with("127.0.0.1:")) << handler.last->RemoteAddr();
}

TEST_P(ListenerTest, AcceptedSocketsHaveTheirOptions) {
  Recorder& handler = NewRecorder();
  StartListener(handler);
  const Peer peer = Peer::ConnectTo(listener_->Address());
  ASSERT_TRUE(TurnUntil([&] { return handler.Count("connect") == 1; }));
  const int fd = handler.last->Fd();
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(Option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 15);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 15);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_KEEPCNT), 9);
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
}

TEST_P(ListenerTest, ABurstIsAcceptedWhole) {
  Recorder& handler = NewRecorder();
  handler.request = Echo;
  StartListener(handler);
  std::vector<Peer> peers;
  for (int i = 0; i < 300; ++i) peers.push_back(Peer::ConnectTo(listener_->Address()));
  ASSERT_TRUE(TurnUntil([&] { return listener_->Accepted() == 300; }));
  EXPECT_EQ(loop_->Connections(), 300U);
}

TEST_P(ListenerTest, AnInheritedSocketIsServed) {
  auto socket = ListenSocket::FromFd(test::LoopbackListener().Release());
  ASSERT_TRUE(socket) << socket.error().Message();
  Recorder& handler = NewRecorder();
  handler.request = Echo;
  auto listener = Listener::Start(*loop_, std::move(*socket), {{loop_.get(), &handler}});
  ASSERT_TRUE(listener);
  listener_ = std::move(*listener);
  ExpectEcho(listener_->Address());
  EXPECT_EQ(Option(handler.last->Fd(), IPPROTO_TCP, TCP_NODELAY), 1);
}

TEST_P(ListenerTest, PauseLeavesPeersInTheQueue) {
  Recorder& handler = NewRecorder();
  handler.request = Echo;
  StartListener(handler);
  loop_->Turn(Duration::zero());
  listener_->Pause();
  TurnFor(milliseconds(5));
  const Peer peer = Peer::ConnectTo(listener_->Address());
  peer.Send("hello");
  TurnFor(milliseconds(20));
  EXPECT_EQ(listener_->Accepted(), 0U);
  listener_->Resume();
  ASSERT_TRUE(TurnUntil([&] { return peer.ReceiveSome() == "hello"; }));
  listener_->Pause();
  listener_->Resume();
  ExpectEcho(listener_->Address());
}

TEST_P(ListenerTest, ADestroyedListenerRefuses) {
  Recorder& handler = NewRecorder();
  handler.request = Echo;
  StartListener(handler);
  const std::string address = listener_->Address();
  ExpectEcho(address);
  listener_.reset();
  TurnFor(milliseconds(10));
  auto again = ListenSocket::Listen(address);
  EXPECT_TRUE(again) << again.error().Message();
}

TEST_P(ListenerTest, AListenerMayOutliveItsLoop) {
  Recorder& handler = NewRecorder();
  StartListener(handler);
  loop_->Turn(milliseconds(1));
  const std::string address = listener_->Address();
  loop_.reset();
  EXPECT_EQ(listener_->Address(), address);
  listener_->Pause();
  listener_->Resume();
  listener_.reset();
}

// With no descriptor left the listener backs off and reports; with free descriptors it goes on.
TEST_P(ListenerTest, RunningOutOfDescriptorsBacksOff) {
#ifdef HON_TEST_NEEDS_DESCRIPTORS
  GTEST_SKIP() << "HON_TEST_SKIPPED: UndefinedBehaviorSanitizer itself needs descriptors";
#endif
  Recorder& handler = NewRecorder();
  handler.request = Echo;
  auto socket = ListenSocket::Listen("127.0.0.1:0");
  ASSERT_TRUE(socket);
  std::vector<std::pair<int, Duration>> told;
  auto listener = Listener::Start(
      *loop_, std::move(*socket), {{loop_.get(), &handler}},
      [&](const Error& why, Duration retry_in) { told.emplace_back(why.SystemCode(), retry_in); });
  ASSERT_TRUE(listener);
  listener_ = std::move(*listener);
  const Peer peer = Peer::ConnectTo(listener_->Address());
  peer.Send("hello");
  // Before the first turn, since io_uring reads the limit when accepting begins.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(0);
  ::close(next);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const bool backed_off = TurnUntil([&] { return told.size() == 4; });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(backed_off);
  for (size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].first, EMFILE);
    EXPECT_EQ(told[i].second, milliseconds(5 << i));
  }
  ASSERT_TRUE(TurnUntil([&] { return peer.ReceiveSome() == "hello"; }));
  const size_t failures = told.size();
  ExpectEcho(listener_->Address());
  EXPECT_EQ(told.size(), failures);
}

TEST_P(ListenerTest, OneAcceptorSpreadsOverLoops) {
  auto group = std::make_unique<RunningLoops>(3, GetParam());
  std::vector<Recorder> handlers(3);
  std::vector<Listener::Target> targets;
  for (size_t i = 0; i < 3; ++i) {
    handlers[i].request = Echo;
    targets.push_back({&group->At(i), &handlers[i]});
  }
  auto socket = ListenSocket::Listen("127.0.0.1:0");
  auto listener = Listener::Start(group->At(0), std::move(*socket), targets);
  ASSERT_TRUE(listener);
  group->Start();
  std::vector<Peer> peers;
  for (int i = 0; i < 30; ++i) {
    peers.push_back(Peer::ConnectTo((*listener)->Address()));
    peers.back().Send("hello");
  }
  for (const Peer& peer : peers) {
    std::string back;
    const TimePoint limit = Clock::now() + std::chrono::seconds(2);
    while (back.size() < 5 && Clock::now() < limit) back += peer.ReceiveSome();
    EXPECT_EQ(back, "hello");
  }
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(group->At(i).Connections(), 10U);
  group->Stop();
  for (const Recorder& handler : handlers) EXPECT_EQ(handler.Count("prepare"), 10U);
  listener->reset();
  group.reset();
}

// Loops that accept from one socket, each with a descriptor of its own.
class SharedSocketTest : public ListenerTest {
 protected:
  void Start(size_t loops) {
    group_ = std::make_unique<RunningLoops>(loops, GetParam());
    handlers_ = std::vector<Recorder>(loops);
    auto socket = ListenSocket::Listen("127.0.0.1:0");
    ASSERT_TRUE(socket) << socket.error().Message();
    EXPECT_FALSE(socket->IsShared());
    std::vector<Listener::Target> targets;
    for (size_t i = 0; i < loops; ++i) {
      handlers_[i].request = Echo;
      targets.push_back({&group_->At(i), &handlers_[i]});
    }
    for (size_t i = 0; i < loops; ++i) {
      auto copy = socket->Copy();
      ASSERT_TRUE(copy) << copy.error().Message();
      EXPECT_EQ(copy->Address(), socket->Address());
      listeners_.push_back(*Listener::Start(group_->At(i), std::move(*copy), targets));
    }
    group_->Start();
  }
  // A peer whose byte has come back.
  void AddPeer() {
    peers_.push_back(Peer::ConnectTo(listeners_.front()->Address()));
    peers_.back().Send("x");
    const TimePoint limit = Clock::now() + std::chrono::seconds(5);
    while (peers_.back().ReceiveSome().empty() && Clock::now() < limit) std::this_thread::yield();
  }
  uint64_t Sum(uint64_t (Listener::*count)() const) const {
    uint64_t sum = 0;
    for (const auto& listener : listeners_) sum += ((*listener).*count)();
    return sum;
  }
  void TearDown() override {
    if (group_ != nullptr) group_->Stop();
    listeners_.clear();
    group_.reset();
    peers_.clear();
    ListenerTest::TearDown();
  }

  std::unique_ptr<RunningLoops> group_;
  std::vector<Recorder> handlers_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<Peer> peers_;
  std::atomic<bool> held_{false};
  std::atomic<bool> holding_{true};
};
HON_BACKEND_TEST(SharedSocketTest);

TEST_P(SharedSocketTest, ConnectionsAreSpreadEvenly) {
  for (const size_t loops : {2U, 4U}) {
    Start(loops);
    for (size_t i = 0; i < 2 * loops; ++i) AddPeer();
    for (size_t i = 0; i < loops; ++i) EXPECT_EQ(group_->At(i).Connections(), 2U);
    EXPECT_EQ(Sum(&Listener::Accepted), 2 * loops);
    group_->Stop();
    listeners_.clear();
    peers_.clear();
    group_.reset();
  }
}

TEST_P(SharedSocketTest, ALoopThatIsHeldIsGivenNothing) {
  Start(2);
  group_->At(1).Post([this] {
    held_ = true;
    while (holding_) std::this_thread::sleep_for(milliseconds(1));
  });
  while (!held_) std::this_thread::yield();
  std::this_thread::sleep_for(2 * kPunctualTurnMax);
  for (int i = 0; i < 8; ++i) AddPeer();
  EXPECT_EQ(group_->At(0).Connections(), 8U);
  EXPECT_EQ(Sum(&Listener::HandedOver), 0U);
  holding_ = false;
}

// One loop accepts, as long as no more than one has to: what it keeps and gives away is known.
TEST_P(ListenerTest, ABalancedLoopHandsNothingOver) {
  auto group = std::make_unique<RunningLoops>(2, GetParam());
  std::vector<Recorder> handlers(2);
  auto socket = ListenSocket::Listen("127.0.0.1:0");
  auto listener = Listener::Start(group->At(0), std::move(*socket),
                                  {{&group->At(0), &handlers[0]}, {&group->At(1), &handlers[1]}});
  ASSERT_TRUE(listener);
  // The other loop has as many as this one would have to exceed.
  std::vector<Peer> peers;
  constexpr size_t kThere = 2 * kHandOverShare;
  for (size_t i = 0; i < kThere; ++i) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    ASSERT_TRUE(group->At(1).Adopt(ends[0], handlers[1]));
    peers.emplace_back(ends[1]);
  }
  group->Start();
  const auto connect_until = [&](uint64_t accepted) {
    while ((*listener)->Accepted() < accepted) {
      peers.push_back(Peer::ConnectTo((*listener)->Address()));
      const uint64_t now = peers.size() - kThere;
      const TimePoint limit = Clock::now() + std::chrono::seconds(5);
      while ((*listener)->Accepted() < now && Clock::now() < limit) std::this_thread::yield();
    }
  };
  // Up to a kHandOverShare-th part more stays; the next one goes over.
  constexpr uint64_t kKept = kThere + kThere / kHandOverShare + 1;
  connect_until(kKept);
  EXPECT_EQ((*listener)->HandedOver(), 0U);
  EXPECT_EQ(group->At(0).Connections(), kKept);
  const TimePoint limit = Clock::now() + std::chrono::seconds(30);
  // The other loop is passed over while it is late.
  for (uint64_t i = 1; (*listener)->HandedOver() == 0 && Clock::now() < limit; ++i) {
    connect_until(kKept + i);
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_GE((*listener)->HandedOver(), 1U);
  group->Stop();
  listener->reset();
  group.reset();
}

TEST_P(ListenerTest, UrgentDataDoesNotStallWhatComesBehindIt) {
  if (GetParam() == BackendKind::kKqueue)
    GTEST_SKIP() << "HON_TEST_SKIPPED: kqueue looks for no urgent mark";
  Recorder& handler = NewRecorder();
  std::string got;
  handler.request = [&](Connection& c) {
    got += *c.Reader().Next(c.Reader().Len());
    c.ConsumedInput();
  };
  StartListener(handler);
  const Peer peer = Peer::ConnectTo(listener_->Address());
  ASSERT_TRUE(TurnUntil([&] { return handler.Count("connect") == 1; }));
  // All of it is there before the loop looks.
  peer.Send("before");
  ASSERT_EQ(::send(peer.Fd(), "!", 1, MSG_OOB), 1);
  peer.Send("behind");
  EXPECT_TRUE(TurnUntil([&] { return got == "beforebehind"; })) << got;
}

TEST(ListenSocketTest, ErrorsNameTheAddressAndTheReason) {
  const auto taken = ListenSocket::Listen("127.0.0.1:0");
  ASSERT_TRUE(taken);
  const auto failed = ListenSocket::Listen(taken->Address());
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().SystemCode(), EADDRINUSE);
  EXPECT_NE(failed.error().Message().find(taken->Address()), std::string::npos);
  for (const char* bad :
       {"", "nothing", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:99999999999",
        "::1:80", "[::1:80", "[::1]80", "unix:", "1.2.3.4.5:80", "127.0.0.1:-1", "127.0.0.1:+1"}) {
    EXPECT_FALSE(ListenSocket::Listen(bad)) << bad;
  }
  EXPECT_FALSE(ListenSocket::Listen("unix:" + std::string(108, 'x')));
}

// The kernel lets sockets share an address when each of them sets SO_REUSEPORT and the user is the
// same.
TEST(ListenSocketTest, OnlyThoseThatShareMayShare) {
  const auto alone = ListenSocket::Listen("127.0.0.1:0");
  ASSERT_TRUE(alone);
  const auto copy = alone->Copy();
  ASSERT_TRUE(copy);
  EXPECT_EQ(Option(alone->Fd(), SOL_SOCKET, SO_REUSEPORT), 0);
  for (const bool reuse : {false, true}) {
    const auto other = ListenSocket::Listen(alone->Address(), {.reuse_port = reuse});
    ASSERT_FALSE(other) << reuse;
    EXPECT_EQ(other.error().SystemCode(), EADDRINUSE);
  }
  const auto shared = ListenSocket::Listen("127.0.0.1:0", {.reuse_port = true});
  ASSERT_TRUE(shared);
  EXPECT_TRUE(ListenSocket::Listen(shared->Address(), {.reuse_port = true}));
  EXPECT_FALSE(ListenSocket::Listen(shared->Address()));
}

// What the kernel has queued before the end can be taken; a peer that comes later is refused,
// though other descriptors of the socket are still open.
TEST(ListenSocketTest, AnEndLosesNobodyWhoIsQueued) {
  const std::string path = TemporaryPath("end");
  for (const std::string& address : {std::string("127.0.0.1:0"), "unix:" + path}) {
    auto socket = ListenSocket::Listen(address);
    ASSERT_TRUE(socket) << socket.error().Message();
    const auto copy = socket->Copy();
    ASSERT_TRUE(copy);
    const std::string bound = (socket->IsUnix() ? "unix:" : "") + socket->Address();
    std::vector<Peer> peers;
    for (int i = 0; i < 20; ++i) peers.push_back(Peer::ConnectTo(bound));
    socket->HoldOff();
    for (const Peer& peer : peers) {
      const Peer accepted(socket->Accept());
      ASSERT_GE(accepted.Fd(), 0);
      EXPECT_EQ(Option(accepted.Fd(), SOL_SOCKET, SO_ERROR), 0);
      static_cast<void>(peer);
    }
    EXPECT_LT(socket->Accept(), 0);
    socket->EndListening();
    EXPECT_EQ(Peer().TryToConnect(bound), ECONNREFUSED) << bound;
    EXPECT_LT(socket->Accept(), 0);
  }
}

// The peer's filter drops the answer to its SYN, so that the handshake is half done when peers are
// held off; the kernel repeats the answer after a second.
TEST(ListenSocketTest, AHandshakeThatHasBegunEndsAfterPeersAreHeldOff) {
  auto socket = ListenSocket::Listen("127.0.0.1:0");
  ASSERT_TRUE(socket) << socket.error().Message();
  const Peer peer(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program = {.len = 1, .filter = &drop_all};
  ASSERT_EQ(::setsockopt(peer.Fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
  sockaddr_in name{};
  socklen_t size = sizeof name;
  ASSERT_EQ(::getsockname(socket->Fd(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  ASSERT_LT(::connect(peer.Fd(), reinterpret_cast<const sockaddr*>(&name), size), 0);
  ASSERT_EQ(errno, EINPROGRESS);
  EXPECT_FALSE(socket->AwaitPeer(milliseconds(20)));
  socket->HoldOff();
  const int none = 0;
  ASSERT_EQ(::setsockopt(peer.Fd(), SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none), 0);
  EXPECT_TRUE(socket->AwaitPeer(std::chrono::seconds(30)));
  const Peer accepted(socket->Accept());
  EXPECT_GE(accepted.Fd(), 0);
  EXPECT_FALSE(socket->AwaitPeer(Duration::zero()));
}

// As in Go: the path of a unix socket is refused while its file exists, for any owner.
TEST(ListenSocketTest, TheFileOfAUnixSocketIsRemovedByItsOwnerOnly) {
  const std::string path = TemporaryPath("stale");
  {
    auto socket = ListenSocket::Listen("unix:" + path);
    ASSERT_TRUE(socket) << socket.error().Message();
    EXPECT_TRUE(socket->IsUnix());
    EXPECT_FALSE(ListenSocket::Listen("unix:" + path));
    const ListenSocket inherited = std::move(*ListenSocket::FromFd(::dup(socket->Fd())));
    ASSERT_EQ(::rename(path.c_str(), (path + "2").c_str()), 0);
  }
  EXPECT_EQ(::access((path + "2").c_str(), F_OK), 0) << "removed a file that had been moved away";
  auto stale = ListenSocket::Listen("unix:" + path + "2");
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().SystemCode(), EADDRINUSE);
  EXPECT_EQ(::unlink((path + "2").c_str()), 0);
  {
    auto socket = ListenSocket::Listen("unix:" + path + "2");
    ASSERT_TRUE(socket) << socket.error().Message();
  }
  EXPECT_NE(::access((path + "2").c_str(), F_OK), 0);
  // An ordinary file is not removed.
  const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY, 0600);
  ::close(fd);
  EXPECT_FALSE(ListenSocket::Listen("unix:" + path));
  EXPECT_EQ(::unlink(path.c_str()), 0);
}

TEST(ListenSocketTest, OnlyAListeningSocketCanBeInherited) {
  EXPECT_FALSE(ListenSocket::FromFd(-1));
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_FALSE(ListenSocket::FromFd(fd));
  EXPECT_LT(::fcntl(fd, F_GETFD), 0) << "a descriptor that was refused is closed";
}

TEST(ListenSocketTest, AMovedSocketClosesOnce) {
  const size_t before = OpenDescriptors();
  {
    auto socket = ListenSocket::Listen("localhost:0");
    ASSERT_TRUE(socket) << socket.error().Message();
    EXPECT_TRUE(socket->Address().starts_with("127.0.0.1:")) << socket->Address();
    ListenSocket moved = std::move(*socket);
    *socket = std::move(moved);
    EXPECT_GE(socket->Fd(), 0);
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

}  // namespace
}  // namespace hon::netpoll
