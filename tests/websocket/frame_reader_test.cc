// Every conformance case in memory, cut at every byte.

#include "websocket/frame_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "websocket/conformance_cases.h"
#include "websocket/frames.h"
#include "websocket/message_buffer.h"

namespace hon::websocket::internal {
namespace {

using test::Case;

// The most cuts that are tried of a long wire.
constexpr size_t kCutsMax = 400;

// The answers of an echoing server, made of the reader's results.
class Answers {
 public:
  explicit Answers(const ReaderOptions& options) : reader_(options) {}

  void Feed(std::string_view part) {
    std::string copy(part);  // the reader unmasks in place
    std::span<char> input(copy);
    while (!ended_) {
      const Found found = reader_.Next(input, true);
      if (found.kind == Found::Kind::kNothing) break;
      Note(found);
    }
  }
  std::vector<std::string> all;

 private:
  void Note(const Found& found) {
    switch (found.kind) {
      case Found::Kind::kPiece:
        message_ += found.data;
        if (!found.final) return;
        all.push_back((found.type == MessageType::kText ? "text:" : "binary:") + message_);
        message_.clear();
        return;
      case Found::Kind::kPing:
        all.push_back("pong:" + std::string(found.data));
        return;
      case Found::Kind::kClose:
      case Found::Kind::kBad:
        all.push_back("close:" + (found.code == kCloseNoStatus ? "" : std::to_string(found.code)));
        ended_ = true;
        return;
      default:
        return;
    }
  }

