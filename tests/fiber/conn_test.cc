#include "hon/fiber/conn.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

#include "hon/fiber/fiber.h"

namespace hon::fiber {
namespace {

using namespace std::chrono_literals;

class QuietEvents final : public netpoll::EventHandler {
 public:
  void OnRequest(netpoll::Connection&) override {}
};

// Echoes its input, and keeps a trace of its callbacks.
class EchoSink final : public io::ConnSink {
 public:
  void OnOpen(std::unique_ptr<io::EventConn> opened) override {
    trace += "open;";
    conn = std::move(opened);
    OnInput();
  }
  void OnInput() override {
    while (!conn->In().Empty()) {
      const std::string_view part = conn->In().Front();
      conn->Out().Write(part);
      ASSERT_FALSE(conn->In().Skip(part.size()));
    }
    conn->ConsumedInput();
    conn->SendSoon();
    if (conn->InputEnded()) {
      trace += "end;";
      conn->Close(io::ConnClose::kGraceful);
    }
  }
  void OnDrained() override { trace += "drained;"; }
  void OnDeadline(io::ConnDeadline which) override {
    trace += which == io::ConnDeadline::kIdle ? "idle;" : "deadline;";
  }
  void OnClosed(const Error& why) override {
    trace += why ? "broken;" : "closed;";
    conn.reset();
  }

  std::unique_ptr<io::EventConn> conn;
  std::string trace;
};

// One end of a socket pair is a Conn on a loop that the test turns, the other is a plain socket.
class ConnTest : public testing::TestWithParam<netpoll::BackendKind> {
 protected:
  void SetUp() override {
    auto loop = netpoll::Loop::Create({.backend = GetParam()});
    if (!loop) GTEST_SKIP() << "HON_TEST_SKIPPED: " << loop.error().Message();
    loop_ = std::move(*loop);
    scheduler_ = std::make_unique<Scheduler>(*loop_);
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    peer_ = ends[1];
    loop_->Turn(0ms);
    Result<netpoll::Connection*> adopted = loop_->Adopt(ends[0], quiet_);
    ASSERT_TRUE(adopted);
    connection_ = *adopted;
  }
  void TearDown() override {
    if (loop_ == nullptr) return;
    TurnUntil([&] { return scheduler_->Live() == 0; });
    scheduler_.reset();
    loop_.reset();
    if (peer_ >= 0) ::close(peer_);
  }

