#include "hon/adaptor/scan_level.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "support/guarded_bytes.h"

namespace hon::adaptor {
namespace {

// RFC 9110 §5.6.2, written out independently.
bool IsTokenByte(unsigned char byte) {
  return std::string_view(
             "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
             .find(static_cast<char>(byte)) != std::string_view::npos;
}

ScanMasks Expected(std::string_view bytes) {
  ScanMasks masks;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    const uint64_t bit = uint64_t{1} << i;
    if ((byte < 32 && byte != 9) || byte == 127) masks.control |= bit;
    if (byte <= 32 || byte == 127 || byte == '#') masks.gap |= bit;
    if (!IsTokenByte(byte)) masks.no_token |= bit;
  }
  return masks;
}

void ExpectSame(const ScanMasks& got, const ScanMasks& want) {
  EXPECT_EQ(got.control, want.control);
  EXPECT_EQ(got.gap, want.gap);
  EXPECT_EQ(got.no_token, want.no_token);
}

class ScanLevelTest : public testing::TestWithParam<ScanLevel> {
 protected:
  static ScanMasks Scan(std::string_view bytes) {
    ScanMasks masks{~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}};
    ScanFunctionOf(GetParam())(bytes.data(), bytes.size(), masks);
    return masks;
  }
};

TEST_P(ScanLevelTest, EveryByteAtEveryPlaceOfEverySize) {
  for (size_t size = 1; size <= 64; ++size) {
    const hon::test::GuardedBytes guarded(std::string(size, 'a'));
    for (unsigned byte = 0; byte < 256; ++byte) {
      std::string text(size, 'a');
      text[byte % size] = static_cast<char>(byte);
      text[(byte * 7 + 3) % size] = static_cast<char>(byte ^ 0x55);
      ExpectSame(Scan(text), Expected(text));
      if (HasFailure()) FAIL() << "size " << size << " byte " << byte;
    }
  }
}

TEST_P(ScanLevelTest, RandomBytesUpToTheEndOfMemory) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    const size_t size = random() % 64 + 1;
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    const hon::test::GuardedBytes guarded(text);
    ExpectSame(Scan(guarded.View()), Expected(text));
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, ScanLevelTest,
                         testing::ValuesIn(ScanLevels().begin(), ScanLevels().end()));

TEST(ScanLevels, PlainIsTheLastAndTheBestIsTheFirst) {
  ASSERT_FALSE(ScanLevels().empty());
  EXPECT_EQ(ScanLevels().back(), ScanLevel::kPlain);
  EXPECT_EQ(ScanLevels().front(), BestScanLevel());
}

}  // namespace
}  // namespace hon::adaptor
