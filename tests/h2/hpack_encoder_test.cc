
#include "hon/h2/hpack_encoder.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "h2/bytes.h"
#include "h2/hpack_fixture.h"
#include "hon/h2/hpack_decoder.h"

namespace hon::h2 {
namespace {

using h2::testing::FromHex;

using testing::Decode;
using testing::Decoded;
using testing::Encode;
using testing::Fields;
using testing::kLimits;

TEST(HpackEncoder, RepeatedFieldsBecomeOneByteEach) {
  HpackEncoder encoder;
  HpackDecoder decoder;
  const Fields fields = {{"Content-Type", "text/plain; charset=utf-8"},
                         {"Content-Length", "13"},
                         {"X-Own", "value"},
                         {"Date", "Mon, 21 Oct 2013 20:13:21 GMT"}};
  const Fields want = {{"content-type", "text/plain; charset=utf-8"},
                       {"content-length", "13"},
                       {"x-own", "value"},
                       {"date", "Mon, 21 Oct 2013 20:13:21 GMT"}};
  EXPECT_EQ(Decode(decoder, Encode(encoder, fields)).fields, want);
  const std::string again = Encode(encoder, fields);
  EXPECT_EQ(again.size(), fields.size());
  EXPECT_EQ(Decode(decoder, again).fields, want);
  EXPECT_EQ(encoder.TableBytes(), decoder.TableBytes());
}

TEST(HpackEncoder, StatusesAreOfTheStaticTableOrIndexed) {
  HpackEncoder encoder;
  char block[32];
  EXPECT_EQ(std::string_view(block, static_cast<size_t>(encoder.WriteStatus(block, 200) - block)),
            FromHex("88"));
  EXPECT_EQ(std::string_view(block, static_cast<size_t>(encoder.WriteStatus(block, 500) - block)),
            FromHex("8e"));
  EXPECT_EQ(std::string_view(block, static_cast<size_t>(encoder.WriteStatus(block, 302) - block)),
            FromHex("48826402"));
  EXPECT_EQ(std::string_view(block, static_cast<size_t>(encoder.WriteStatus(block, 302) - block)),
            FromHex("be"));
}

// RFC 7541 §7.1.3.
TEST(HpackEncoder, CredentialsAreNeverIndexed) {
  for (const auto& [name, value, never] :
       {std::tuple("Authorization", "Basic Zm9vOmJhcg==", true),
        std::tuple("Proxy-Authorization", "Basic Zm9vOmJhcg==", true),
        std::tuple("Cookie", "sid=0123456789abcde", true),    // 19 bytes
        std::tuple("Cookie", "sid=0123456789abcdef", false),  // 20
        std::tuple("Set-Cookie", "sid=0123456789abcdef", false)}) {
    HpackEncoder encoder;
    HpackDecoder decoder;
    Arena arena;
    std::vector<FieldLine> lines;
    const std::string block = Encode(encoder, {{name, value}});
    EXPECT_FALSE(decoder.Decode(block, kLimits, arena, lines).violation);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].value, value);
    EXPECT_EQ(lines[0].sensitive, never) << name;
    EXPECT_EQ(decoder.TableBytes() == 0, never || name == std::string_view("Set-Cookie")) << name;
  }
}

TEST(HpackEncoder, ObeysThePeersTableSize) {
  HpackEncoder encoder;
  HpackDecoder decoder;
  Decode(decoder, Encode(encoder, {{"X-A", "1"}}));
  encoder.SetTableBytesMax(0);
  encoder.SetTableBytesMax(100);
  const std::string block = Encode(encoder, {{"X-A", "1"}});
  EXPECT_EQ(block.substr(0, 3), FromHex("203f45"));  // 0, then 100 (RFC 7541 §4.2)
  EXPECT_EQ(Decode(decoder, block).fields, (Fields{{"x-a", "1"}}));
  EXPECT_EQ(encoder.TableBytes(), 36U);
  EXPECT_EQ(decoder.TableBytes(), 36U);
  encoder.SetTableBytesMax(0);
  const std::string none = Encode(encoder, {{"X-A", "1"}});
  EXPECT_EQ(Decode(decoder, none).fields, (Fields{{"x-a", "1"}}));
  EXPECT_EQ(encoder.TableBytes(), 0U);
  // A larger table than kTableBytesMax is not used.
  encoder.SetTableBytesMax(1 << 20);
  EXPECT_EQ(Encode(encoder, {}).substr(0, 3), FromHex("3fe11f"));
}

TEST(HpackEncoder, StaysInStepWhileEntriesAreEvicted) {
  HpackEncoder encoder;
  HpackDecoder decoder;
  uint32_t random = 1;
  for (int round = 0; round < 2000; ++round) {
    Fields fields;
    for (int i = 0; i < 8; ++i) {
      random = random * 1664525 + 1013904223;
      const std::string name = "x-" + std::to_string((random >> 8) % 7);
      fields.emplace_back(
          name, std::string((random >> 16) % 90, 'v') + std::to_string((random >> 20) % 11));
    }
    const Decoded got = Decode(decoder, Encode(encoder, fields));
    ASSERT_FALSE(got.block.violation) << round;
    ASSERT_EQ(got.fields, fields) << round;
    ASSERT_EQ(encoder.TableBytes(), decoder.TableBytes());
    ASSERT_LE(decoder.TableBytes(), HpackDecoder::kTableBytesMax);
    if (round % 100 == 50) encoder.SetTableBytesMax((random >> 8) % 5000);
  }
}

}  // namespace
}  // namespace hon::h2