  void Evented(EchoSink& sink) {
    Start([&] {
      std::unique_ptr<io::Conn> conn = NewConn(*connection_);
      ASSERT_FALSE(conn->BecomeEvented(sink));
      char byte;
      EXPECT_TRUE(conn->Read({&byte, 1}).err.Is(io::ErrClosed));
      EXPECT_TRUE(conn->Write("x").err.Is(io::ErrClosed));
      EXPECT_TRUE(conn->BecomeEvented(sink).Is(io::ErrClosed));
    });
  }
  void Start(std::function<void()> body) {
    body_ = std::move(body);
    scheduler_->Start([](void* f) { (*static_cast<std::function<void()>*>(f))(); }, &body_);
  }
  template <class Condition>
  void TurnUntil(Condition condition) {
    bool met = condition();
    for (int i = 0; i < 10000 && !met; ++i) {
      loop_->Turn(1ms);
      met = condition();
    }
    EXPECT_TRUE(met);
  }
  void Say(std::string_view text) {
    ASSERT_EQ(::send(peer_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  std::string Hear() {
    std::string heard;
    TurnUntil([&] {
      char bytes[4096];
      const ssize_t n = ::recv(peer_, bytes, sizeof bytes, MSG_DONTWAIT);
      if (n > 0) heard.assign(bytes, static_cast<size_t>(n));
      return n >= 0;
    });
    return heard;
  }

  QuietEvents quiet_;
  std::unique_ptr<netpoll::Loop> loop_;
  std::unique_ptr<Scheduler> scheduler_;
  netpoll::Connection* connection_ = nullptr;
  std::function<void()> body_;
  int peer_ = -1;
};

TEST_P(ConnTest, EventedTellsItsSinkUntilThePeerLeaves) {
  EchoSink sink;
  Say("early");
  TurnUntil([&] { return !connection_->Reader().Empty(); });
  Evented(sink);
  EXPECT_EQ(scheduler_->Live(), 0u);
  EXPECT_EQ(Hear(), "early");
  Say("later");
  EXPECT_EQ(Hear(), "later");
  ::shutdown(peer_, SHUT_WR);
  EXPECT_EQ(Hear(), "");
  TurnUntil([&] { return sink.conn == nullptr; });
  EXPECT_EQ(sink.trace, "open;end;closed;");
}

TEST_P(ConnTest, EventedHasDeadlines) {
  EchoSink sink;
  Evented(sink);
  sink.conn->SetDeadline(io::ConnDeadline::kIdle, Clock::now() + 1ms);
  TurnUntil([&] { return sink.trace == "open;idle;"; });
  sink.conn->Close(io::ConnClose::kAbort);
  TurnUntil([&] { return sink.conn == nullptr; });
}

TEST_P(ConnTest, EventedSaysWhenTheSocketTakesBytesAgain) {
  EchoSink sink;
  Evented(sink);
  const std::string much(4 << 20, 'm');
  sink.conn->Out().Write(much);
  sink.conn->SendSoon();
  loop_->Turn(0ms);
  EXPECT_FALSE(sink.conn->Out().Empty());
  size_t heard = 0;
  while (heard < much.size() && !HasFailure()) heard += Hear().size();
  TurnUntil([&] { return sink.trace == "open;drained;"; });
  sink.conn.reset();  // resets it
  char byte;
  TurnUntil([&] { return ::recv(peer_, &byte, 1, MSG_DONTWAIT) == 0; });
  EXPECT_EQ(sink.trace, "open;drained;");
}

TEST_P(ConnTest, EventedIsReachedFromOtherThreads) {
  EchoSink sink;
  Evented(sink);
  EXPECT_EQ(sink.conn->LoopId(), loop_.get());
  std::atomic<bool> posted{false};
  std::string trace;
  std::thread other([&] {
    EXPECT_FALSE(sink.conn->InLoop());
    for (int i = 0; i < 3; ++i) {
      sink.conn->Post([&trace, &sink, i] {
        EXPECT_TRUE(sink.conn->InLoop());
        trace += static_cast<char>('a' + i);
      });
    }
    posted = true;
  });
  TurnUntil([&] { return posted && trace.size() == 3; });
  other.join();
  EXPECT_EQ(trace, "abc");
  sink.conn.reset();
}

TEST_P(ConnTest, AnEndedConnectionGetsNoEvents) {
  EchoSink sink;
  Start([&] {
    std::unique_ptr<io::Conn> conn = NewConn(*connection_);
    ::close(std::exchange(peer_, -1));
    char byte;
    EXPECT_TRUE(conn->Read({&byte, 1}).err.Is(io::ErrEof));
    EXPECT_FALSE(conn->Close());
    EXPECT_TRUE(conn->BecomeEvented(sink).Is(io::ErrClosed));
  });
  TurnUntil([&] { return scheduler_->Live() == 0; });
  EXPECT_EQ(sink.trace, "");
}

// A view of an EventConn that another sink would have got.
TEST_P(ConnTest, AnyEventConnIsSeenByAFiber) {
  std::string heard;
  Start([&] {
    auto conn = ConnOf([&](io::ConnSink& sink) {
      OpenConn(*connection_, sink);
      return Error();
    });
    ASSERT_TRUE(conn);
    char bytes[16];
    const io::IoResult got = (*conn)->Read(bytes);
    heard.assign(bytes, got.n);
    EXPECT_FALSE((*conn)->Write("answer").err);
    EXPECT_FALSE((*conn)->CloseWrite());
    EXPECT_TRUE((*conn)->Read(bytes).err.Is(io::ErrEof));
  });
  Say("question");
  EXPECT_EQ(Hear(), "answer");
  EXPECT_EQ(Hear(), "");
  ::shutdown(peer_, SHUT_WR);
  TurnUntil([&] { return scheduler_->Live() == 0; });
  EXPECT_EQ(heard, "question");
  const auto none = ConnOf([](io::ConnSink&) { return Error::New("none"); });
  EXPECT_EQ(none.error().Message(), "none");
}

// Throws from each of its calls but OnOpen.
class ThrowingSink final : public io::ConnSink {
 public:
  void OnOpen(std::unique_ptr<io::EventConn> opened) override { conn = std::move(opened); }
  void OnInput() override { throw std::runtime_error("input"); }
  void OnDeadline(io::ConnDeadline) override { throw 1; }
  void OnClosed(const Error&) override {
    conn.reset();
    throw std::runtime_error("closed");
  }
  std::unique_ptr<io::EventConn> conn;
};

TEST_P(ConnTest, ASinkThatThrowsLosesItsConnectionOnly) {
  ThrowingSink sink;
  OpenConn(*connection_, sink);
  Say("anything");
  TurnUntil([&] { return sink.conn == nullptr; });
  char byte;
  TurnUntil([&] { return ::recv(peer_, &byte, 1, MSG_DONTWAIT) <= 0; });
  loop_->Turn(0ms);
}

TEST_P(ConnTest, AGroupNotifiesOfAShutdownAndCuts) {
  struct Told final : io::ConnSink {
    void OnOpen(std::unique_ptr<io::EventConn> opened) override { conn = std::move(opened); }
    void OnInput() override {}
    void OnDeadline(io::ConnDeadline) override {}
    void OnShutdown() override { ++shutdowns; }
    void OnClosed(const Error& why) override {
      reason = why.Message();
      conn.reset();
    }
    std::unique_ptr<io::EventConn> conn;
    int shutdowns = 0;
    std::string reason;
  };
  int emptied = 0;
  ConnGroup group([&] { ++emptied; });
  auto slot = std::make_shared<int>(0);
  const std::weak_ptr<int> held = slot;
  Told first;
  Told second;
  OpenConn(*connection_, first, &group, std::move(slot));
  EXPECT_FALSE(group.Empty());
  group.TellShutdown();
  first.conn->SetSink(second);  // before the event was delivered: only the new sink gets it
  second.conn = std::move(first.conn);
  TurnUntil([&] { return second.shutdowns != 0; });
  loop_->Turn(0ms);
  EXPECT_EQ(first.shutdowns, 0);
  EXPECT_EQ(second.shutdowns, 1);
  EXPECT_FALSE(held.expired());
  second.conn->Out().Write("goodbye");
  group.CutAll(Error::New("over"));
  TurnUntil([&] { return second.conn == nullptr; });
  EXPECT_EQ(second.reason, "over");
  EXPECT_EQ(Hear(), "goodbye");
  EXPECT_TRUE(held.expired());
  EXPECT_TRUE(group.Empty());
  EXPECT_EQ(emptied, 1);
}

std::string NameOf(const testing::TestParamInfo<netpoll::BackendKind>& info) {
  return std::string(netpoll::BackendName(info.param));
}

INSTANTIATE_TEST_SUITE_P(All, ConnTest,
                         testing::Values(netpoll::BackendKind::kIoUring,
                                         netpoll::BackendKind::kEpoll),
                         NameOf);

}  // namespace
}  // namespace hon::fiber
