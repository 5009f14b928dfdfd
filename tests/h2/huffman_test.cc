#include "hon/h2/huffman.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "h2/bytes.h"

namespace hon::h2 {
namespace {

using testing::FromHex;

// Decodes into a buffer of exactly the sufficient size.
std::optional<std::string> DecodeText(std::string_view encoded) {
  const std::string copy(encoded);
  const auto to = std::make_unique<char[]>(HuffmanDecodedMax(copy.size()));
  const std::optional<size_t> size = HuffmanDecode(copy, to.get());
  if (!size) return std::nullopt;
  return std::string(to.get(), *size);
}

std::string EncodeText(std::string_view text) {
  std::string encoded(HuffmanEncodedBytes(text), '\0');
  const char* const end = HuffmanEncode(text, encoded.data());
  EXPECT_EQ(static_cast<size_t>(end - encoded.data()), encoded.size());
  return encoded;
}

struct HuffmanCase {
  const char* text;
  const char* hex;
};
// RFC 7541 Appendix C.4 and C.6.
constexpr HuffmanCase kHuffmanCases[] = {
    {"www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"},
    {"no-cache", "a8eb10649cbf"},
    {"custom-key", "25a849e95ba97d7f"},
    {"custom-value", "25a849e95bb8e8b4bf"},
    {"302", "6402"},
    {"private", "aec3771a4b"},
    {"Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff"},
    {"https://www.example.com", "9d29ad171863c78f0b97c8e9ae82ae43d3"},
    {"307", "640eff"},
    {"gzip", "9bd9ab"},
    {"foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
     "94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007"},
};

TEST(Huffman, ExamplesOfTheRfcBothWays) {
  for (const HuffmanCase& one : kHuffmanCases) {
    EXPECT_EQ(EncodeText(one.text), FromHex(one.hex)) << one.text;
    EXPECT_EQ(DecodeText(FromHex(one.hex)), one.text);
  }
}

TEST(Huffman, EveryPairOfBytesSurvives) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text = {static_cast<char>(a), static_cast<char>(b)};
      EXPECT_EQ(DecodeText(EncodeText(text)), text) << a << " " << b;
    }
  }
}

TEST(Huffman, EveryCutOfATextIsItsPrefixOrBroken) {
  const std::string text = kHuffmanCases[10].text;
  const std::string encoded = EncodeText(text);
  for (size_t cut = 0; cut < encoded.size(); ++cut) {
    const std::optional<std::string> decoded = DecodeText(std::string_view(encoded).substr(0, cut));
    if (decoded) {
      EXPECT_EQ(*decoded, text.substr(0, decoded->size())) << cut;
    }
  }
}

// RFC 7541 §5.2.
TEST(Huffman, PaddingIsAPrefixOfEosShorterThanAByte) {
  EXPECT_EQ(DecodeText(FromHex("1f")), "a");           // 00011 and three ones
  EXPECT_EQ(DecodeText(FromHex("1e")), std::nullopt);  // padding that is not all ones
  EXPECT_EQ(DecodeText(FromHex("18")), std::nullopt);
  EXPECT_EQ(DecodeText(FromHex("1fff")), std::nullopt);  // eleven bits of padding
  EXPECT_EQ(DecodeText(FromHex("ff")), std::nullopt);
  EXPECT_EQ(DecodeText(""), "");
}

TEST(Huffman, EosInTheTextIsBroken) {
  EXPECT_EQ(DecodeText(FromHex("ffffffff")), std::nullopt);    // EOS and two ones
  EXPECT_EQ(DecodeText(FromHex("1fffffffff")), std::nullopt);  // after a letter
}

TEST(Huffman, TheLongestCodesDecode) {
  const std::string text = "\x16\x0a\x0d";  // 30 bits each
  EXPECT_EQ(HuffmanEncodedBytes(text), 12U);
  EXPECT_EQ(DecodeText(EncodeText(text)), text);
}

}  // namespace
}  // namespace hon::h2
