#include "netpoll/fixture.h"

#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "netpoll/address.h"

namespace hon::netpoll {

Peer Peer::ConnectTo(std::string_view address) {
  Peer peer;
  const int error = peer.TryToConnect(address);
  if (error != 0) ADD_FAILURE() << "connect " << address << ": " << error;
  return peer;
}

int Peer::TryToConnect(std::string_view address) {
  const auto addresses = ResolveAddress(address, AddressUse::kDial);
  if (!addresses) return EINVAL;
  const SocketAddress& to = addresses->front();
  Close();
  fd_ = ::socket(to.Family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd_, to.Get(), to.size) == 0) return 0;
  const int error = errno;
  Close();
  return error;
}

void Peer::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    ASSERT_GT(n, 0) << errno;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

size_t Peer::SendSome(std::string_view bytes) const {
  const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return n < 0 ? 0 : static_cast<size_t>(n);
}

std::string Peer::ReceiveSome() const {
  static std::vector<char> bytes(256 * 1024);
  const ssize_t n = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
  return {bytes.data(), n < 0 ? 0 : static_cast<size_t>(n)};
}

int Peer::State() const {
  char byte;
  const ssize_t n = ::recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  if (n < 0) return errno == EAGAIN ? 1 : -errno;
  return static_cast<int>(n);
}

void Peer::Finish() const { ::shutdown(fd_, SHUT_WR); }

void Peer::Reset() {
  const linger abort{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
  Close();
}

void Peer::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Recorder::OnPrepare(Connection& c) {
  events.emplace_back("prepare");
  last = &c;
  if (prepare) prepare(c);
}

void Recorder::OnConnect(Connection& c) {
  events.emplace_back("connect");
  last = &c;
}

void Recorder::OnRequest(Connection& c) {
  events.emplace_back("request");
  last = &c;
  if (request) request(c);
}

void Recorder::OnWritable(Connection& c) {
  events.emplace_back("writable");
  if (writable) writable(c);
}

void Recorder::OnTimeout(Connection& c, DeadlineKind kind) {
  events.push_back("timeout " + std::to_string(static_cast<int>(kind)));
  if (timeout) timeout(c, kind);
}

void Recorder::OnDisconnect(Connection& c, const Error& error) {
  events.emplace_back("disconnect");
  why = error;
  if (disconnect) disconnect(c);
}

void Recorder::ForgetHooks() {
  prepare = request = writable = disconnect = nullptr;
  timeout = nullptr;
}

size_t Recorder::Count(std::string_view event) const {
  return static_cast<size_t>(std::count(events.begin(), events.end(), event));
}

void Echo(Connection& c) {
  c.Writer().Append(std::move(c.Reader()));
  c.ConsumedInput();
  c.FlushLater();
  if (c.InputEnded()) c.Close(CloseHow::kGraceful);
}

RunningLoops::RunningLoops(size_t count, BackendKind backend) {
  for (size_t i = 0; i < count; ++i) {
    loops_.push_back(*Loop::Create({.backend = backend, .index = static_cast<unsigned>(i)}));
  }
}

void RunningLoops::Start() {
  for (const auto& loop : loops_) threads_.emplace_back([&each = *loop] { each.Run(); });
}

void RunningLoops::Stop() {
  if (threads_.empty()) return;
  for (const auto& loop : loops_) loop->Stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

size_t OpenDescriptors() {
  size_t count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

void BackendTest::SetUp() {
  descriptors_before_ = OpenDescriptors();
  Result<std::unique_ptr<Loop>> loop = Loop::Create({.backend = GetParam()});
  if (!loop) {
    GTEST_SKIP() << "HON_TEST_SKIPPED: no " << BackendName(GetParam()) << ": "
                 << loop.error().Message();
  }
  loop_ = std::move(*loop);
  ASSERT_EQ(loop_->Kind(), GetParam());
}

void BackendTest::TearDown() {
  if (loop_ == nullptr) return;
  // The hooks refer to variables of the test, which have ended.
  for (const auto& recorder : recorders_) recorder->ForgetHooks();
  listener_.reset();
  loop_.reset();
  EXPECT_EQ(OpenDescriptors(), descriptors_before_) << "descriptors leaked";
}

Recorder& BackendTest::NewRecorder() {
  return *recorders_.emplace_back(std::make_unique<Recorder>());
}

bool BackendTest::TurnUntil(const std::function<bool()>& done) {
  const TimePoint limit = Clock::now() + std::chrono::seconds(2);
  // A turn ends with the wait for the events of the next one. Pending events are fetched and
  // delivered without a further wait.
  for (int turn = 0; !done(); ++turn) {
    if (Clock::now() > limit) return false;
    loop_->Turn(std::chrono::milliseconds(turn % 3 == 2 ? 5 : 0));
  }
  return true;
}

void BackendTest::TurnFor(Duration time) {
  const TimePoint limit = Clock::now() + time;
  while (Clock::now() < limit) loop_->Turn(std::chrono::milliseconds(2));
}

Connection& BackendTest::Connect(EventHandler& handler, Peer* peer) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  *peer = Peer(ends[1]);
  Result<Connection*> c = loop_->Adopt(ends[0], handler);
  EXPECT_TRUE(c) << c.error().Message();
  return **c;
}

Connection& BackendTest::ConnectTcp(EventHandler& handler, Peer* peer) {
  auto socket = ListenSocket::Listen("127.0.0.1:0");
  EXPECT_TRUE(socket);
  *peer = Peer::ConnectTo(socket->Address());
  const int fd = ::accept4(socket->Fd(), nullptr, nullptr, SOCK_CLOEXEC);
  // The listening socket is non-blocking, but the handshake over loopback is complete by now.
  EXPECT_GE(fd, 0);
  Result<Connection*> c = loop_->Adopt(fd, handler);
  EXPECT_TRUE(c) << c.error().Message();
  return **c;
}

void BackendTest::StartListener(EventHandler& handler, std::string_view address) {
  auto socket = ListenSocket::Listen(address);
  ASSERT_TRUE(socket) << socket.error().Message();
  auto listener = Listener::Start(*loop_, std::move(*socket), {{loop_.get(), &handler}});
  ASSERT_TRUE(listener) << listener.error().Message();
  listener_ = std::move(*listener);
}

std::vector<BackendKind> BackendsUnderTest() {
  if (Loop::Create({.backend = BackendKind::kKqueue})) return {BackendKind::kKqueue};
  return {BackendKind::kEpoll, BackendKind::kIoUring};
}

std::string BackendTestName(const testing::TestParamInfo<BackendKind>& info) {
  return std::string(BackendName(info.param));
}

}  // namespace hon::netpoll
