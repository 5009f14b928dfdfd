// A Response and its surroundings: the peer that reads slowly or not at all, the request's body,
// files, other readers, and a connection that is taken over.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "adaptor/response_fixture.h"
#include "hon/adaptor/chunked.h"

namespace hon::adaptor::test {
namespace {

using http::ResponseWriter;

std::string Text(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = "0123456789abcdef"[i % 16];
  return text;
}

// The body of an answer, its chunks decoded. Sets `*chunked`.
std::string BodyOf(std::string_view wire, bool* chunked = nullptr) {
  const size_t end = wire.find("\r\n\r\n") + 4;
  const std::string_view head = wire.substr(0, end);
  wire.remove_prefix(end);
  const bool has_chunks = head.find("Transfer-Encoding: chunked") != std::string_view::npos;
  if (chunked != nullptr) *chunked = has_chunks;
  if (!has_chunks) return std::string(wire);
  ChunkedDecoder decoder;
  std::string body;
  while (!decoder.Done()) {
    const ChunkedDecoder::Piece piece = decoder.Decode(wire);
    if (piece.err || piece.used == 0) return "broken framing: " + piece.err.Message();
    body.append(piece.data);
    wire.remove_prefix(piece.used);
  }
  return wire.empty() ? body : "bytes behind the end";
}

// --- A bounded output.

TEST_F(ResponseTest, LargeWritesWaitAtTheHighWaterMark) {
  const std::string text = Text(1 << 20);
  const std::string wire =
      Answer([&](ResponseWriter& w) { EXPECT_EQ(w.Write(text).n, text.size()); });
  EXPECT_EQ(BodyOf(wire), text);
  EXPECT_GT(stream_.Drains(), 10U);
  EXPECT_LE(stream_.OutputPeak(), io::kHighWaterBytes + 1024);
}

TEST_F(ResponseTest, ManySmallWritesWaitAtTheHighWaterMark) {
  const std::string piece = Text(100);
  Begin({});
  for (int i = 0; i < 20000; ++i) EXPECT_EQ(response_.Write(piece).n, 100U);
  const std::string wire = Finish();
  EXPECT_EQ(BodyOf(wire).size(), 2000000U);
  EXPECT_LE(stream_.OutputPeak(), io::kHighWaterBytes + 4096);
}

TEST_F(ResponseTest, AWriteErrorStays) {
  stream_.FailOutputAfter(1000, io::ErrClosed);
  const io::IoResult put = response_.Write(Text(200000));
  EXPECT_EQ(put.n, 0U);
  EXPECT_TRUE(put.err.Is(io::ErrClosed));
  EXPECT_TRUE(response_.Write("x").err.Is(io::ErrClosed));
  EXPECT_TRUE(response_.Flush().Is(io::ErrClosed));
  EXPECT_TRUE(response_.OutputError().Is(io::ErrClosed));
  response_.Finish();
  EXPECT_TRUE(response_.MustClose());
}

TEST_F(ResponseTest, FlushWaitsForTheKernel) {
  response_.Write("x");
  EXPECT_FALSE(response_.Flush());
  EXPECT_TRUE(stream_.Out().Empty());
  EXPECT_TRUE(stream_.Sent().ends_with("1\r\nx\r\n"));
  stream_.FailOutputAfter(0, io::ErrDeadlineExceeded);
  response_.Write("y");
  EXPECT_TRUE(response_.Flush().Is(io::ErrDeadlineExceeded));
}

// --- The request's body: W40, W41, W46, W51.

class ResponseToBodyTest : public ResponseTest {
 protected:
  void BeginWithBody(int64_t length, bool expects) {
    RequestHead head;
    head.content_length = length;
    head.expect_continue = expects;
    body_.Begin(stream_, head, trailer_);
    Begin({.body = &body_});
  }