  FrameReader reader_;
  std::string message_;
  bool ended_ = false;
};

std::string Short(const std::vector<std::string>& answers) {
  std::string text;
  for (const std::string& answer : answers) {
    text += answer.substr(0, 60) + "(" + std::to_string(answer.size()) + ") ";
  }
  return text;
}

class FrameReaderTest : public testing::Test {
 protected:
  static ReaderOptions OptionsOf(const Case& c, DeflatePool& pool) {
    return {.masked = true,
            .deflate = c.deflate,
            .pool = &pool,
            .message_bytes_max = test::kCaseMessageBytesMax};
  }
};

TEST_F(FrameReaderTest, ThereAreEnoughCases) { EXPECT_GE(test::ConformanceCases().size(), 250u); }

TEST_F(FrameReaderTest, EveryCaseAtEveryCut) {
  DeflatePool pool(1);
  for (const Case& c : test::ConformanceCases()) {
    const ReaderOptions options = OptionsOf(c, pool);
    const std::string_view wire = c.wire;
    const size_t step = 1 + wire.size() / kCutsMax;
    for (size_t cut = 0; cut <= wire.size(); cut += cut < 40 ? 1 : step) {
      Answers answers(options);
      answers.Feed(wire.substr(0, cut));
      answers.Feed(wire.substr(cut));
      ASSERT_EQ(Short(answers.all), Short(c.want)) << c.name << ", cut " << cut;
      ASSERT_EQ(answers.all, c.want) << c.name << ", cut " << cut;
    }
  }
}

TEST_F(FrameReaderTest, EveryCaseByteByByte) {
  DeflatePool pool(1);
  for (const Case& c : test::ConformanceCases()) {
    const ReaderOptions options = OptionsOf(c, pool);
    Answers answers(options);
    for (const char byte : c.wire) answers.Feed({&byte, 1});
    ASSERT_EQ(answers.all, c.want) << c.name;
  }
}

TEST_F(FrameReaderTest, AClientsPeerMustNotMask) {
  ReaderOptions options;
  options.masked = false;
  options.message_bytes_max = 100;
  Answers good(options);
  good.Feed(test::Frame("hi", {.masked = false}));
  EXPECT_EQ(good.all, std::vector<std::string>{"text:hi"});
  Answers bad(options);
  bad.Feed(test::Text("hi"));
  EXPECT_EQ(bad.all, std::vector<std::string>{"close:1002"});
}

TEST_F(FrameReaderTest, UnwantedBytesStayInTheInput) {
  ReaderOptions options;
  options.message_bytes_max = 100;
  FrameReader reader(options);
  std::string wire = test::Ping("p") + test::Text("hello") + test::Ping("q");
  std::span<char> input(wire);
  EXPECT_EQ(reader.Next(input, false).kind, Found::Kind::kPing);
  EXPECT_EQ(reader.Next(input, false).kind, Found::Kind::kBlocked);
  EXPECT_EQ(reader.Next(input, false).kind, Found::Kind::kBlocked);
  const Found found = reader.Next(input, true);
  EXPECT_EQ(found.kind, Found::Kind::kPiece);
  EXPECT_EQ(found.data, "hello");
  EXPECT_TRUE(found.final);
  EXPECT_EQ(reader.Next(input, false).kind, Found::Kind::kPing);
  EXPECT_EQ(reader.Next(input, false).kind, Found::Kind::kNothing);
  EXPECT_TRUE(input.empty());
}

// A message that inflates to much is returned piece by piece, also when one piece is requested at a
// time.
TEST_F(FrameReaderTest, InflatedPiecesCanBeTakenOneByOne) {
  DeflatePool pool(1);
  const ReaderOptions options = {.deflate = true, .pool = &pool, .message_bytes_max = 1 << 20};
  FrameReader reader(options);
  std::string much;
  for (int i = 0; much.size() < 300'000; ++i) much += std::to_string(i * 31);
  std::string wire = test::Frame(test::Deflated(much), {.opcode = 1, .rsv = 4}) + test::Ping("p");
  std::span<char> input(wire);
  std::string got;
  for (;;) {
    EXPECT_EQ(reader.Next(input, false).kind, Found::Kind::kBlocked);
    const Found found = reader.Next(input, true);
    ASSERT_EQ(found.kind, Found::Kind::kPiece);
    EXPECT_LE(found.data.size(), kInflateBytes);
    got += found.data;
    if (found.final) break;
  }
  EXPECT_EQ(got, much);
  EXPECT_EQ(reader.Next(input, false).kind, Found::Kind::kPing);
}

TEST_F(FrameReaderTest, TheWindowIsKeptWithContextTakeover) {
  const ReaderOptions options = {
      .deflate = true, .inflate = {.takeover = true}, .message_bytes_max = 1 << 20};
  Answers answers(options);
  Deflater deflater(15, 6);
  const std::string text = "the same words again and again, but only once on the wire";
  size_t first = 0;
  size_t last = 0;
  for (int i = 0; i < 3; ++i) {
    std::string packed;
    deflater.Add(text, true, packed);
    last = packed.size();
    if (i == 0) first = last;
    answers.Feed(test::Frame(packed, {.opcode = 1, .rsv = 4}));
  }
  EXPECT_LT(last, first / 2);
  EXPECT_EQ(answers.all, std::vector<std::string>(3, "text:" + text));
}

TEST(Deflater, MessagesOfAllKindsComeBackOut) {
  DeflatePool pool(1);
  for (const bool takeover : {false, true}) {
    const ReaderOptions options = {.deflate = true,
                                   .inflate = {.takeover = takeover},
                                   .pool = &pool,
                                   .message_bytes_max = 4 << 20};
    Answers answers(options);
    std::vector<std::string> want;
    Deflater deflater(12, 1);
    for (const size_t size : {0UL, 0UL, 1UL, 10UL, 100UL, 1000UL, 0UL, 100'000UL, 1'000'000UL}) {
      std::string data;
      for (size_t i = 0; i < size; ++i) data += static_cast<char>(i * i >> 3);
      std::string packed;
      deflater.Add(std::string_view(data).substr(0, size / 3), false, packed);
      deflater.Add(std::string_view(data).substr(size / 3), true, packed);
      if (!takeover) deflater.Reset();
      answers.Feed(test::Frame(packed, {.opcode = 2, .rsv = 4}));
      want.push_back("binary:" + data);
    }
    EXPECT_EQ(answers.all, want);
  }
}

// Pieces that the reader puts into the offered room, or not, make the same message, and memory is
// proportional to the received bytes.
TEST(MessageBuffer, TakesPiecesOfEverySizeWhereverTheyAre) {
  io::BlockPool pool;
  for (const size_t total : {0UL, 1UL, 4096UL, 4097UL, 20'000UL, 65'536UL, 300'001UL}) {
    std::string data;
    for (size_t i = 0; i < total; ++i) data += static_cast<char>(i * 7 + (i >> 8));
    for (const size_t piece : {7UL, 1000UL, 16'320UL, 400'000UL}) {
      const ReaderOptions options = {.message_bytes_max = 1 << 20};
      FrameReader reader(options);
      MessageBuffer buffer(pool);
      std::string wire = test::Frame(data, {.opcode = 2});
      bool final = false;
      for (size_t at = 0; at < wire.size(); at += piece) {
        std::span<char> input = std::span(wire).subspan(at, std::min(piece, wire.size() - at));
        while (!final) {
          const Found found = reader.Next(input, true, buffer.Room());
          if (found.kind == Found::Kind::kNothing) break;
          ASSERT_EQ(found.kind, Found::Kind::kPiece);
          buffer.Add(found.data, reader.ToCome());
          final = found.final;
        }
      }
      EXPECT_TRUE(final);
      EXPECT_TRUE(buffer.View() == data) << total << " by " << piece;
    }
  }
  EXPECT_EQ(pool.InUse(), 0U);
}

TEST(MessageBuffer, AllocatesByReceivedBytesNotByTheAnnouncedLength) {
  io::BlockPool pool;
  MessageBuffer buffer(pool);
  buffer.Add(std::string(1000, 'x'), size_t{1} << 40);
  EXPECT_EQ(pool.InUse(), 0U);
  buffer.Add(std::string(1000, 'x'), size_t{1} << 40);
  EXPECT_EQ(pool.InUse(), 1U);
  EXPECT_LE(buffer.Room().size(), io::kBlockBytes);
}

}  // namespace
}  // namespace hon::websocket::internal
