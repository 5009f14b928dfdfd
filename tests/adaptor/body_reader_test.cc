#include "hon/adaptor/body_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "support/memory_stream.h"

namespace hon::adaptor {
namespace {

using hon::test::MemoryStream;

RequestHead Length(int64_t length) {
  RequestHead head;
  head.content_length = length;
  head.has_content_length = true;
  return head;
}

RequestHead Chunked() {
  RequestHead head;
  head.chunked = true;
  head.content_length = -1;
  return head;
}

RequestHead Expecting(RequestHead head) {
  head.expect_continue = true;
  return head;
}

struct Body {
  std::string text;
  std::string error;
};

class BodyReaderTest : public testing::Test {
 protected:
  void Begin(const RequestHead& head, int64_t bytes_max = kBodyUnlimited) {
    body_.Begin(stream_, head, trailer_, bytes_max);
  }
  Body ReadAll(size_t step) {
    Body result;
    std::string room(step, '\0');
    for (;;) {
      const io::IoResult got = body_.Read(std::span(room));
      result.text.append(room, 0, got.n);
      if (!got.err) {
        EXPECT_GT(got.n, 0U);
        continue;
      }
      EXPECT_EQ(got.n, 0U);
      if (!got.err.Is(io::ErrEof)) result.error = got.err.Message();
      return result;
    }
  }

