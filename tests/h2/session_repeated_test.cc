// Field blocks that open one stream after another with the same bytes: their section may be decoded
// once, but only while the bytes mean the same (RFC 7541 §2.2: the table is the connection's).

#include <gtest/gtest.h>

#include <string>

#include "h2/session_fixture.h"

namespace hon::h2 {
namespace {

using testing::ClientStart;
using testing::Exchange;
using testing::FromHex;
using testing::kHeaders;
using testing::Owner;
using testing::RawFrame;
using testing::ReadFrames;
// "GET / HTTP/2" of http://a without an insertion into the table.
std::string Get() { return FromHex("828684 01 01") + "a"; }

class SessionRepeatedTest : public ::testing::TestWithParam<bool> {
 protected:
  SessionRepeatedTest() {
    if (GetParam()) server_.KeepRepeated();
    server_.Give(ClientStart());
  }

  // Opens the next stream. Returns its "x" field, or "RST" or "GOAWAY".
  std::string Open(std::string_view block, bool end_stream = true) {
    const uint32_t id = next_;
    next_ += 2;
    const auto flags =
        static_cast<uint8_t>(kFlagEndHeaders | (end_stream ? kFlagEndStream : uint8_t{0}));
    server_.Give(RawFrame(kHeaders, flags, id, block));
    server_.Take();
    if (server_.GetSession().Failure()) return "GOAWAY";
    Exchange* const exchange = server_.Find(id);
    if (exchange == nullptr || exchange->reset) return "RST";
    EXPECT_EQ(exchange->method, "GET");
    EXPECT_EQ(exchange->authority, "a");
    return exchange->header.count("X") == 0 ? "" : exchange->header.at("X");
  }
  // GET / of http://a, and a field "x" by index 62, the youngest of the table.
  static std::string Indexed() { return Get() + FromHex("be"); }
  // The same with a field "x" that is inserted in front of the table.
  static std::string Insert(char value) { return Get() + FromHex("40 01 78 01") + value; }

  Owner server_{Role::kServer};
  uint32_t next_ = 1;
};
INSTANTIATE_TEST_SUITE_P(, SessionRepeatedTest, ::testing::Bool());

TEST_P(SessionRepeatedTest, TheSameBytesAreTheSameSection) {
  EXPECT_EQ(Open(Insert('1')), "1");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Open(Indexed()), "1");
  EXPECT_EQ(server_.Repeated(), 4U);
  EXPECT_EQ(Open(Get()), "");
  EXPECT_EQ(Open(Indexed()), "1");
  EXPECT_EQ(server_.Repeated(), 4U);
  EXPECT_EQ(Open(Indexed()), "1");
  EXPECT_EQ(server_.Repeated(), 5U);
}

TEST_P(SessionRepeatedTest, ABlockThatInsertsIsDecodedEachTime) {
  EXPECT_EQ(Open(Insert('1')), "1");
  EXPECT_EQ(Open(Insert('2')), "2");
  EXPECT_EQ(Open(Insert('2')), "2");
  EXPECT_EQ(server_.Repeated(), 0U);
  // Both of the last two blocks have inserted: the table's second entry is "2" too.
  EXPECT_EQ(Open(Get() + FromHex("bf")), "2");
  EXPECT_EQ(Open(Get() + FromHex("c0")), "1");
}

TEST_P(SessionRepeatedTest, AChangeOfTheTableChangesTheMeaning) {
  EXPECT_EQ(Open(Insert('1')), "1");
  EXPECT_EQ(Open(Indexed()), "1");
  EXPECT_EQ(Open(Indexed()), "1");
  EXPECT_EQ(Open(Insert('2')), "2");
  EXPECT_EQ(Open(Indexed()), "2");
  EXPECT_EQ(Open(Indexed()), "2");
  // Trailers of another stream insert.
  const uint32_t post = next_;
  next_ += 2;
  server_.Give(RawFrame(kHeaders, kFlagEndHeaders, post, FromHex("838684 01 01") + "a"));
  EXPECT_EQ(Open(Indexed()), "2");
  EXPECT_EQ(Open(Indexed()), "2");
  server_.Give(
      RawFrame(kHeaders, kFlagEndHeaders | kFlagEndStream, post, FromHex("40 01 78 01") + "3"));
  EXPECT_EQ(Open(Indexed()), "3");
  // A size of 0 evicts all entries (RFC 7541 §4.3).
  EXPECT_EQ(Open(FromHex("20") + Get()), "");
  EXPECT_EQ(Open(Indexed()), "GOAWAY");
  EXPECT_EQ(server_.GetSession().Failure().code, ErrorCode::kCompressionError);
}

// RFC 9113 §8.1.1: a Content-Length needs a body.
TEST_P(SessionRepeatedTest, TheEndOfTheStreamBelongsToTheMeaning) {
  const std::string block = Get() + FromHex("0f 0d 01") + "3";  // content-length: 3
  EXPECT_EQ(Open(block, false), "");
  EXPECT_EQ(Open(block, false), "");
  EXPECT_EQ(server_.Repeated(), 1U);
  EXPECT_EQ(Open(block, true), "RST");
  EXPECT_EQ(server_.Repeated(), 1U);
  EXPECT_EQ(Open(block, false), "");
  EXPECT_EQ(Open(block, false), "");
  EXPECT_EQ(server_.Repeated(), 2U);
}

TEST_P(SessionRepeatedTest, LongBlocksAreDecodedEachTime) {
  const auto padded = [](size_t bytes) {  // a literal of two bytes' length
    const std::string block = Get() + FromHex("00 01 79 7f");
    const size_t value = bytes - block.size() - 1;
    return block + static_cast<char>(value - 127) + std::string(value, 'v');
  };
  constexpr size_t kRepeatedBytesMax = 160;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Open(padded(kRepeatedBytesMax)), "");
  EXPECT_EQ(server_.Repeated(), 2U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Open(padded(kRepeatedBytesMax + 1)), "");
  EXPECT_EQ(server_.Repeated(), 2U);
}

// The fields of all open streams are counted (SessionLimits::sections_fields_max).
TEST(SessionRepeated, RepeatedSectionsCountAsOthers) {
  SessionLimits limits;
  limits.sections_fields_max = 12;  // three requests of four fields
  Owner server(Role::kServer, limits);
  const auto request = [](uint32_t id) {
    return RawFrame(kHeaders, kFlagEndHeaders | kFlagEndStream, id, Get());
  };
  server.KeepRepeated();
  server.Give(ClientStart());
  for (uint32_t id = 1; id <= 7; id += 2) server.Give(request(id));
  EXPECT_EQ(server.Count(), 3U);
  const auto resets = ReadFrames(server.Take(), FrameType::kRstStream);
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].header.stream, 7U);
  server.Release(3);
  server.Give(request(9));
  EXPECT_EQ(server.Count(), 3U);
  EXPECT_NE(server.Find(9), nullptr);
}

}  // namespace
}  // namespace hon::h2
