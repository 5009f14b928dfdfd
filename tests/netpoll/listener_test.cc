#include "hon/netpoll/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>

#include "netpoll/fixture.h"

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
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof(any)), 0);
  ASSERT_EQ(::listen(fd, 16), 0);
  auto socket = ListenSocket::FromFd(fd);
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
  GTEST_SKIP() << "NOT TESTED: UndefinedBehaviorSanitizer itself needs descriptors";
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

TEST_P(ListenerTest, EachLoopHasASocketOfItsOwn) {
  auto group = std::make_unique<RunningLoops>(2, GetParam());
  auto first = ListenSocket::Listen("127.0.0.1:0");
  ASSERT_TRUE(first);
  auto second = first->Sibling();
  ASSERT_TRUE(second) << second.error().Message();
  EXPECT_EQ(first->Address(), second->Address());
  std::vector<Recorder> handlers(2);
  std::vector<std::unique_ptr<Listener>> listeners;
  for (size_t i = 0; i < 2; ++i) {
    handlers[i].request = Echo;
    Loop& loop = group->At(i);
    listeners.push_back(
        *Listener::Start(loop, std::move(i == 0 ? *first : *second), {{&loop, &handlers[i]}}));
  }
  group->Start();
  std::vector<Peer> peers;
  for (int i = 0; i < 64; ++i) {
    peers.push_back(Peer::ConnectTo(listeners[0]->Address()));
    peers.back().Send("x");
  }
  for (const Peer& peer : peers) {
    const TimePoint limit = Clock::now() + std::chrono::seconds(2);
    while (peer.ReceiveSome().empty() && Clock::now() < limit) std::this_thread::yield();
  }
  EXPECT_EQ(listeners[0]->Accepted() + listeners[1]->Accepted(), 64U);
  EXPECT_GT(listeners[0]->Accepted(), 0U);
  EXPECT_GT(listeners[1]->Accepted(), 0U);
  group->Stop();
  listeners.clear();
  group.reset();
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

TEST(ListenSocketTest, ASiblingKeepsTheAddressFromThoseThatDoNotShare) {
  const auto first = ListenSocket::Listen("127.0.0.1:0");
  ASSERT_TRUE(first);
  const auto second = first->Sibling();
  ASSERT_TRUE(second) << second.error().Message();
  const auto third = second->Sibling();
  ASSERT_TRUE(third) << third.error().Message();
  const auto other = ListenSocket::Listen(first->Address());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().SystemCode(), EADDRINUSE);
  const auto shared = ListenSocket::Listen("127.0.0.1:0", {.reuse_port = true});
  ASSERT_TRUE(shared);
  EXPECT_TRUE(ListenSocket::Listen(shared->Address(), {.reuse_port = true}));
  EXPECT_FALSE(ListenSocket::Listen(shared->Address()));
}

// As in Go: the path of a unix socket is refused while its file exists, for any owner.
TEST(ListenSocketTest, TheFileOfAUnixSocketIsRemovedByItsOwnerOnly) {
  const std::string path = TemporaryPath("stale");
  {
    auto socket = ListenSocket::Listen("unix:" + path);
    ASSERT_TRUE(socket) << socket.error().Message();
    EXPECT_TRUE(socket->IsUnix());
    EXPECT_FALSE(socket->Sibling());
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