  MemoryStream stream_;
  http::Header trailer_;
  BodyReader body_;
};

TEST_F(BodyReaderTest, NoBodyIsAtItsEnd) {
  Begin(RequestHead());
  EXPECT_TRUE(body_.AtEnd());
  EXPECT_EQ(body_.Remaining(), 0);
  EXPECT_EQ(ReadAll(10).error, "");
  EXPECT_TRUE(body_.Drain(0));
  EXPECT_EQ(stream_.Fills(), 0U);
}

TEST_F(BodyReaderTest, LengthInPiecesLeavesTheNextRequest) {
  for (const size_t step : {size_t{1}, size_t{3}, size_t{100}}) {
    stream_.In().Clear();
    stream_.Receive("he");
    stream_.ReceiveLater("llo");
    stream_.ReceiveLater(" worldGET /");
    Begin(Length(11));
    EXPECT_EQ(body_.Remaining(), 11);
    EXPECT_EQ(ReadAll(step).text, "hello world");
    EXPECT_TRUE(body_.AtEnd());
    EXPECT_EQ(body_.BytesRead(), 11);
    EXPECT_EQ(stream_.In().Front(), "GET /");
  }
}

TEST_F(BodyReaderTest, ChunksInAnyPieces) {
  const std::string wire = "5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\nX-Sum: 7\r\n\r\n";
  for (size_t piece = 1; piece <= wire.size(); ++piece) {
    for (const size_t step : {size_t{1}, size_t{4}, size_t{100}}) {
      MemoryStream stream;
      for (size_t at = 0; at < wire.size(); at += piece)
        stream.ReceiveLater(wire.substr(at, piece));
      stream.ReceiveLater("NEXT");
      trailer_.Reset();
      body_.Begin(stream, Chunked(), trailer_);
      EXPECT_EQ(body_.Remaining(), -1);
      const Body body = ReadAll(step);
      EXPECT_EQ(body.text, "hello world");
      EXPECT_EQ(body.error, "");
      EXPECT_TRUE(body_.AtEnd());
      EXPECT_EQ(trailer_.Get("X-Sum"), "7");
      EXPECT_TRUE(stream.In().Empty());  // no byte past its end
    }
  }
}

TEST_F(BodyReaderTest, BlocksOfALengthMoveAndLeaveTheNextRequest) {
  const std::string text(3 * io::kMovedBytesMin, 'b');
  stream_.Receive(text + "next");
  Begin(Length(static_cast<int64_t>(text.size())));
  io::BlockReader* const blocks = body_.AsBlocks(stream_.Pool());
  ASSERT_NE(blocks, nullptr);
  io::BlockPool other;
  EXPECT_EQ(body_.AsBlocks(other), nullptr);
  io::LinkBuffer into(stream_.Pool());
  const char* const start = stream_.In().Front().data();
  const io::IoResult first = blocks->ReadBlocks(into, io::kMovedBytesMin);
  EXPECT_EQ(first.n, io::kMovedBytesMin);
  EXPECT_EQ(into.Front().data(), start);
  EXPECT_EQ(blocks->ReadBlocks(into, SIZE_MAX).n, text.size() - io::kMovedBytesMin);
  EXPECT_TRUE(body_.AtEnd());
  EXPECT_TRUE(blocks->ReadBlocks(into, SIZE_MAX).err.Is(io::ErrEof));
  EXPECT_EQ(*into.ReadString(into.Len()), text);
  EXPECT_EQ(stream_.In().Front(), "next");
}

TEST_F(BodyReaderTest, BlocksOfChunksInAnyPieces) {
  const std::string large(2 * io::kMovedBytesMin, 'c');
  const std::string wire =
      "5\r\nhello\r\n2000\r\n" + large + "\r\n3;x=y\r\nend\r\n0\r\nX-After: 1\r\n\r\nnext";
  for (const size_t step : {size_t{1}, size_t{7}, size_t{5000}, wire.size()}) {
    MemoryStream stream;
    for (size_t at = step; at < wire.size(); at += step) {
      stream.ReceiveLater(wire.substr(at, step));
    }
    stream.Receive(std::string_view(wire).substr(0, step));
    trailer_.Reset();
    body_.Begin(stream, Chunked(), trailer_);
    io::LinkBuffer into(stream.Pool());
    io::IoResult got;
    for (size_t before = 0; !got.err; before = into.Len()) {
      got = body_.ReadBlocks(into, 6000);
      EXPECT_EQ(into.Len() - before, got.n);
      EXPECT_LE(got.n, 6000U);
    }
    EXPECT_TRUE(got.err.Is(io::ErrEof)) << got.err.Message();
    EXPECT_EQ(*into.ReadString(into.Len()), "hello" + large + "end") << step;
    EXPECT_EQ(trailer_.Get("X-After"), "1");
  }
}

TEST_F(BodyReaderTest, BlocksHoldToTheLimit) {
  for (const int64_t limit : {4999, 5000}) {
    MemoryStream stream;
    stream.Receive(std::string(5000, 'x'));
    body_.Begin(stream, Length(5000), trailer_, limit);
    io::LinkBuffer into(stream.Pool());
    EXPECT_EQ(body_.ReadBlocks(into, SIZE_MAX).n, static_cast<size_t>(limit));
    const Error end = body_.ReadBlocks(into, SIZE_MAX).err;
    EXPECT_EQ(end.Is(http::ErrBodyTooLarge), limit == 4999) << end.Message();
  }
}

TEST_F(BodyReaderTest, TheEndIsKnownWithTheLastByte) {
  stream_.Receive("5\r\nhello\r\n0\r\n\r\n");
  Begin(Chunked());
  char room[5];
  EXPECT_EQ(body_.Read(room).n, 5U);
  EXPECT_TRUE(body_.AtEnd());
}

TEST_F(BodyReaderTest, APeerThatStopsEarly) {
  stream_.Receive("hel");
  Begin(Length(5));
  EXPECT_EQ(ReadAll(10).error, "unexpected EOF");
  EXPECT_TRUE(body_.Failed());
  for (const char* wire : {"5\r\nhel", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n", "5"}) {
    stream_.In().Clear();
    stream_.Receive(wire);
    Begin(Chunked());
    EXPECT_EQ(ReadAll(10).error, "unexpected EOF") << wire;
  }
}

TEST_F(BodyReaderTest, ChunkErrorsComeBehindTheDataAndStay) {
  stream_.Receive("5\r\nhelloXX\r\n");
  Begin(Chunked());
  const Body body = ReadAll(100);
  EXPECT_EQ(body.text, "hello");
  EXPECT_EQ(body.error, "malformed chunked encoding");
  EXPECT_EQ(ReadAll(1).error, "malformed chunked encoding");
  EXPECT_TRUE(body_.Failed());
  EXPECT_FALSE(body_.AtEnd());
  EXPECT_FALSE(body_.Drain(1 << 20));
}

TEST_F(BodyReaderTest, AForbiddenTrailerIsAnErrorAndReachesNobody) {
  stream_.Receive("1\r\nx\r\n0\r\nContent-Length: 5\r\n\r\n");
  Begin(Chunked());
  EXPECT_EQ(ReadAll(10).error, ErrForbiddenTrailer.text);
  EXPECT_TRUE(trailer_.Empty());
  EXPECT_TRUE(body_.Failed());
}

TEST_F(BodyReaderTest, StreamErrorsArePassedOn) {
  stream_.EndInputWith(io::ErrDeadlineExceeded);
  Begin(Length(5));
  EXPECT_EQ(ReadAll(10).error, "i/o timeout");
  EXPECT_TRUE(body_.Failed());
}

TEST_F(BodyReaderTest, TheLimitAndOneMore) {
  const std::string chunks = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (const int64_t limit : {5, 4, 0}) {
    for (const bool chunked : {false, true}) {
      for (const size_t step : {size_t{1}, size_t{2}, size_t{100}}) {
        MemoryStream stream;
        stream.Receive(chunked ? chunks : "abcde");
        body_.Begin(stream, chunked ? Chunked() : Length(5), trailer_, limit);
        const Body body = ReadAll(step);
        EXPECT_EQ(body.text, std::string("abcde").substr(0, static_cast<size_t>(limit)));
        EXPECT_EQ(body.error, limit == 5 ? "" : "http: request body too large");
        EXPECT_EQ(body_.Failed(), limit != 5);
      }
    }
  }
}

TEST_F(BodyReaderTest, ReadAfterClose) {
  stream_.Receive("hello");
  Begin(Length(5));
  EXPECT_FALSE(body_.Close());
  EXPECT_EQ(ReadAll(10).error, "http: invalid Read on closed Body");
  EXPECT_FALSE(body_.Failed());
  EXPECT_TRUE(body_.Drain(6));
  EXPECT_TRUE(body_.AtEnd());
}

TEST_F(BodyReaderTest, AnEmptySpanReadsNothing) {
  Begin(Expecting(Length(5)));
  const io::IoResult got = body_.Read({});
  EXPECT_EQ(got.n, 0U);
  EXPECT_FALSE(got.err);
  EXPECT_EQ(stream_.TakeOutput(), "");
}

// --- 100-continue.

TEST_F(BodyReaderTest, TheFirstReadSends100Once) {
  stream_.ReceiveLater("he");
  stream_.ReceiveLater("llo");
  Begin(Expecting(Length(5)));
  EXPECT_TRUE(body_.ContinuePending());
  EXPECT_TRUE(body_.ContinueWithheld());
  EXPECT_EQ(ReadAll(1).text, "hello");
  EXPECT_EQ(stream_.TakeOutput(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_FALSE(body_.ContinuePending());
}

TEST_F(BodyReaderTest, SuppressedOnceAnAnswerIsOnItsWay) {
  stream_.Receive("hello");
  Begin(Expecting(Length(5)));
  body_.SuppressContinue();
  EXPECT_FALSE(body_.ContinuePending());
  EXPECT_TRUE(body_.ContinueWithheld());
  EXPECT_EQ(ReadAll(10).text, "hello");
  EXPECT_EQ(stream_.TakeOutput(), "");
  EXPECT_FALSE(body_.ContinueWithheld());  // the client did not wait
}

TEST_F(BodyReaderTest, NothingIsWaitedForWhenThe100WasWithheld) {
  stream_.ReceiveLater("hello");
  Begin(Expecting(Length(5)));
  EXPECT_FALSE(body_.Drain(100));
  EXPECT_EQ(stream_.Fills(), 0U);
  EXPECT_EQ(stream_.TakeOutput(), "");
}

// --- Draining.

TEST_F(BodyReaderTest, DrainReadsTheRest) {
  stream_.Receive("he");
  stream_.ReceiveLater("lloNEXT");
  Begin(Length(5));
  EXPECT_FALSE(body_.DrainReceived(100));
  EXPECT_EQ(body_.Remaining(), 3);
  EXPECT_TRUE(body_.Drain(100));
  EXPECT_EQ(stream_.In().Front(), "NEXT");
}

TEST_F(BodyReaderTest, DrainOfALengthAtTheLimitAndOneMore) {
  stream_.Receive("hello");
  Begin(Length(5));
  EXPECT_FALSE(body_.DrainReceived(5));
  EXPECT_FALSE(body_.Drain(5));
  EXPECT_EQ(stream_.In().Len(), 5U);  // known to be too long: left alone
  EXPECT_TRUE(body_.Drain(6));
}

// Any split gives the same, and received bytes before or after the answer.
TEST_F(BodyReaderTest, DrainOfChunksAtTheLimitAndOneMore) {
  const std::string wire = "3\r\nabc\r\n5\r\nhello\r\n0\r\nX: 1\r\n\r\n";
  for (const int64_t limit : {8, 7}) {
    for (size_t received = 0; received <= wire.size(); ++received) {
      MemoryStream stream;
      stream.Receive(wire.substr(0, received));
      stream.ReceiveLater(wire.substr(received));
      body_.Begin(stream, Chunked(), trailer_);
      EXPECT_EQ(body_.DrainReceived(limit), limit == 8 && received == wire.size());
      EXPECT_EQ(body_.Drain(limit), limit == 8) << received;
      EXPECT_FALSE(body_.Failed());
    }
  }
}

TEST_F(BodyReaderTest, DrainOfALengthCountsWhatItForgotBefore) {
  for (const int64_t limit : {6, 5}) {
    for (size_t received = 0; received <= 5; ++received) {
      MemoryStream stream;
      stream.Receive(std::string("hello").substr(0, received));
      stream.ReceiveLater(std::string("hello").substr(received));
      body_.Begin(stream, Length(5), trailer_);
      EXPECT_EQ(body_.DrainReceived(limit), limit == 6 && received == 5);
      EXPECT_EQ(body_.Drain(limit), limit == 6) << received;
    }
  }
}

TEST_F(BodyReaderTest, DrainMeetsABrokenBody) {
  stream_.Receive("5\r\nhe");
  stream_.ReceiveLater("lloX");
  Begin(Chunked());
  EXPECT_FALSE(body_.Drain(1000));
  EXPECT_TRUE(body_.Failed());
}

TEST_F(BodyReaderTest, BeginForgetsTheLastBody) {
  stream_.Receive("x\r\n");
  Begin(Chunked());
  EXPECT_NE(ReadAll(1).error, "");
  ASSERT_FALSE(body_.Close());
  stream_.In().Clear();
  stream_.Receive("1\r\na\r\n0\r\n\r\n");
  Begin(Chunked());
  EXPECT_EQ(ReadAll(1).text, "a");
  EXPECT_FALSE(body_.Failed());
}

std::string OneByteChunks(size_t count) {
  std::string wire;
  for (size_t i = 0; i < count; ++i) wire += "1\r\nx\r\n";
  return wire + "0\r\n\r\n";
}

TEST_F(BodyReaderTest, TinyChunksLetOthersRun) {
  stream_.Receive(OneByteChunks(1000));
  Begin(Chunked());
  EXPECT_EQ(ReadAll(32 * 1024).text, std::string(1000, 'x'));
  EXPECT_EQ(stream_.Yields(), 1000 / kChunksPerTurnMax);
}

TEST_F(BodyReaderTest, AsManyChunksAsATurnTakesNeedNoOther) {
  stream_.Receive(OneByteChunks(kChunksPerTurnMax - 1));
  Begin(Chunked());
  EXPECT_EQ(ReadAll(32 * 1024).text.size(), kChunksPerTurnMax - 1);
  EXPECT_EQ(stream_.Yields(), 0U);
}

TEST_F(BodyReaderTest, DroppingTinyChunksLetsOthersRun) {
  stream_.Receive(OneByteChunks(1000));
  Begin(Chunked());
  EXPECT_FALSE(body_.DrainReceived(100'000));
  EXPECT_FALSE(stream_.In().Empty());
  EXPECT_TRUE(body_.Drain(100'000));
  EXPECT_EQ(stream_.Yields(), 1000 / kChunksPerTurnMax - 1);
}

}  // namespace
}  // namespace hon::adaptor
