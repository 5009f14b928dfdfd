
#include "hon/h2/hpack_decoder.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "h2/bytes.h"
#include "h2/hpack_fixture.h"
#include "h2/hpack_integer.h"

namespace hon::h2 {
namespace {

using h2::testing::FromHex;

using testing::Decode;
using testing::Decoded;
using testing::Fields;
using testing::kLimits;

ErrorCode ErrorOf(std::string_view block) {
  HpackDecoder decoder;
  return Decode(decoder, block).block.violation.code;
}

// RFC 7541 Appendix C.1, and the limit of this implementation.
TEST(HpackInteger, ReadsTheExamplesOfTheRfc) {
  const auto read = [](std::string bytes, unsigned bits) {
    std::string_view in = bytes;
    return internal::ReadInteger(in, bits);
  };
  EXPECT_EQ(read(FromHex("0a"), 5), 10U);
  EXPECT_EQ(read(FromHex("1f9a0a"), 5), 1337U);
  EXPECT_EQ(read(FromHex("2a"), 8), 42U);
  EXPECT_EQ(read(FromHex("1f9a"), 5), std::nullopt);
  EXPECT_EQ(read(FromHex("7fffffff7f"), 7), 127U + 0x0fffffffU);  // four octets
  EXPECT_EQ(read(FromHex("7fffffffff00"), 7), std::nullopt);      // five
  EXPECT_EQ(read(FromHex("7f8080808000"), 7), std::nullopt);      // zeros alone
}

TEST(HpackInteger, WritesWhatItReads) {
  for (const unsigned bits : {4U, 5U, 6U, 7U}) {
    for (const uint32_t value : {0U, 1U, 14U, 15U, 16U, 30U, 31U, 62U, 63U, 126U, 127U, 128U, 254U,
                                 255U, 4096U, 16384U, (1U << 28) - 1}) {
      char bytes[internal::kIntegerBytesMax];
      const char* const end = internal::WriteInteger(bytes, 0, bits, value);
      std::string_view in(bytes, static_cast<size_t>(end - bytes));
      EXPECT_EQ(internal::ReadInteger(in, bits), value) << bits;
      EXPECT_TRUE(in.empty());
    }
  }
}

// RFC 7541 Appendix C.3 (without Huffman) and C.4 (with).
TEST(HpackDecoder, RequestsOfTheRfc) {
  const std::initializer_list<std::initializer_list<const char*>> both = {
      {"828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865",
       "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"},
      {"828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf",
       "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"}};
  for (const auto& blocks : both) {
    HpackDecoder decoder;
    auto block = blocks.begin();
    EXPECT_EQ(Decode(decoder, FromHex(*block++)).fields,
              (Fields{{":method", "GET"},
                      {":scheme", "http"},
                      {":path", "/"},
                      {":authority", "www.example.com"}}));
    EXPECT_EQ(decoder.TableBytes(), 57U);
    EXPECT_EQ(Decode(decoder, FromHex(*block++)).fields, (Fields{{":method", "GET"},
                                                                 {":scheme", "http"},
                                                                 {":path", "/"},
                                                                 {":authority", "www.example.com"},
                                                                 {"cache-control", "no-cache"}}));
    EXPECT_EQ(decoder.TableBytes(), 110U);
    EXPECT_EQ(Decode(decoder, FromHex(*block++)).fields, (Fields{{":method", "GET"},
                                                                 {":scheme", "https"},
                                                                 {":path", "/index.html"},
                                                                 {":authority", "www.example.com"},
                                                                 {"custom-key", "custom-value"}}));
    EXPECT_EQ(decoder.TableBytes(), 164U);
  }
}

// RFC 7541 Appendix C.6: a table of 256 bytes, so entries are evicted.
TEST(HpackDecoder, AnswersOfTheRfcEvict) {
  HpackDecoder decoder(256);
  const Fields first = {{":status", "302"},
                        {"cache-control", "private"},
                        {"date", "Mon, 21 Oct 2013 20:13:21 GMT"},
                        {"location", "https://www.example.com"}};
  EXPECT_EQ(Decode(decoder, FromHex("488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082"
                                    "a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3"))
                .fields,
            first);
  EXPECT_EQ(decoder.TableBytes(), 222U);
  EXPECT_EQ(Decode(decoder, FromHex("4883640effc1c0bf")).fields,
            (Fields{{":status", "307"}, first[1], first[2], first[3]}));
  EXPECT_EQ(decoder.TableBytes(), 222U);
  EXPECT_EQ(
      Decode(decoder,
             FromHex("88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821d"
                     "d7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b106"
                     "3d5007"))
          .fields,
      (Fields{{":status", "200"},
              {"cache-control", "private"},
              {"date", "Mon, 21 Oct 2013 20:13:22 GMT"},
              {"location", "https://www.example.com"},
              {"content-encoding", "gzip"},
              {"set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"}}));
  EXPECT_EQ(decoder.TableBytes(), 215U);
}

// RFC 7541 Appendix C.2: each kind of literal.
TEST(HpackDecoder, LiteralsIndexOrDoNot) {
  HpackDecoder decoder;
  EXPECT_EQ(Decode(decoder, FromHex("040c2f73616d706c652f70617468")).fields,
            (Fields{{":path", "/sample/path"}}));
  EXPECT_EQ(decoder.TableBytes(), 0U);
  Arena arena;
  std::vector<FieldLine> lines;
  const std::string never = FromHex("100870617373776f726406736563726574");
  EXPECT_FALSE(decoder.Decode(never, kLimits, arena, lines).violation);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].name, "password");
  EXPECT_TRUE(lines[0].sensitive);
  EXPECT_EQ(decoder.TableBytes(), 0U);
}

