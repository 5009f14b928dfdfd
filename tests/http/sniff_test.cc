#include "hon/http/sniff.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "http/sniff_cases.h"

namespace hon::http {
namespace {

std::string Content(const SniffCase& c) {
  std::string data(c.first_times - 1, c.data.empty() ? ' ' : c.data.front());
  return data.append(c.data);
}

TEST(DetectContentType, AnswersAsGoDoes) {
  for (const SniffCase& c : kSniffCases) {
    EXPECT_EQ(DetectContentType(Content(c)), c.type) << testing::PrintToString(c.data);
  }
}

// In memory of exactly the data's size, so that a sanitizer detects a read past it.
TEST(DetectContentType, ReadsNoFurtherThanTheData) {
  for (const SniffCase& c : kSniffCases) {
    const std::string whole = Content(c);
    for (size_t size = 0; size <= whole.size(); ++size) {
      const auto exact = std::make_unique<char[]>(size);
      whole.copy(exact.get(), size);
      EXPECT_FALSE(DetectContentType({exact.get(), size}).empty());
    }
  }
}

TEST(DetectContentType, LooksAt512Bytes) {
  std::string data(kSniffBytes, 'a');
  EXPECT_EQ(DetectContentType(data + '\0'), "text/plain; charset=utf-8");
  data.back() = '\0';
  EXPECT_EQ(DetectContentType(data), "application/octet-stream");
}

// Every control byte at every position of a word and past it.
TEST(DetectContentType, FindsEveryControlByteAnywhere) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool binary = byte <= 0x08 || byte == 0x0B || (byte >= 0x0E && byte <= 0x1A) ||
                        (byte >= 0x1C && byte <= 0x1F);
    for (size_t at = 0; at < 20; ++at) {
      std::string data(20, 'z');
      data[at] = static_cast<char>(byte);
      EXPECT_EQ(DetectContentType(data) == "application/octet-stream", binary)
          << "byte " << byte << " at " << at;
    }
  }
}

}  // namespace
}  // namespace hon::http
