// Connections that are lent to a sink and come back to their owner.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "hon/fiber/conn.h"
#include "hon/fiber/fiber.h"

namespace hon::fiber {
namespace {

using namespace std::chrono_literals;

// An owner with the events of its own connection; all calls are in `trace`.
class TracingOwner final : public netpoll::EventHandler, public ConnOwner {
 public:
  void OnRequest(netpoll::Connection&) override { trace += "input;"; }
  void OnDisconnect(netpoll::Connection&, const Error&) override { trace += "disconnect;"; }
  void OnConnReturned(bool whole) override {
    trace += whole ? "whole;" : "reset;";
    connection->SetEventHandler(*this);
  }
  void OnConnEnded(const Error&) override { trace += "ended;"; }

  netpoll::Connection* connection = nullptr;
  std::string trace;
};

class Borrower final : public io::ConnSink {
 public:
  explicit Borrower(TracingOwner& owner) : owner_(&owner) {}
  void OnOpen(std::unique_ptr<io::EventConn> opened) override { conn = std::move(opened); }
  void OnInput() override {
    conn->ConsumedInput();
    owner_->trace += conn->InputEnded() ? "borrower: end;" : "borrower: input;";
  }
  void OnDeadline(io::ConnDeadline) override { owner_->trace += "borrower: deadline;"; }
  void OnShutdown() override { owner_->trace += "borrower: shutdown;"; }
  void OnClosed(const Error& why) override {
    owner_->trace += why ? "borrower: broken;" : "borrower: closed;";
    if (!keeps) conn.reset();
  }

  std::unique_ptr<io::EventConn> conn;
  bool keeps = false;  // also behind OnClosed

 private:
  TracingOwner* owner_;
};

class LentConnTest : public testing::TestWithParam<netpoll::BackendKind> {
 protected:
  LentConnTest() : group_([] {}), borrower_(owner_) {}
  void SetUp() override {
    auto loop = netpoll::Loop::Create({.backend = GetParam()});
    if (!loop) GTEST_SKIP() << "HON_TEST_SKIPPED: " << loop.error().Message();
    loop_ = std::move(*loop);
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    peer_ = ends[1];
    loop_->Turn(0ms);
    const Result<netpoll::Connection*> adopted = loop_->Adopt(ends[0], owner_);
    ASSERT_TRUE(adopted);
    owner_.connection = *adopted;
    LendConn(*owner_.connection, borrower_, &group_, owner_);
  }
  void TearDown() override {
    borrower_.conn.reset();
    if (peer_ >= 0) ::close(peer_);
    if (loop_ != nullptr) loop_->Turn(0ms);
    loop_.reset();
  }

