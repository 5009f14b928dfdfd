#include "hon/base/eight_bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace hon {
namespace {

uint64_t WordOf(std::string_view text) {
  uint64_t word = 0;
  EXPECT_EQ(text.size(), sizeof word);
  std::memcpy(&word, text.data(), sizeof word);
  return word;
}

TEST(EightBytes, EachByteAtEachPlace) {
  for (size_t at = 0; at < 8; ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = "abcdefgh";
      text[at] = static_cast<char>(byte);
      const uint64_t word = WordOf(text);
      EXPECT_EQ(HasBelowBlank(word), byte < 0x20) << at << " " << byte;
      EXPECT_EQ(HasByte(word, 0x7F), byte == 0x7F) << at << " " << byte;
      EXPECT_EQ(ZeroBytes(word) != 0, byte == 0) << at << " " << byte;
      EXPECT_EQ((ControlBits(word) & kEachHighBit) != 0, byte < 0x20 || byte >= 0x7F)
          << at << " " << byte;
    }
  }
}

TEST(EightBytes, HasAnyLooksAtEachByteOfEachLength) {
  for (size_t size = 0; size <= 33; ++size) {
    std::string text(size, 'a');
    EXPECT_FALSE((HasAny<' ', '#'>(text))) << size;
    for (size_t at = 0; at < size; ++at) {
      for (const char found : {' ', '#'}) {
        text[at] = found;
        EXPECT_TRUE((HasAny<' ', '#'>(text))) << size << " " << at;
      }
      for (const char other : {'!', '"', '\xa0', '\xa3', '\x1f', '\0'}) {
        text[at] = other;
        EXPECT_FALSE((HasAny<' ', '#'>(text))) << size << " " << at;
      }
      text[at] = 'a';
    }
  }
}

}  // namespace
}  // namespace hon
