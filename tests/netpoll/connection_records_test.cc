// A connection with a record layer: the events of its handler for any split of the ciphertext, and
// the bytes that reach the peer. The layer is that of tests/support/xor_record_layer.h.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hon/io/file.h"
#include "hon/io/io.h"
#include "netpoll/records_fixture.h"
#include "support/temp_dir.h"

namespace hon::netpoll {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::RecordPeer;
using test::XorRecordLayer;

TEST_F(RecordsTest, OnConnectComesBehindTheHandshakeAndKnowsTheProtocol) {
  handler_.prepare = [](Connection& c) { c.SetRecordLayer(NewLayer(Role::kServer, "h2")); };
  peer_ = std::make_unique<RecordPeer>(NewLayer(Role::kClient, "h2"));
  handler_.request = Echo;
  Connection& c = Adopt();
  Turn(3);
  EXPECT_EQ(handler_.events, (std::vector<std::string>{"prepare"}));
  EXPECT_TRUE(c.IsActive());
  Exchange();
  EXPECT_EQ(handler_.events, (std::vector<std::string>{"prepare", "connect"}));
  EXPECT_EQ(c.GetRecordLayer()->ApplicationProtocol(), "h2");
  EXPECT_EQ(peer_->Layer().ApplicationProtocol(), "h2");
  peer_->Seal("hello");
  Exchange();
  EXPECT_EQ(peer_->TakePlain(), "hello");
}

// The ciphertext of a client's whole life, cut in two at every place and into single bytes.
TEST_F(RecordsTest, EveryCutOfTheCiphertextReadsTheSame) {
  const std::string large(3000, 'l');
  // Recorded once; a server's hello is the same each time.
  RecordPeer client(NewLayer(Role::kClient));
  std::string ciphertext = client.TakeSealed();
  {
    RecordPeer server(NewLayer(Role::kServer));
    ASSERT_FALSE(server.Receive(ciphertext));
    ASSERT_FALSE(client.Receive(server.TakeSealed()));
  }
  client.Seal("first");
  static_cast<XorRecordLayer&>(client.Layer()).AskForUpdate(client.Sealed());
  client.Seal(large);
  client.Seal("last");
  client.CloseOutput();
  ciphertext += client.TakeSealed();

  const auto serve = [&](const std::function<void()>& send) {
    Restart();
    std::string seen;
    handler_.request = [&](Connection& c) {
      seen += *c.Reader().ReadString(c.Reader().Len());
      if (!c.InputEnded()) return;
      EXPECT_FALSE(c.InputTruncated());
      c.Writer().Write("answer");
      c.Close();
    };
    Adopt();
    send();
    while (Socket().Unreceived() != 0) Turn();
    Turn(2);
    EXPECT_EQ(seen, "first" + large + "last");
    EXPECT_EQ(handler_.events[1], "connect");
    EXPECT_TRUE(handler_.Disconnected());
    EXPECT_FALSE(handler_.why) << handler_.why.Message();
    // The peer's view: the server's hello, the answer to the update, the answer, close_notify.
    RecordPeer reader(NewLayer(Role::kClient));
    EXPECT_FALSE(reader.Receive(Socket().Take()));
    EXPECT_EQ(reader.TakePlain(), "answer");
    EXPECT_TRUE(reader.Layer().InputEnded());
    EXPECT_EQ(static_cast<XorRecordLayer&>(reader.Layer()).Updates(), 1U);
    EXPECT_TRUE(Socket().Closed());
    EXPECT_FALSE(Socket().SawReset());
  };
  for (size_t cut = 1; cut < ciphertext.size(); ++cut) {
    serve([&] {
      Socket().Sends(ciphertext.substr(0, cut));
      Socket().Sends(ciphertext.substr(cut));
    });
    if (HasFailure()) FAIL() << "cut at " << cut;
  }
  serve([&] { Socket().SendsByteByByte(ciphertext); });
}

// Lengths of the records that carry `bytes` of output, from the record headers.
std::vector<size_t> RecordSizes(std::string_view ciphertext) {
  std::vector<size_t> sizes;
  while (ciphertext.size() >= XorRecordLayer::kHeaderBytes) {
    const size_t size = static_cast<size_t>(static_cast<uint8_t>(ciphertext[1])) << 8U |
                        static_cast<uint8_t>(ciphertext[2]);
    sizes.push_back(size);
    ciphertext.remove_prefix(XorRecordLayer::kHeaderBytes + size);
  }
  return sizes;
}

TEST_F(RecordsTest, RecordsAreShortWhereALongAnswerBegins) {
  Connection& c = AdoptOpen();
  const auto send = [&](size_t bytes) {
    c.Writer().Write(std::string(bytes, 'r'));
    c.FlushLater();
    Turn();
    const std::vector<size_t> sizes = RecordSizes(Socket().Take());
    size_t sum = 0;
    for (const size_t size : sizes) sum += size;
    EXPECT_EQ(sum, bytes);
    return sizes;
  };
  const auto longest = [](const std::vector<size_t>& sizes, size_t first_bytes) {
    size_t sum = 0;
    size_t most = 0;
    for (const size_t size : sizes) {
      if (sum < first_bytes) most = std::max(most, size);
      sum += size;
    }
    return most;
  };
  // A short answer is not split.
  EXPECT_LE(send(15'000).size(), 2U);
  // A long answer starts with records of 4 KiB, up to 64 KiB.
  const std::vector<size_t> sizes = send(300'000);
  EXPECT_LE(longest(sizes, 64 * 1024 - 15'000 - 4096), 4096U);
  EXPECT_GT(longest(sizes, SIZE_MAX), 8U * 1024);
  // The next answer continues with long records, and after a second without output with short ones.
  EXPECT_GT(longest(send(300'000), 16 * 1024), 8U * 1024);
  kernel_->Advance(seconds(2));
  Turn();
  EXPECT_LE(longest(send(300'000), 16 * 1024), 4096U);
}

TEST_F(RecordsTest, OutputIsSealedInRecordsAndShortWritesAreFollowedByTheRest) {
  Connection& c = AdoptOpen();
  std::string all;
  for (int i = 0; i < 60'000; ++i) all += std::to_string(i) + ",";
  for (const size_t step : {1U, 1000U, 20'000U}) {
    const std::string sent = all.substr(0, step == 1 ? 40'000 : all.size());
    Socket().SetRoom(0);
    const size_t writable = handler_.Count("writable");
    c.Writer().Write(sent);
    c.FlushLater();
    Turn();
    std::string got;
    while (got.size() < sent.size()) {
      EXPECT_EQ(handler_.Count("writable"), writable);
      Socket().SetRoom(step);
      Turn();
      ASSERT_FALSE(peer_->Receive(Socket().Take()));
      got += peer_->TakePlain();
    }
    EXPECT_EQ(got, sent);
    Socket().SetRoom(SIZE_MAX);
    Turn(2);
    EXPECT_EQ(handler_.Count("writable"), writable + 1);
  }
}

TEST_F(RecordsTest, CiphertextIsBoundedWhileTheSocketIsFull) {
  Connection& c = AdoptOpen();
  Socket().SetRoom(0);
  const std::string all(io::kSealedBytesMax * 3, 'x');
  c.Writer().Write(all);
  c.FlushLater();
  Turn(3);
  // Sealed up to the bound: a record past it at most. The rest is still in Writer().
  const size_t sealed = all.size() - c.Writer().Len();
  EXPECT_GE(sealed, io::kSealedBytesMax - io::kRecordBytesMax);
  EXPECT_LE(sealed, io::kSealedBytesMax + io::kRecordBytesMax);
  Socket().SetRoom(SIZE_MAX);
  Exchange();
  EXPECT_EQ(peer_->TakePlain().size(), all.size());
  EXPECT_TRUE(c.Writer().Empty());
}

TEST_F(RecordsTest, SmallStretchesShareARecord) {
  Connection& c = AdoptOpen();
  io::LinkBuffer pieces(loop_->Blocks());
  for (int i = 0; i < 10; ++i) {
    io::LinkBuffer piece(loop_->Blocks());
    piece.Write("0123456789");
    c.Writer().Append(std::move(piece));
  }
  c.FlushLater();
  Turn();
  EXPECT_EQ(Socket().Take().size(), 100 + XorRecordLayer::kHeaderBytes);
}

TEST_F(RecordsTest, SendNowGoesThroughTheLayer) {
  Connection& c = AdoptOpen();
  const std::string body(300'000, 'b');
  c.Writer().Write("before ");
  EXPECT_FALSE(c.SendNow("head ", body));
  ASSERT_FALSE(peer_->Receive(Socket().Take()));
  EXPECT_EQ(peer_->TakePlain(), "before head " + body);
  Socket().SetRoom(10);
  EXPECT_FALSE(c.SendNow("head ", body));
  Socket().SetRoom(SIZE_MAX);
  Exchange();
  EXPECT_EQ(peer_->TakePlain(), "head " + body);
}

TEST_F(RecordsTest, AFileIsReadAndSealed) {
  const support::TempDir folder;
  std::string content;
  for (int i = 0; i < 40'000; ++i) content += std::to_string(i) + ";";
  folder.Write("file", content);
  const io::File file = *io::File::Open(folder.Path("file"));
  Connection& c = AdoptOpen();
  size_t sent = 0;
  while (sent < content.size()) {
    Socket().SetRoom(30'000);
    const Result<size_t> n =
        c.SendFileSome(file, static_cast<int64_t>(sent), content.size() - sent);
    ASSERT_TRUE(n) << n.error().Message();
    EXPECT_LE(*n, kSealedFileBytesMax);
    sent += *n;
    c.WantWritable();
    Turn();
    ASSERT_FALSE(peer_->Receive(Socket().Take()));
  }
  Socket().SetRoom(SIZE_MAX);
  Exchange();
  EXPECT_EQ(peer_->TakePlain(), content);
  const Result<size_t> behind = c.SendFileSome(file, static_cast<int64_t>(content.size()), 1);
  EXPECT_TRUE(behind.error().Is(io::ErrUnexpectedEof));
  EXPECT_TRUE(c.IsActive());
}

// Each call makes one send. The sends in front of the last one announce more, so that the kernel
// can join their last segments with the next bytes.
TEST_F(RecordsTest, AFileIsSentInFewCalls) {
  const support::TempDir folder;
  const std::string content(300'000, 'f');
  folder.Write("file", content);
  const io::File file = *io::File::Open(folder.Path("file"));
  Connection& c = AdoptOpen();
  const size_t sends = Socket().Sends();
  size_t sent = 0;
  size_t calls = 0;
  for (; sent < content.size(); ++calls) {
    const Result<size_t> n =
        c.SendFileSome(file, static_cast<int64_t>(sent), content.size() - sent);
    ASSERT_TRUE(n) << n.error().Message();
    sent += *n;
  }
  EXPECT_EQ(calls, 5U);
  EXPECT_EQ(Socket().Sends() - sends, calls);
  EXPECT_EQ(Socket().MoreSends(), calls - 1);
  EXPECT_FALSE(peer_->Receive(Socket().Take()));
  EXPECT_EQ(peer_->TakePlain(), content);
}

// A file that ends before `count` leaves nothing for a further send to bring.
TEST_F(RecordsTest, AShortFileAnnouncesNoMore) {
  const support::TempDir folder;
  folder.Write("file", "short");
  const io::File file = *io::File::Open(folder.Path("file"));
  Connection& c = AdoptOpen();
  const Result<size_t> n = c.SendFileSome(file, 0, 1'000'000);
  ASSERT_TRUE(n);
  EXPECT_EQ(*n, 5U);
  EXPECT_EQ(Socket().MoreSends(), 0U);
}

// A full socket and full ciphertext: nothing is read from the file until there is room.
TEST_F(RecordsTest, AFileWaitsForRoom) {
  const support::TempDir folder;
  folder.Write("file", std::string(1 << 20, 'f'));
  const io::File file = *io::File::Open(folder.Path("file"));
  Connection& c = AdoptOpen();
  Socket().SetRoom(0);
  size_t sent = 0;
  for (;;) {
    const Result<size_t> n = c.SendFileSome(file, static_cast<int64_t>(sent), 1 << 20);
    ASSERT_TRUE(n);
    if (*n == 0) break;
    sent += *n;
  }
  EXPECT_LE(sent, io::kSealedBytesMax + io::kRecordBytesMax);
}

// Ending.

TEST_F(RecordsTest, CloseWriteSendsCloseNotifyAndThenFin) {
  Connection& c = AdoptOpen();
  handler_.request = [](Connection&) {};
  c.Writer().Write("bye");
  c.CloseWrite();
  Exchange();
  EXPECT_EQ(peer_->TakePlain(), "bye");
  EXPECT_TRUE(peer_->Layer().InputEnded());
  EXPECT_TRUE(Socket().SawFin());
  peer_->Seal("still heard");
  Exchange();
  EXPECT_EQ(*c.Reader().ReadString(c.Reader().Len()), "still heard");
  EXPECT_TRUE(c.IsActive());
}

TEST_F(RecordsTest, CloseNotifyEndsTheInputAndAFinAloneTruncatesIt) {
  handler_.request = [](Connection&) {};
  {
    Connection& c = AdoptOpen();
    peer_->Seal("all");
    peer_->CloseOutput();
    Exchange();
    EXPECT_TRUE(c.InputEnded());
    EXPECT_FALSE(c.InputTruncated());
    const size_t told = handler_.Count("request");
    Socket().Finishes();
    Turn(2);
    EXPECT_FALSE(c.InputTruncated());
    EXPECT_EQ(handler_.Count("request"), told);
  }
  Restart();
  handler_.request = [](Connection&) {};
  Connection& c = AdoptOpen();
  peer_->Seal("part");
  Socket().Sends(peer_->TakeSealed());
  Socket().Finishes();
  Turn(3);
  EXPECT_EQ(*c.Reader().ReadString(c.Reader().Len()), "part");
  EXPECT_TRUE(c.InputEnded());
  EXPECT_TRUE(c.InputTruncated());
}

TEST_F(RecordsTest, NothingIsHeardBehindCloseNotify) {
  std::string seen;
  handler_.request = [&](Connection& c) { seen += *c.Reader().ReadString(c.Reader().Len()); };
  AdoptOpen();
  peer_->Seal("heard");
  peer_->CloseOutput();
  peer_->Seal("not heard");
  Exchange();
  EXPECT_EQ(seen, "heard");
}

TEST_F(RecordsTest, GracefulLingeringAndAbortingCloses) {
  AdoptOpen().Close(CloseHow::kGraceful);
  Exchange();
  EXPECT_TRUE(peer_->Layer().InputEnded());
  EXPECT_TRUE(Socket().Closed());

  Restart();
  Connection& c = AdoptOpen();
  c.Writer().Write("answer");
  c.Close(CloseHow::kLinger);
  peer_->Seal("what nobody reads");
  Exchange();
  EXPECT_EQ(peer_->TakePlain(), "answer");
  EXPECT_TRUE(peer_->Layer().InputEnded());
  EXPECT_TRUE(Socket().SawFin());
  EXPECT_FALSE(Socket().Closed());
  Socket().Finishes();
  Turn(2);
  EXPECT_TRUE(Socket().Closed());

  Restart();
  AdoptOpen().Close(CloseHow::kAbort);
  Turn(2);
  EXPECT_TRUE(Socket().SawReset());
  EXPECT_EQ(Socket().Take(), "");
}

TEST_F(RecordsTest, AWriteDeadlineCutsACloseWhoseCiphertextStandsStill) {
  Connection& c = AdoptOpen();
  Socket().SetRoom(0);
  c.Writer().Write("small");
  Turn();
  c.FlushLater();
  Turn();
  EXPECT_TRUE(c.Writer().Empty());  // sealed, and not sent
  c.SetDeadline(DeadlineKind::kWrite, kernel_->Now() + seconds(1));
  c.Close();
  Turn(2);
  EXPECT_FALSE(Socket().Closed());
  kernel_->Advance(milliseconds(1100));
  Turn(2);
  EXPECT_TRUE(Socket().Closed());
  EXPECT_EQ(handler_.Count("disconnect"), 1U);
}

// Failing.

TEST_F(RecordsTest, ABadRecordIsAnsweredWithItsAlert) {
  AdoptOpen();
  Socket().Sends(std::string("\x09\0\0", 3));
  Turn(2);
  EXPECT_TRUE(handler_.Disconnected());
  EXPECT_TRUE(handler_.why.Is(test::ErrBadRecord));
  EXPECT_TRUE(peer_->Receive(Socket().Take()));
  EXPECT_EQ(static_cast<XorRecordLayer&>(peer_->Layer()).Alert(), "unexpected_message");
  EXPECT_TRUE(Socket().Closed());
}

TEST_F(RecordsTest, WhatCameBeforeABadRecordIsNotServed) {
  // A connection whose records fail is treated as reset: only OnDisconnect is called.
  handler_.request = [](Connection&) { FAIL(); };
  AdoptOpen();
  peer_->Seal("GET /");
  Socket().Sends(peer_->TakeSealed() + std::string("\x09\0\0", 3));
  Turn(2);
  EXPECT_TRUE(handler_.Disconnected());
}

TEST_F(RecordsTest, ARecordOfTheLargestSizeIsOpenedAndOneByteMoreIsNot) {
  std::string seen;
  handler_.request = [&](Connection& c) {
    seen += *c.Reader().ReadString(c.Reader().Len());
    c.ConsumedInput();
  };
  AdoptOpen();
  peer_->Seal(std::string(io::kRecordBytesMax, 'm'));
  Exchange();
  EXPECT_EQ(seen.size(), io::kRecordBytesMax);
  EXPECT_FALSE(handler_.Disconnected());
  Socket().Sends(std::string("\x03\x40\x01", 3));
  Turn(2);
  EXPECT_TRUE(handler_.Disconnected());
}

TEST_F(RecordsTest, AFailedHandshakeIsToldByOnDisconnectAloneAndItsAlertArrives) {
  Adopt();
  Socket().Sends("GET / HTTP/1.1\r\n\r\n");
  Turn(2);
  EXPECT_TRUE(peer_->Receive(Socket().Take()));  // the alert
  EXPECT_FALSE(Socket().SawReset());
  EXPECT_FALSE(Socket().Closed());  // lingers, so that no reset overtakes the alert
  Socket().Finishes();
  Turn(2);
  EXPECT_EQ(handler_.events, (std::vector<std::string>{"prepare", "disconnect"}));
  EXPECT_TRUE(handler_.why.Is(test::ErrBadRecord));
}

TEST_F(RecordsTest, AHandshakeHasADeadlineOfItsOwn) {
  handler_.prepare = [](Connection& c) { c.SetRecordLayer(NewLayer(Role::kServer), seconds(3)); };
  Adopt();
  kernel_->Advance(milliseconds(2900));
  Socket().Sends(peer_->TakeSealed().substr(0, 2));
  Turn(2);
  EXPECT_FALSE(handler_.Disconnected());
  kernel_->Advance(milliseconds(200));
  Turn(2);
  EXPECT_EQ(handler_.events, (std::vector<std::string>{"prepare", "disconnect"}));
  EXPECT_TRUE(handler_.why.Is(io::ErrDeadlineExceeded));

  Restart();
  AdoptOpen();
  kernel_->Advance(seconds(3600));
  Turn(2);
  EXPECT_FALSE(handler_.Disconnected());
}

TEST_F(RecordsTest, APeerThatLeavesInTheHandshake) {
  Adopt();
  Socket().Sends(peer_->TakeSealed());
  Socket().Finishes();
  Turn(3);
  EXPECT_EQ(handler_.events, (std::vector<std::string>{"prepare", "disconnect"}));
  EXPECT_TRUE(handler_.why.Is(io::ErrUnexpectedEof));
}

TEST_F(RecordsTest, ClosingInPrepareAndInTheHandshake) {
  for (const CloseHow how : {CloseHow::kGraceful, CloseHow::kLinger, CloseHow::kAbort}) {
    Restart();
    handler_.prepare = [&](Connection& c) {
      c.SetRecordLayer(NewLayer(Role::kServer));
      c.Close(how);
    };
    fd_ = kernel_->Open();
    EXPECT_FALSE(loop_->Adopt(fd_, handler_));
    Turn(2);
    kernel_->Advance(seconds(1));
    Turn(2);
    EXPECT_EQ(handler_.events, (std::vector<std::string>{"prepare", "disconnect"}));

    Restart();
    Connection& c = Adopt();
    Socket().Sends(peer_->TakeSealed().substr(0, 2));
    Turn();
    c.Writer().Write("cannot be sealed");
    c.Close(how);
    Turn(2);
    kernel_->Advance(seconds(1));
    Turn(2);
    EXPECT_EQ(handler_.events, (std::vector<std::string>{"prepare", "disconnect"}));
    EXPECT_FALSE(handler_.why);
  }
}

// Pausing.

TEST_F(RecordsTest, PausingAndHighWaterCountPlaintext) {
  Connection& c = AdoptOpen();
  handler_.request = [](Connection&) {};
  c.PauseRead();
  Turn();
  peer_->Seal("unheard");
  Socket().Sends(peer_->TakeSealed());
  Turn(3);
  EXPECT_EQ(Socket().Unreceived(), 1U);
  c.ResumeRead();
  Turn(3);
  EXPECT_EQ(c.Reader().Len(), 7U);

  for (int i = 0; i < 20; ++i) {
    peer_->Seal(std::string(8000, 'x'));
    Socket().Sends(peer_->TakeSealed());
  }
  Turn(40);
  EXPECT_GE(c.Reader().Len(), kInputHighWaterBytes);
  EXPECT_LT(c.Reader().Len(), kInputHighWaterBytes + 16'000);
  EXPECT_NE(Socket().Unreceived(), 0U);
  while (Socket().Unreceived() != 0) {
    static_cast<void>(c.Reader().Skip(c.Reader().Len()));
    c.ConsumedInput();
    Turn(2);
  }
}

// A pause requested before the handshake takes effect at its end.
TEST_F(RecordsTest, PausedInPrepareStillShakesHands) {
  handler_.prepare = [](Connection& c) {
    c.SetRecordLayer(NewLayer(Role::kServer));
    c.PauseRead();
  };
  Connection& c = AdoptOpen();
  peer_->Seal("unheard");
  Socket().Sends(peer_->TakeSealed());
  Turn(3);
  EXPECT_EQ(Socket().Unreceived(), 1U);
  c.ResumeRead();
  Turn(3);
  EXPECT_EQ(c.Reader().Len(), 7U);
}

// Reading makes the layer write, also while output is blocked.
TEST_F(RecordsTest, AnUpdateIsAnsweredWhileOutputStandsStill) {
  Connection& c = AdoptOpen();
  Socket().SetRoom(0);
  c.Writer().Write("waits");
  c.FlushLater();
  Turn();
  auto& far = static_cast<XorRecordLayer&>(peer_->Layer());
  far.AskForUpdate(peer_->Sealed());
  Socket().Sends(peer_->TakeSealed());
  Turn(2);
  Socket().SetRoom(SIZE_MAX);
  Exchange();
  EXPECT_EQ(peer_->TakePlain(), "waits");
  EXPECT_EQ(far.Updates(), 1U);
}

TEST_F(RecordsTest, APeerThatDemandsAnswersAndReadsNoneIsCut) {
  AdoptOpen();
  Socket().SetRoom(0);
  auto& far = static_cast<XorRecordLayer&>(peer_->Layer());
  size_t asked = 0;
  while (!handler_.Disconnected()) {
    for (int i = 0; i < 1000; ++i) far.AskForUpdate(peer_->Sealed());
    asked += 1000;
    Socket().Sends(peer_->TakeSealed());
    Turn(1000 / io::kRecordsPerTurnMax + 2);
    ASSERT_LT(asked, 200'000U);
  }
  EXPECT_GE(asked * XorRecordLayer::kHeaderBytes, 2 * io::kSealedBytesMax);
}

TEST_F(RecordsTest, HoldsNoBlockWhileIdle) {
  handler_.request = Echo;
  AdoptOpen();
  const size_t idle = loop_->Blocks().InUse();
  peer_->Seal("ping");
  Exchange();
  EXPECT_EQ(peer_->TakePlain(), "ping");
  EXPECT_EQ(loop_->Blocks().InUse(), idle);
  EXPECT_EQ(idle, 0U);
}

}  // namespace
}  // namespace hon::netpoll