TEST(HpackDecoder, BrokenBlocksAreCompressionErrors) {
  constexpr const char* kBroken[] = {
      "80",              // index 0
      "be",              // 62, past an empty table
      "ff8080808000",    // an index of six octets
      "7e00",            // a literal with the name of a missing entry
      "40",              // ends before the name
      "4003616263",      // ends before the value
      "40056162",        // a string longer than the block
      "40ff8080808000",  // a length of six octets
      "4081ff00",        // Huffman padding of a byte
      "823fe01f",        // a table size update after a field
      "3fe21f",          // 4097, above the setting
      "7f80ffffffff0f",  // an index that does not fit
  };
  for (const char* block : kBroken) {
    EXPECT_EQ(ErrorOf(FromHex(block)), ErrorCode::kCompressionError) << block;
  }
  EXPECT_EQ(ErrorOf(FromHex("3fe11f82")), ErrorCode::kNoError);    // 4096
  EXPECT_EQ(ErrorOf(FromHex("203fe11f82")), ErrorCode::kNoError);  // 0, then 4096
  EXPECT_EQ(ErrorOf(""), ErrorCode::kNoError);
}

TEST(HpackDecoder, EveryCutOfABlockIsAPrefixOrBroken) {
  const std::string block = FromHex("828684418cf1e3c2e5f23a6ba0ab90f4ff5886a8eb10649cbf");
  HpackDecoder whole;
  const Fields want = Decode(whole, block).fields;
  for (size_t cut = 0; cut < block.size(); ++cut) {
    HpackDecoder decoder;
    const Decoded got = Decode(decoder, std::string_view(block).substr(0, cut));
    ASSERT_LE(got.fields.size(), want.size());
    EXPECT_TRUE(std::equal(got.fields.begin(), got.fields.end(), want.begin())) << cut;
  }
}

TEST(HpackDecoder, ASizeUpdateEvicts) {
  HpackDecoder decoder;
  Decode(decoder, FromHex("410f7777772e6578616d706c652e636f6d"));
  EXPECT_EQ(decoder.TableBytes(), 57U);
  EXPECT_FALSE(Decode(decoder, FromHex("3f1a")).block.violation);  // 57
  EXPECT_EQ(decoder.TableBytes(), 57U);
  EXPECT_FALSE(Decode(decoder, FromHex("3f19")).block.violation);  // 56
  EXPECT_EQ(decoder.TableBytes(), 0U);
  // An entry as large as the table fits; one more byte empties the table, and is no error (RFC 7541
  // §4.4).
  EXPECT_FALSE(Decode(decoder, FromHex("3f1a410f7777772e6578616d706c652e636f6d")).block.violation);
  EXPECT_EQ(decoder.TableBytes(), 57U);
  EXPECT_EQ(Decode(decoder, FromHex("41107777772e6578616d706c652e636f6d6d")).fields,
            (Fields{{":authority", "www.example.comm"}}));
  EXPECT_EQ(decoder.TableBytes(), 0U);
}

TEST(HpackDecoder, PastALimitFieldsAreDroppedButTheTableGoesOn) {
  const std::string two = FromHex("410f7777772e6578616d706c652e636f6d58086e6f2d6361636865");
  for (const FieldLimits limits :
       {FieldLimits{1, SIZE_MAX}, FieldLimits{SIZE_MAX, 109}, FieldLimits{SIZE_MAX, 57}}) {
    HpackDecoder decoder;
    const Decoded got = Decode(decoder, two, limits);
    EXPECT_TRUE(got.block.too_large);
    EXPECT_EQ(got.block.fields, 2U);
    EXPECT_EQ(got.block.list_bytes, 110U);
    EXPECT_EQ(got.fields, (Fields{{":authority", "www.example.com"}}));
    EXPECT_EQ(Decode(decoder, FromHex("bebf")).fields,
              (Fields{{"cache-control", "no-cache"}, {":authority", "www.example.com"}}));
  }
  HpackDecoder decoder;
  EXPECT_FALSE(Decode(decoder, two, {2, 110}).block.too_large);
}

TEST(HpackDecoder, MarksFieldsThatHttpDoesNotAllow) {
  const auto valid = [](std::string_view name, std::string_view value) {
    std::string block("\x40", 1);
    block += static_cast<char>(name.size());
    block += name;
    block += static_cast<char>(value.size());
    block += value;
    HpackDecoder decoder;
    Arena arena;
    std::vector<FieldLine> lines;
    for (const std::string& each : {block, FromHex("be")}) {
      EXPECT_FALSE(decoder.Decode(each, kLimits, arena, lines).violation);
    }
    EXPECT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].valid, lines[1].valid) << name;  // from the block and from the table
    return lines[0].valid;
  };
  // RFC 9113 §8.2.1, RFC 9110 §5.5.
  EXPECT_TRUE(valid("x-a", "b c"));
  EXPECT_TRUE(valid("x-a", ""));
  EXPECT_TRUE(valid("x-a", "\xc3\xa4"));
  EXPECT_FALSE(valid("X-a", "b"));
  EXPECT_FALSE(valid("", "b"));
  EXPECT_FALSE(valid("a b", "b"));
  EXPECT_FALSE(valid("a:b", "b"));
  EXPECT_FALSE(valid("Accept", "b"));
  EXPECT_FALSE(valid("x-a", " b"));
  EXPECT_FALSE(valid("x-a", "b\t"));
  EXPECT_FALSE(valid("x-a", "b\r\nc"));
  EXPECT_FALSE(valid("x-a", std::string_view("b\0c", 3)));
  EXPECT_FALSE(valid("x-a", "b\x7f"));
}

}  // namespace
}  // namespace hon::h2
