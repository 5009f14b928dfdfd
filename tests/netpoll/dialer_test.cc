#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>

#include "hon/io/io.h"
#include "netpoll/fixture.h"

namespace hon::netpoll {
namespace {

using std::chrono::milliseconds;

class DialerTest : public BackendTest {
 protected:
  /// Dials, and turns until the result is there.
  Result<Connection*> Dial(std::string_view address, EventHandler& handler,
                           Duration timeout = std::chrono::seconds(1)) {
    std::optional<Result<Connection*>> answer;
    loop_->Dial(address, handler, timeout, [&](Result<Connection*> r) { answer = std::move(r); });
    EXPECT_FALSE(answer.has_value()) << "answered from inside";
    EXPECT_TRUE(TurnUntil([&] { return answer.has_value(); }));
    return answer.has_value() ? *answer : Result<Connection*>(Fail(io::ErrClosed));
  }

  Recorder& server_ = NewRecorder();
  Recorder& client_ = NewRecorder();
};
HON_BACKEND_TEST(DialerTest);

TEST_P(DialerTest, ConnectsToEveryKindOfAddress) {
  server_.request = Echo;
  const std::string unix_path = "unix:@hon-dial-" + std::to_string(::getpid());
  for (const std::string& listen :
       {std::string("127.0.0.1:0"), std::string("[::1]:0"), unix_path}) {
    StartListener(server_, listen);
    const bool is_unix = listen.starts_with("unix");
    const std::string to = is_unix ? listen : listener_->Address();
    client_.events.clear();
    const auto c = Dial(to, client_);
    ASSERT_TRUE(c) << c.error().Message();
    EXPECT_EQ(client_.events, (std::vector<std::string>{"prepare", "connect"}));
    EXPECT_TRUE((*c)->IsActive());
    EXPECT_EQ((*c)->RemoteAddr(), is_unix ? to.substr(5) : to);
    (*c)->Writer().Write("ping");
    (*c)->FlushLater();
    ASSERT_TRUE(TurnUntil([&] { return (*c)->Reader().Len() == 4; }));
    (*c)->Close();
    ASSERT_TRUE(TurnUntil([&] { return loop_->Connections() == 0; }));
  }
}

TEST_P(DialerTest, LooksNamesUpAndTriesEveryAddress) {
  server_.request = Echo;
  // "localhost" may be ::1 first, without a listener.
  StartListener(server_, "127.0.0.1:0");
  const std::string port = listener_->Address().substr(listener_->Address().rfind(':'));
  const auto c = Dial("localhost" + port, client_);
  ASSERT_TRUE(c) << c.error().Message();
  const auto own = Dial(port, client_);
  ASSERT_TRUE(own) << own.error().Message();
}

TEST_P(DialerTest, RefusedIsReportedWithTheAddress) {
  std::string address;
  {
    const auto socket = ListenSocket::Listen("127.0.0.1:0");
    address = socket->Address();
  }
  const auto c = Dial(address, client_);
  ASSERT_FALSE(c);
  EXPECT_EQ(c.error().SystemCode(), ECONNREFUSED) << c.error().Message();
  EXPECT_NE(c.error().Message().find(address), std::string::npos);
  EXPECT_TRUE(client_.events.empty());
  EXPECT_EQ(loop_->Connections(), 0U);
}

TEST_P(DialerTest, BadAddressesAreReported) {
  for (const char* bad : {"", "nothing", "127.0.0.1:", "unix:/no/such/socket", "127.0.0.1:70000"}) {
    EXPECT_FALSE(Dial(bad, client_)) << bad;
  }
  EXPECT_TRUE(client_.events.empty());
}

TEST_P(DialerTest, TimesOut) {
  // A listener with a full queue drops further connections.
  auto socket = ListenSocket::Listen("127.0.0.1:0", {.backlog = 0});
  ASSERT_TRUE(socket);
  std::vector<Peer> fill;
  bool timed_out = false;
  for (int i = 0; i < 4 && !timed_out; ++i) {
    const TimePoint before = Clock::now();
    const auto c = Dial(socket->Address(), client_, milliseconds(50));
    if (c) continue;
    timed_out = true;
    EXPECT_TRUE(c.error().Is(io::ErrDeadlineExceeded)) << c.error().Message();
    EXPECT_GE(Clock::now() - before, milliseconds(50));
  }
  EXPECT_TRUE(timed_out);
}

TEST_P(DialerTest, ACancelledDialFreesItsSocketAndReportsNothing) {
  // A listener with a full queue drops further connections.
  auto socket = ListenSocket::Listen("127.0.0.1:0", {.backlog = 0});
  ASSERT_TRUE(socket);
  const auto owned = std::make_shared<int>(0);
  int connected = 0;
  size_t pending = 0;
  for (int i = 0; i < 8; ++i) {
    loop_->Dial(socket->Address(), client_, std::chrono::seconds(60),
                [owned, &connected](const Result<Connection*>&) { ++connected; });
  }
  for (int turn = 0; turn < 20; ++turn) loop_->Turn(milliseconds(1));
  pending = static_cast<size_t>(8 - connected);
  ASSERT_GT(pending, 0U);
  EXPECT_EQ(static_cast<size_t>(owned.use_count()), 1 + pending);
  loop_->CancelDials(server_);  // of another handler
  EXPECT_EQ(static_cast<size_t>(owned.use_count()), 1 + pending);
  loop_->CancelDials(client_);
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_EQ(loop_->Connections(), static_cast<size_t>(connected));
  EXPECT_EQ(client_.Count("disconnect"), 0U);
}

TEST_P(DialerTest, ACancelledDialOfANameReportsNothing) {
  const auto owned = std::make_shared<int>(0);
  int told = 0;
  loop_->Dial("localhost:1", client_, std::chrono::seconds(60),
              [owned, &told](const Result<Connection*>&) { ++told; });
  loop_->Turn(milliseconds(0));
  loop_->CancelDials(client_);
  EXPECT_EQ(owned.use_count(), 1);
  for (int turn = 0; turn < 20; ++turn) loop_->Turn(milliseconds(1));
  EXPECT_EQ(told, 0);
}

TEST_P(DialerTest, ClosedInPrepareIsAFailure) {
  StartListener(server_);
  client_.prepare = [](Connection& c) { c.Close(CloseHow::kAbort); };
  const auto c = Dial(listener_->Address(), client_);
  ASSERT_FALSE(c);
  ASSERT_TRUE(TurnUntil([&] { return client_.Disconnected(); }));
  EXPECT_EQ(client_.Count("connect"), 0U);
}

TEST_P(DialerTest, PendingDialsFailWithTheirLoop) {
  const auto socket = ListenSocket::Listen("127.0.0.1:0", {.backlog = 0});
  int failed = 0;
  int done = 0;
  for (int i = 0; i < 5; ++i) {
    loop_->Dial(socket->Address(), client_, std::chrono::seconds(30), [&](Result<Connection*> c) {
      ++done;
      if (!c && c.error().Is(io::ErrClosed)) ++failed;
    });
  }
  loop_->Dial("localhost:1", client_, std::chrono::seconds(30),
              [&](Result<Connection*>) { ++done; });
  TurnFor(milliseconds(10));
  loop_->Dial(socket->Address(), client_, std::chrono::seconds(30), [&](Result<Connection*> c) {
    ++done;
    EXPECT_FALSE(c);
  });
  loop_.reset();
  EXPECT_EQ(done, 7);
  EXPECT_GT(failed, 0);
}

}  // namespace
}  // namespace hon::netpoll
