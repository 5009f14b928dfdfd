// The records of a connection that one turn of its loop opens, and the order of the others.

#include "netpoll/record_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "hon/io/record_layer.h"
#include "netpoll/records_fixture.h"

namespace hon::netpoll {
namespace {

using test::RecordPeer;

constexpr size_t kMax = io::kRecordsPerTurnMax;

class RecordQueueTest : public RecordsTest {
 protected:
  /// Notes which connection has received how many bytes.
  void Listen() {
    handler_.request = [this](Connection& c) {
      const size_t size = c.Reader().Len();
      read_ += size;
      seen_.emplace_back(c.Fd(), size);
      ended_ = c.InputEnded();
      truncated_ = c.InputTruncated();
      static_cast<void>(c.Reader().Skip(size));
      c.ConsumedInput();
    };
  }
  /// Adopts a second connection, with a peer of its own. Returns its descriptor.
  int AdoptAnother() {
    peer_ = std::make_unique<RecordPeer>(NewLayer(Role::kClient));
    Adopt();
    Exchange();
    return fd_;
  }
  /// The next `count` records of the peer, of one byte each.
  std::string Records(size_t count) {
    for (size_t i = 0; i < count; ++i) peer_->Seal("r");
    return peer_->TakeSealed();
  }

  using Seen = std::vector<std::pair<int, size_t>>;
  Seen seen_;
  size_t read_ = 0;
  bool ended_ = false;
  bool truncated_ = false;
};

TEST_F(RecordQueueTest, OneRecordMoreThanTheLimitComesBehindTheOtherConnections) {
  for (const size_t count : {kMax, kMax + 1}) {
    Restart();
    seen_.clear();
    AdoptOpen();
    const int many = fd_;
    const std::string flood = Records(count);
    const int quick = AdoptAnother();
    Listen();
    kernel_->At(many).Sends(flood);
    kernel_->At(quick).Sends(Records(1));
    Turn(3);
    Seen wanted = {{many, kMax}, {quick, 1}};
    if (count > kMax) wanted.emplace_back(many, 1);
    EXPECT_EQ(seen_, wanted) << count;
  }
}

TEST_F(RecordQueueTest, EachTurnOpensTheNextRecordsAndServesTheOthers) {
  AdoptOpen();
  const int many = fd_;
  const std::string flood = Records(10 * kMax);
  const int quick = AdoptAnother();
  Listen();
  kernel_->At(many).Sends(flood);
  for (size_t turn = 1; turn <= 4; ++turn) {
    kernel_->At(quick).Sends(Records(1));
    seen_.clear();
    Turn();
    const Seen others = {{quick, 1}, {many, kMax}};
    const Seen first = {{many, kMax}, {quick, 1}, {many, kMax}};
    EXPECT_EQ(seen_, turn == 1 ? first : others);
  }
  Turn(10);
  EXPECT_EQ(read_, 10 * kMax + 4);
}

// The loop stops receiving from a peer whose records come faster than they are opened.
TEST_F(RecordQueueTest, UnopenedRecordsAreBounded) {
  AdoptOpen();
  Listen();
  constexpr size_t kPieces = 40;
  constexpr size_t kPieceBytes = 8 * 1024;
  constexpr size_t kPieceRecords = kPieceBytes / 4;
  for (size_t i = 0; i < kPieces; ++i) Socket().Sends(Records(kPieceRecords));
  Turn(60);
  EXPECT_GE(Socket().Unreceived(), kPieces - kInputHighWaterBytes / kPieceBytes - 2);
  EXPECT_GT(read_, 0U);
  Turn(kPieces * kPieceRecords / kMax + kPieces);
  EXPECT_EQ(read_, kPieces * kPieceRecords);
}

TEST_F(RecordQueueTest, TheEndComesBehindAllRecords) {
  for (const bool notified : {false, true}) {
    for (const bool paused : {false, true}) {
      Restart();
      read_ = 0;
      Connection& c = AdoptOpen();
      Listen();
      std::string bytes = Records(5 * kMax + 1);
      if (notified) {
        peer_->CloseOutput();
        bytes += peer_->TakeSealed();
      }
      if (paused) c.PauseRead();
      Socket().Sends(bytes);
      Socket().Finishes();
      Turn();
      EXPECT_FALSE(c.InputEnded());
      if (paused) c.ResumeRead();
      Turn();
      EXPECT_FALSE(c.InputEnded());
      Turn(20);
      EXPECT_EQ(read_, 5 * kMax + 1);
      EXPECT_TRUE(ended_);
      EXPECT_EQ(truncated_, !notified);
      c.Close(CloseHow::kLinger);
      Turn(2);
      EXPECT_TRUE(Socket().Closed());
    }
  }
}

// The client sends everything, and its FIN, before the server has shaken hands.
TEST_F(RecordQueueTest, TheEndComesBehindTheRecordsOfAHandshake) {
  RecordPeer server(NewLayer(Role::kServer));
  std::string bytes = peer_->TakeSealed();
  ASSERT_FALSE(server.Receive(bytes));
  ASSERT_FALSE(peer_->Receive(server.TakeSealed()));
  bytes += peer_->TakeSealed();
  bytes += Records(3 * kMax);
  Listen();
  const Connection& c = Adopt();
  Socket().Sends(bytes);
  Socket().Finishes();
  Turn();
  EXPECT_FALSE(ended_);
  Turn(20);
  EXPECT_EQ(read_, 3 * kMax);
  EXPECT_TRUE(c.InputEnded());
  EXPECT_TRUE(truncated_);
}

TEST_F(RecordQueueTest, ACloseDoesNotWaitForAnEndThatHasCome) {
  Connection& c = AdoptOpen();
  handler_.request = [](Connection&) {};
  Socket().Sends(Records(20 * kMax));
  Socket().Finishes();
  Turn(2);
  EXPECT_FALSE(c.InputEnded());
  c.Close(CloseHow::kLinger);
  Turn(2);
  EXPECT_TRUE(Socket().Closed());
  EXPECT_TRUE(handler_.Disconnected());
}

TEST_F(RecordQueueTest, AConnectionMayEndWhileItWaits) {
  for (const CloseHow how : {CloseHow::kGraceful, CloseHow::kAbort}) {
    Restart();
    Connection& c = AdoptOpen();
    Listen();
    Socket().Sends(Records(20 * kMax));
    Turn();
    c.Close(how);
    Turn(2);
    EXPECT_TRUE(handler_.Disconnected());
  }
  Restart();
  AdoptOpen();
  Listen();
  Socket().Sends(Records(20 * kMax));
  Turn();
  EXPECT_FALSE(handler_.Disconnected());
  Restart();  // the loop ends
}

}  // namespace
}  // namespace hon::netpoll