  template <class Condition>
  void TurnUntil(Condition condition) {
    bool met = condition();
    for (int i = 0; i < 10000 && !met; ++i) {
      loop_->Turn(1ms);
      met = condition();
    }
    EXPECT_TRUE(met) << owner_.trace;
  }
  void Say(std::string_view text) {
    ASSERT_EQ(::send(peer_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  std::string Hear() {
    std::string heard;
    TurnUntil([&] {
      char bytes[64];
      const ssize_t n = ::recv(peer_, bytes, sizeof bytes, MSG_DONTWAIT);
      if (n > 0) heard.assign(bytes, static_cast<size_t>(n));
      return n >= 0 || errno == ECONNRESET;
    });
    return heard;
  }

  TracingOwner owner_;
  ConnGroup group_;
  Borrower borrower_;
  std::unique_ptr<netpoll::Loop> loop_;
  int peer_ = -1;
};

TEST_P(LentConnTest, AGracefulCloseGivesTheConnectionBackInAnotherTurn) {
  borrower_.conn->SetDeadline(io::ConnDeadline::kRead, Clock::now());
  borrower_.conn->Out().Write("rest");
  borrower_.conn->Close(io::ConnClose::kGraceful);
  EXPECT_EQ(owner_.trace, "");
  TurnUntil([&] { return !owner_.trace.empty(); });
  EXPECT_EQ(owner_.trace, "borrower: closed;whole;") << "no deadline behind the close";
  EXPECT_TRUE(group_.Empty());
  owner_.connection->FlushLater();
  EXPECT_EQ(Hear(), "rest");
  Say("next");
  TurnUntil([&] { return owner_.trace == "borrower: closed;whole;input;"; });
  EXPECT_EQ(owner_.connection->Reader().Front(), "next");
  owner_.connection->Close(netpoll::CloseHow::kGraceful);
  TurnUntil([&] { return owner_.trace.ends_with("disconnect;"); });
}

TEST_P(LentConnTest, InputStaysForTheOwner) {
  Say("next");
  TurnUntil([&] { return owner_.trace == "borrower: input;"; });
  borrower_.conn->Close(io::ConnClose::kGraceful);
  TurnUntil([&] { return owner_.trace == "borrower: input;borrower: closed;whole;"; });
  EXPECT_EQ(owner_.connection->Reader().Front(), "next");
  owner_.connection->Close(netpoll::CloseHow::kAbort);
  TurnUntil([&] { return owner_.trace.ends_with("disconnect;"); });
}

TEST_P(LentConnTest, OneThatIsKeptBehindTheEndTouchesTheConnectionNoMore) {
  borrower_.keeps = true;
  borrower_.conn->Close(io::ConnClose::kGraceful);
  TurnUntil([&] { return owner_.trace == "borrower: closed;whole;"; });
  borrower_.conn.reset();
  Say("next");
  TurnUntil([&] { return owner_.trace == "borrower: closed;whole;input;"; });
  owner_.connection->Close(netpoll::CloseHow::kAbort);
  TurnUntil([&] { return owner_.trace.ends_with("disconnect;"); });
}

TEST_P(LentConnTest, DestroyedBehindACloseItIsGivenBackWhole) {
  borrower_.conn->Close(io::ConnClose::kGraceful);
  borrower_.conn.reset();
  EXPECT_EQ(owner_.trace, "whole;");
  loop_->Turn(0ms);
  EXPECT_EQ(owner_.trace, "whole;");
  Say("next");
  TurnUntil([&] { return owner_.trace == "whole;input;"; });
  owner_.connection->Close(netpoll::CloseHow::kAbort);
  TurnUntil([&] { return owner_.trace.ends_with("disconnect;"); });
}

TEST_P(LentConnTest, DestroyedWhileOpenItIsReset) {
  borrower_.conn.reset();
  EXPECT_EQ(owner_.trace, "reset;");
  TurnUntil([&] { return owner_.trace == "reset;disconnect;"; });
  EXPECT_EQ(Hear(), "");
}

TEST_P(LentConnTest, AnAbortEndsTheConnectionForBoth) {
  borrower_.conn->Close(io::ConnClose::kGraceful);
  borrower_.conn->Close(io::ConnClose::kAbort);
  TurnUntil([&] { return owner_.trace.ends_with("ended;"); });
  EXPECT_EQ(owner_.trace, "borrower: closed;ended;");
}

TEST_P(LentConnTest, APeerThatLeavesIsNoticed) {
  ::close(std::exchange(peer_, -1));
  TurnUntil([&] { return owner_.trace.starts_with("borrower: end;"); });
  borrower_.conn->Close(io::ConnClose::kAbort);
  TurnUntil([&] { return owner_.trace.ends_with("ended;"); });
  EXPECT_TRUE(group_.Empty());
}

TEST_P(LentConnTest, TheGroupTellsOfAShutdown) {
  group_.TellShutdown();
  TurnUntil([&] { return owner_.trace == "borrower: shutdown;"; });
  borrower_.conn->Close(io::ConnClose::kGraceful);
  TurnUntil([&] { return owner_.trace.ends_with("whole;"); });
  owner_.connection->Close(netpoll::CloseHow::kAbort);
  TurnUntil([&] { return owner_.trace.ends_with("disconnect;"); });
}

std::string LentName(const testing::TestParamInfo<netpoll::BackendKind>& info) {
  return std::string(netpoll::BackendName(info.param));
}

INSTANTIATE_TEST_SUITE_P(All, LentConnTest,
                         testing::Values(netpoll::BackendKind::kIoUring,
                                         netpoll::BackendKind::kEpoll),
                         LentName);

}  // namespace
}  // namespace hon::fiber
