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

// A server and a client, whose decoder is the judge of the server's blocks.
class SessionHeadTest : public ::testing::Test {
 protected:
  SessionHeadTest() { Settle(); }

  void Settle() {
    server_.Give(client_.Take());
    client_.Give(server_.Take());
  }
  // Has the server answer a request with `fields`. Returns the field block of the answer.
  std::string Answer(int status, const http::Header& fields, std::string_view date = "today") {
    auto& asked = client_.Ask(
        {.method = "GET", .scheme = "http", .authority = "a", .path = "/", .protocol = {}});
    server_.Give(client_.Take());
    const Session::ExtraField extra[] = {{http::HeaderId::kDate, date}};
    server_.GetSession().SendAnswer(server_.Find(asked.id)->stream, status, extra, fields, "body");
    server_.Release(asked.id);
    const std::string sent = server_.Take();
    client_.Give(sent);
    EXPECT_EQ(asked.status, status);
    EXPECT_EQ(asked.body, "body");
    EXPECT_EQ(asked.header.at("Date"), date);
    EXPECT_EQ(asked.header.size(), fields.Len() + 1);
    for (const http::Header::Field& field : fields) {
      EXPECT_EQ(asked.header.at(std::string(field.name)), field.value);
    }
    client_.Release(asked.id);
    const auto heads = ReadFrames(sent, kHeaders);
    return heads.empty() ? "" : heads.front().payload;
  }
  static http::Header Fields(std::string_view type) {
    http::Header fields;
    fields.Set("Content-Type", type);
    fields.Set("Server", "s");
    return fields;
  }

  Owner client_{Role::kClient};
  Owner server_{Role::kServer};
};

TEST_F(SessionHeadTest, TheSameHeadIsTheSameBlock) {
  Answer(200, Fields("text/plain"));
  const std::string block = Answer(200, Fields("text/plain"));
  EXPECT_EQ(block.size(), 4U);  // four indexes (RFC 7541 §6.1)
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Answer(200, Fields("text/plain")), block);
}

TEST_F(SessionHeadTest, EachDifferenceIsSeen) {
  http::Header third = Fields("a/b");
  third.Set("Etag", "x");
  http::Header named = Fields("a/b");
  named.Set("X-Own", "1");
  http::Header long_value = Fields(std::string(300, 't'));
  http::Header many;
  for (int i = 0; i < 12; ++i) {
    many.Add("X-" + std::string(1, static_cast<char>('A' + i)),
             std::string(1, static_cast<char>('a' + i)));
  }
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 9; ++i) Answer(200, Fields("a/b"));
    for (int i = 0; i < 9; ++i) Answer(404, Fields("a/b"));
    for (int i = 0; i < 9; ++i) Answer(200, Fields("a/c"));
    for (int i = 0; i < 9; ++i) Answer(200, Fields("a/c"), "tomorrow");
    for (int i = 0; i < 9; ++i) Answer(200, third);
    for (int i = 0; i < 9; ++i) Answer(200, named);
    for (int i = 0; i < 9; ++i) Answer(200, long_value);
    for (int i = 0; i < 9; ++i) Answer(200, many);
    for (int i = 0; i < 9; ++i) Answer(200, {});
  }
}

// Other heads between two that are the same insert into the table, and evict from it.
TEST_F(SessionHeadTest, ABlockIsOfItsTable) {
  for (int i = 0; i < 600; ++i) {
    for (int repeat = 0; repeat < 5; ++repeat) Answer(200, Fields("text/plain"));
    http::Header other;
    other.Set("Server", std::string(50, 'x') + std::to_string(i));
    Answer(200, other);
  }
}

// RFC 7541 §4.2: the block behind a change of SETTINGS_HEADER_TABLE_SIZE begins with the change.
TEST_F(SessionHeadTest, AChangeOfTheTableSizeIsAnnounced) {
  for (int i = 0; i < 9; ++i) Answer(200, Fields("text/plain"));
  const auto set_size = [&](std::string_view size) {
    server_.Give(RawFrame(FrameType::kSettings, 0, 0, FromHex(std::string("0001 ").append(size))));
    server_.Take();  // the acknowledgement of settings that the client's session has not sent
  };
  set_size("00000000");
  EXPECT_EQ(static_cast<unsigned char>(Answer(200, Fields("text/plain")).at(0)), 0x20);
  for (int i = 0; i < 9; ++i) Answer(200, Fields("text/plain"));
  set_size("00001000");
  for (int i = 0; i < 9; ++i) Answer(200, Fields("text/plain"));
}

}  // namespace
}  // namespace hon::h2
