#include "hon/http/base64.h"

#include <gtest/gtest.h>

#include <string>

#include "http/base64_cases.h"

namespace hon::base64 {
namespace {

constexpr std::array<Encoding, 6> kEncodings = {StdEncoding,          URLEncoding,
                                                RawStdEncoding,       RawURLEncoding,
                                                StdEncoding.Strict(), RawURLEncoding.Strict()};

TEST(Encoding, EncodesAsGoDoes) {
  for (const EncodeCase& c : kEncodeCases) {
    for (size_t i = 0; i < c.texts.size(); ++i) {
      EXPECT_EQ(kEncodings[i].EncodeToString(c.bytes), c.texts[i]);
      EXPECT_EQ(*kEncodings[i].DecodeString(c.texts[i]), c.bytes);
      EXPECT_EQ(*kEncodings[i].Strict().DecodeString(c.texts[i]), c.bytes);
    }
  }
}

TEST(Encoding, DecodesAsGoDoes) {
  for (const DecodeCase& c : kDecodeCases) {
    for (size_t i = 0; i < kEncodings.size(); ++i) {
      const Result<std::string> bytes = kEncodings[i].DecodeString(c.text);
      EXPECT_EQ(bytes ? *bytes : "! " + bytes.error().Message(), c.results[i])
          << c.text << ' ' << i;
      if (!bytes) {
        EXPECT_TRUE(bytes.error().Is(ErrCorruptInput));
      }
    }
  }
}

TEST(Encoding, EveryByteComesBack) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i * 7 % 256);
  for (size_t size = 900; size <= bytes.size(); ++size) {
    const std::string_view part = std::string_view(bytes).substr(0, size);
    for (const Encoding& encoding : kEncodings) {
      EXPECT_EQ(*encoding.DecodeString(encoding.EncodeToString(part)), part);
    }
  }
}

}  // namespace
}  // namespace hon::base64