  http::Header trailer_;
  BodyReader body_;
};

TEST_F(ResponseToBodyTest, AnAnswerBeforeTheBodySuppressesThe100AndCloses) {
  BeginWithBody(5, true);
  response_.Write("no");
  char room[5];
  stream_.Receive("hello");
  EXPECT_EQ(body_.Read(std::span(room, 2)).n, 2U);
  EXPECT_NE(Finish().find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(response_.MustClose());
}

TEST_F(ResponseToBodyTest, ReadingFirstSendsThe100AndKeepsAlive) {
  BeginWithBody(5, true);
  stream_.ReceiveLater("hello");
  char room[5];
  EXPECT_EQ(body_.Read(room).n, 5U);
  response_.Write("yes");
  const std::string wire = Finish();
  EXPECT_TRUE(wire.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(wire.find("Connection"), std::string::npos);
  EXPECT_FALSE(response_.MustClose());
}

TEST_F(ResponseToBodyTest, TheHandlersOwn100IsTheOnlyOne) {
  BeginWithBody(5, true);
  response_.WriteHeader(100);
  stream_.ReceiveLater("hello");
  char room[5];
  EXPECT_EQ(body_.Read(room).n, 5U);
  EXPECT_EQ(stream_.TakeOutput(), "HTTP/1.1 100 Continue\r\n\r\n");
  Finish();
  EXPECT_FALSE(response_.MustClose());
}

TEST_F(ResponseToBodyTest, Other1xxDoNotSuppressThe100) {
  BeginWithBody(5, true);
  response_.WriteHeader(103);
  EXPECT_TRUE(body_.ContinuePending());
}

TEST_F(ResponseToBodyTest, AnEmptyWriteAndAStatusSuppressThe100) {
  BeginWithBody(5, true);
  response_.Write("");
  EXPECT_FALSE(body_.ContinuePending());
  BeginWithBody(5, true);
  response_.WriteHeader(403);
  EXPECT_FALSE(body_.ContinuePending());
}

TEST_F(ResponseToBodyTest, AnUnreadBodyAtTheLimitCloses) {
  BeginWithBody(kUnreadBodyBytesMax - 1, false);
  EXPECT_EQ(Finish().find("Connection"), std::string::npos);
  EXPECT_FALSE(response_.MustClose());
  BeginWithBody(kUnreadBodyBytesMax, false);
  EXPECT_NE(Finish().find("Connection: close"), std::string::npos);
  EXPECT_TRUE(response_.MustClose());
  BeginWithBody(kUnreadBodyBytesMax, false);
  EXPECT_FALSE(response_.EnableFullDuplex());
  EXPECT_EQ(Finish().find("Connection"), std::string::npos);
}

TEST_F(ResponseToBodyTest, AnUnreadBodyInChunksAtTheLimitCloses) {
  for (const bool more : {false, true}) {
    RequestHead head;
    head.chunked = true;
    head.content_length = -1;
    body_.Begin(stream_, head, trailer_);
    ResponseOptions options;
    options.body = &body_;
    Begin(options);
    stream_.Receive(more ? "40001\r\n" : "40000\r\n");
    stream_.Receive(std::string(kUnreadBodyBytesMax, 'x'));
    EXPECT_FALSE(body_.DrainReceived(kUnreadBodyBytesMax));
    EXPECT_EQ(Finish().find("Connection: close") != std::string::npos, more);
    EXPECT_EQ(response_.MustClose(), more);
  }
}

TEST_F(ResponseToBodyTest, ABrokenBodyCloses) {
  BeginWithBody(5, false);
  char room[5];
  EXPECT_TRUE(body_.Read(room).err.Is(io::ErrUnexpectedEof));
  EXPECT_NE(Finish().find("Connection: close"), std::string::npos);
}

// --- ReadFrom.

// A Reader that gives `text` in pieces.
class Pieces final : public io::Reader {
 public:
  Pieces(std::string text, size_t piece, Error end = io::ErrEof)
      : text_(std::move(text)), piece_(piece), end_(std::move(end)) {}
  io::IoResult Read(std::span<char> into) override {
    if (at_ == text_.size()) return {0, end_};
    const size_t n = text_.copy(into.data(), std::min(piece_, into.size()), at_);
    at_ += n;
    return {n, {}};
  }

 private:
  std::string text_;
  size_t piece_;
  Error end_;
  size_t at_ = 0;
};

TEST_F(ResponseTest, ReadFromAnyReader) {
  for (const size_t size : {size_t{0}, size_t{100}, size_t{2048}, size_t{2049}, size_t{300000}}) {
    for (const size_t piece : {size_t{1}, size_t{700}, size_t{5000}, size_t{100000}}) {
      if (size > 2049 && piece == 1) continue;
      Pieces pieces(Text(size), piece);
      Begin({});
      const io::CopyResult copied = response_.ReadFrom(pieces);
      EXPECT_FALSE(copied.err);
      EXPECT_EQ(copied.n, static_cast<int64_t>(size));
      bool chunked = false;
      EXPECT_EQ(BodyOf(Finish(), &chunked), Text(size)) << size << " by " << piece;
      EXPECT_EQ(chunked, size > 2048);
      EXPECT_EQ(response_.BytesWritten(), static_cast<int64_t>(size));
    }
  }
  EXPECT_LE(stream_.OutputPeak(), io::kHighWaterBytes + io::kBlockBytes);
}

// A reader that gives `text` in blocks of `piece` bytes.
class BlockPieces final : public io::Reader, public io::BlockReader {
 public:
  BlockPieces(std::string text, size_t piece) : text_(std::move(text)), piece_(piece) {}
  io::IoResult Read(std::span<char>) override { return {0, io::ErrClosed}; }
  io::IoResult ReadBlocks(io::LinkBuffer& into, size_t bytes_max) override {
    const size_t n = std::min({piece_, bytes_max, text_.size() - at_});
    if (n == 0) return {0, io::ErrEof};
    into.Write(std::string_view(text_).substr(at_, n));
    last = into.Front().data();
    at_ += n;
    return {n, {}};
  }
  io::BlockReader* AsBlocks(const io::BlockPool&) override { return this; }

  const char* last = nullptr;  // the first byte of the last block

 private:
  std::string text_;
  size_t piece_;
  size_t at_ = 0;
};

TEST_F(ResponseTest, BlocksAreSentAsTheyAre) {
  for (const bool has_length : {false, true}) {
    for (const size_t size : {size_t{0}, size_t{100}, size_t{2047}, size_t{2048}, size_t{300000}}) {
      for (const size_t piece : {size_t{700}, size_t{5000}, size_t{100000}}) {
        BlockPieces blocks(Text(size), piece);
        Begin({});
        if (has_length) response_.Header().Set("Content-Length", std::to_string(size));
        response_.Header().Set("Content-Type", "a/b");
        const io::CopyResult copied = response_.ReadFrom(blocks);
        EXPECT_FALSE(copied.err);
        EXPECT_EQ(copied.n, static_cast<int64_t>(size));
        EXPECT_EQ(BodyOf(Finish()), Text(size)) << size << " by " << piece;
        EXPECT_FALSE(response_.MustClose());
      }
    }
  }
  EXPECT_LE(stream_.OutputPeak(), io::kHighWaterBytes + kMovedPartBytesMax + 1000);
}

TEST_F(ResponseTest, ABlockIsNotCopied) {
  BlockPieces blocks(Text(5000), 5000);
  response_.Header().Set("Content-Type", "a/b");
  response_.Header().Set("Content-Length", "5000");
  EXPECT_EQ(response_.ReadFrom(blocks).n, 5000);
  bool seen = false;
  stream_.Out().ForEach([&](std::string_view part) { seen = seen || part.data() == blocks.last; });
  EXPECT_TRUE(seen);
}

TEST_F(ResponseTest, BlocksHoldToTheDeclaredLengthAndToTheStatus) {
  for (const size_t size : {size_t{40000}, size_t{40001}}) {
    BlockPieces blocks(Text(size), 10000);
    Begin({});
    response_.Header().Set("Content-Length", "40000");
    const io::CopyResult copied = response_.ReadFrom(blocks);
    EXPECT_EQ(copied.n, 40000);
    EXPECT_EQ(copied.err.Is(http::ErrContentLength), size != 40000);
    EXPECT_EQ(BodyOf(Finish()), Text(40000));
    EXPECT_EQ(response_.MustClose(), size != 40000);
  }
  BlockPieces head(Text(30000), 20000);
  Begin(kHead);
  EXPECT_EQ(response_.ReadFrom(head).n, 30000);
  EXPECT_EQ(BodyOf(Finish()), "");
  BlockPieces none(Text(5000), 5000);
  Begin({});
  response_.WriteHeader(204);
  EXPECT_TRUE(response_.ReadFrom(none).err.Is(http::ErrBodyNotAllowed));
  // Without a type the first bytes decide.
  BlockPieces page("<html>" + Text(5000), 3000);
  Begin({});
  EXPECT_FALSE(response_.ReadFrom(page).err);
  EXPECT_NE(Finish().find("Content-Type: text/html; charset=utf-8\r\n"), std::string::npos);
}

TEST_F(ResponseTest, ReadFromBetweenWrites) {
  Pieces pieces(Text(50000), 20000);
  response_.Write("before ");
  EXPECT_EQ(response_.ReadFrom(pieces).n, 50000);
  response_.Write(" after");
  EXPECT_EQ(BodyOf(Finish()), "before " + Text(50000) + " after");
}

TEST_F(ResponseTest, ReadFromAReaderThatFails) {
  Pieces pieces(Text(10), 5, io::ErrDeadlineExceeded);
  const io::CopyResult copied = response_.ReadFrom(pieces);
  EXPECT_EQ(copied.n, 10);
  EXPECT_TRUE(copied.err.Is(io::ErrDeadlineExceeded));
  EXPECT_EQ(BodyOf(Finish()), Text(10));  // the received part can still be answered
}

TEST_F(ResponseTest, ReadFromHoldsTheDeclaredLength) {
  for (const size_t size : {size_t{40000}, size_t{40001}}) {
    Begin({});
    response_.Header().Set("Content-Length", "40000");
    Pieces pieces(Text(size), 10000);
    const io::CopyResult copied = response_.ReadFrom(pieces);
    EXPECT_EQ(copied.n, 40000);
    EXPECT_EQ(copied.err.Is(http::ErrContentLength), size != 40000);
    EXPECT_EQ(BodyOf(Finish()), Text(40000));
    EXPECT_EQ(response_.MustClose(), size != 40000);
  }
}

TEST_F(ResponseTest, ReadFromForHeadAndForNoBody) {
  Pieces head(Text(30000), 20000);
  Begin(kHead);
  EXPECT_EQ(response_.ReadFrom(head).n, 30000);
  EXPECT_EQ(BodyOf(Finish()), "");
  Pieces none(Text(10), 10);
  Begin({});
  response_.WriteHeader(204);
  EXPECT_TRUE(response_.ReadFrom(none).err.Is(http::ErrBodyNotAllowed));
}

class ResponseFileTest : public ResponseTest {
 protected:
  ~ResponseFileTest() override { std::remove(path_.c_str()); }
  void MakeFile(const std::string& text) {
    auto file = io::File::Create(path_);
    ASSERT_TRUE(file);
    ASSERT_FALSE(file->Write(text).err);
    file_ = *io::File::Open(path_);
  }

  std::string path_ = testing::TempDir() + "hon_adaptor_file_" + std::to_string(getpid());
  io::File file_;
};

TEST_F(ResponseFileTest, FilesGoBySendfile) {
  const std::string text = Text(100000);
  for (const bool declared : {false, true}) {
    MakeFile(text);
    Begin({});
    if (declared) response_.Header().Set("Content-Length", "100000");
    const int64_t before = stream_.FileBytes();
    EXPECT_EQ(response_.ReadFrom(file_).n, 100000);
    bool chunked = false;
    const std::string wire = Finish();
    EXPECT_EQ(BodyOf(wire, &chunked), text);
    EXPECT_EQ(chunked, !declared);
    EXPECT_EQ(stream_.FileBytes() - before, 100000 - 512);  // the rest was sniffed
    EXPECT_NE(wire.find("Content-Type: text/plain; charset=utf-8\r\n"), std::string::npos);
    EXPECT_EQ(*file_.Position(), 100000);
    EXPECT_FALSE(response_.MustClose());
  }
}

TEST_F(ResponseFileTest, WithATypeNothingIsSniffed) {
  MakeFile(Text(100000));
  response_.Header().Set("Content-Type", "a/b");
  EXPECT_EQ(response_.ReadFrom(file_).n, 100000);
  EXPECT_EQ(BodyOf(Finish()), Text(100000));
  EXPECT_EQ(stream_.FileBytes(), 100000);
}

TEST_F(ResponseFileTest, SendfileBeginsAtItsSmallestSize) {
  for (const int64_t size : {kSendFileBytesMin - 1, kSendFileBytesMin}) {
    MakeFile(Text(static_cast<size_t>(size)));
    Begin({});
    response_.Header().Set("Content-Type", "a/b");
    const int64_t before = stream_.FileBytes();
    EXPECT_EQ(response_.ReadFrom(file_).n, size);
    EXPECT_EQ(BodyOf(Finish()), Text(static_cast<size_t>(size)));
    EXPECT_EQ(stream_.FileBytes() - before, size == kSendFileBytesMin ? size : 0);
  }
}

TEST_F(ResponseFileTest, APartOfAFile) {
  MakeFile(Text(100000));
  ASSERT_FALSE(file_.SeekTo(1000));
  io::LimitedReader part(file_, 50000);
  response_.Write("<");
  EXPECT_EQ(response_.ReadFrom(part).n, 50000);
  response_.Write(">");
  EXPECT_EQ(BodyOf(Finish()), "<" + Text(100000).substr(1000, 50000) + ">");
}

TEST_F(ResponseFileTest, TheDeclaredLengthHoldsForFiles) {
  MakeFile(Text(100000));
  response_.Header().Set("Content-Length", "60000");
  const io::CopyResult copied = response_.ReadFrom(file_);
  EXPECT_EQ(copied.n, 60000);
  EXPECT_TRUE(copied.err.Is(http::ErrContentLength));
  EXPECT_EQ(BodyOf(Finish()), Text(60000));
  EXPECT_TRUE(response_.MustClose());
}

TEST_F(ResponseFileTest, HeadSendsNothingOfAFile) {
  MakeFile(Text(100000));
  Begin(kHead);
  response_.Header().Set("Content-Length", "100000");
  EXPECT_EQ(response_.ReadFrom(file_).n, 100000);
  EXPECT_EQ(BodyOf(Finish()), "");
  EXPECT_EQ(stream_.FileBytes(), 0);
  EXPECT_EQ(response_.BytesWritten(), 100000);
  EXPECT_FALSE(response_.MustClose());
}

TEST_F(ResponseFileTest, AFileThatClaimsToBeEmptyIsRead) {
  auto file = io::File::Open("/proc/self/status");
  ASSERT_TRUE(file);
  EXPECT_GT(response_.ReadFrom(*file).n, 0);
  EXPECT_NE(Finish().find("Pid:"), std::string::npos);
}

// Claims to be longer than it is.
class Shrunk final : public io::Reader {
 public:
  explicit Shrunk(io::File& file) : file_(&file) {}
  io::IoResult Read(std::span<char> into) override { return file_->Read(into); }
  io::File* AsFile(int64_t* limit) override {
    *limit = 1 << 20;
    return file_;
  }

 private:
  io::File* file_;
};

TEST_F(ResponseFileTest, AFileThatShrinksCutsTheAnswer) {
  MakeFile(Text(100000));
  Shrunk source(file_);
  response_.Header().Set("Content-Type", "a/b");
  // The file is truncated between the query of its size and the sending.
  stream_.BeforeSendFile([this] { ASSERT_EQ(truncate(path_.c_str(), 30000), 0); });
  const io::CopyResult copied = response_.ReadFrom(source);
  EXPECT_EQ(copied.n, 30000);
  EXPECT_TRUE(copied.err.Is(io::ErrUnexpectedEof));
  response_.Finish();
  EXPECT_TRUE(response_.MustClose());
  EXPECT_TRUE(response_.OutputError());
  EXPECT_FALSE(stream_.TakeOutput().ends_with("0\r\n\r\n"));
}

// --- Hijack: W75, W76.

TEST_F(ResponseTest, HijackSendsNothingOfItsOwn) {
  EXPECT_TRUE(response_.Hijack());
  EXPECT_TRUE(response_.Hijacked());
  EXPECT_TRUE(response_.HeadSent());
  EXPECT_EQ(control_.hijacks, 1);
  const auto second = response_.Hijack();
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().Is(http::ErrHijacked));
  EXPECT_EQ(control_.hijacks, 1);
  EXPECT_TRUE(response_.Write("x").err.Is(http::ErrHijacked));
  EXPECT_TRUE(response_.Flush().Is(http::ErrHijacked));
  response_.WriteHeader(200);
  EXPECT_EQ(control_.log.size(), 3U);
  EXPECT_EQ(Finish(), "");
}

TEST_F(ResponseTest, HijackBehindAStatusSendsTheHead) {
  response_.Header().Set("Connection", "Upgrade");
  response_.Header().Set("Upgrade", "x");
  response_.WriteHeader(101);
  EXPECT_TRUE(response_.Hijack());
  EXPECT_EQ(
      stream_.TakeOutput(),
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\nDate: D\r\n\r\n");
}

TEST_F(ResponseTest, AHijackThatFailsChangesNothing) {
  control_.hijack_error = io::ErrClosed;
  EXPECT_FALSE(response_.Hijack());
  EXPECT_FALSE(response_.Hijacked());
  EXPECT_EQ(response_.Write("x").n, 1U);
}

TEST_F(ResponseTest, NothingWorksAfterTheEnd) {
  Finish();
  EXPECT_TRUE(response_.Write("x").err.Is(io::ErrClosed));
  EXPECT_TRUE(response_.Flush().Is(io::ErrClosed));
  EXPECT_FALSE(response_.Hijack());
  Pieces pieces("x", 1);
  EXPECT_TRUE(response_.ReadFrom(pieces).err.Is(io::ErrClosed));
}

TEST_F(ResponseTest, DeadlinesReachTheStream) {
  const TimePoint soon = TimePoint() + std::chrono::seconds(5);
  EXPECT_FALSE(response_.SetReadDeadline(soon));
  EXPECT_FALSE(response_.SetWriteDeadline(soon));
  EXPECT_EQ(stream_.ReadDeadline(), soon);
  EXPECT_EQ(stream_.WriteDeadline(), soon);
}

}  // namespace
}  // namespace hon::adaptor::test
