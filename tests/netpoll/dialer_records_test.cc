// Dialing with a record layer: the handshake is part of the dial.

#include <gtest/gtest.h>

#include <cerrno>

#include "hon/io/io.h"
#include "netpoll/records_fixture.h"

namespace hon::netpoll {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class DialRecordsTest : public RecordsTest {
 protected:
  void Dial(Duration timeout = seconds(5)) {
    handler_.prepare = nullptr;
    peer_ = std::make_unique<test::RecordPeer>(NewLayer(Role::kServer, "h2"));
    loop_->Dial(
        "192.0.2.9:443", handler_, timeout,
        [this](Result<Connection*> c) {
          ++told_;
          outcome_ = std::move(c);
        },
        NewLayer(Role::kClient, protocol_));
    Turn(2);
    fd_ = kernel_->LastConnect();
  }

  std::string protocol_ = "h2";
  int told_ = 0;
  Result<Connection*> outcome_ = Fail(Error::New("not told"));
};

TEST_F(DialRecordsTest, ADialEndsBehindTheHandshake) {
  kernel_->SetConnectResult(EINPROGRESS);
  Dial();
  Socket().CompleteConnect();
  Turn();
  EXPECT_EQ(told_, 0);
  Exchange();
  ASSERT_EQ(told_, 1);
  ASSERT_TRUE(outcome_) << outcome_.error().Message();
  EXPECT_EQ(handler_.events, (std::vector<std::string>{"prepare", "connect"}));
  EXPECT_EQ((*outcome_)->GetRecordLayer()->ApplicationProtocol(), "h2");
  (*outcome_)->Writer().Write("hello");
  (*outcome_)->FlushLater();
  Exchange();
  EXPECT_EQ(peer_->TakePlain(), "hello");
}

TEST_F(DialRecordsTest, AHandshakeThatFailsFailsTheDial) {
  protocol_ = "other";
  Dial();
  Exchange();
  ASSERT_EQ(told_, 1);
  ASSERT_FALSE(outcome_);
  EXPECT_TRUE(outcome_.error().Is(test::ErrBadRecord));
  EXPECT_EQ(outcome_.error().Message(),
            "dial 192.0.2.9:443: xor: remote error: no_application_protocol");
  Socket().Finishes();
  Turn(2);
  EXPECT_EQ(handler_.events, (std::vector<std::string>{"prepare", "disconnect"}));
}

TEST_F(DialRecordsTest, TheHandshakeHasTheTimeThatIsLeft) {
  kernel_->SetConnectResult(EINPROGRESS);
  Dial(seconds(5));
  kernel_->Advance(seconds(3));
  Turn();
  Socket().CompleteConnect();
  Turn();
  kernel_->Advance(milliseconds(1900));
  Turn(2);
  EXPECT_EQ(told_, 0);
  kernel_->Advance(milliseconds(200));
  Turn(2);
  ASSERT_EQ(told_, 1);
  EXPECT_TRUE(outcome_.error().Is(io::ErrDeadlineExceeded));
}

TEST_F(DialRecordsTest, TheLoopEndsInTheHandshake) {
  Dial();
  loop_.reset();
  ASSERT_EQ(told_, 1);
  EXPECT_TRUE(outcome_.error().Is(io::ErrClosed));
  EXPECT_EQ(handler_.Count("disconnect"), 1U);
}

TEST_F(DialRecordsTest, CancelledInTheHandshake) {
  Dial();
  ASSERT_EQ(loop_->Connections(), 1U);
  loop_->CancelDials(handler_);
  Turn(2);
  EXPECT_EQ(told_, 0);
  EXPECT_EQ(loop_->Connections(), 0U);
  EXPECT_EQ(handler_.events, (std::vector<std::string>{"prepare"}));
}

TEST_F(DialRecordsTest, ClosedInTheHandshake) {
  Dial();
  loop_->ForEachConnection([](Connection& c) { c.Close(CloseHow::kAbort); });
  EXPECT_EQ(told_, 0);  // never from inside
  Turn(2);
  ASSERT_EQ(told_, 1);
  EXPECT_TRUE(outcome_.error().Is(io::ErrClosed));
}

}  // namespace
}  // namespace hon::netpoll
