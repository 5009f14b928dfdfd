// The stories of the public HPACK test cases: blocks that six other encoders wrote, with the
// decoded fields. The files are beside the checkout.

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "h2/bytes.h"
#include "h2/hpack_fixture.h"
#include "hon/h2/hpack_decoder.h"
#include "hon/h2/hpack_encoder.h"

namespace hon::h2 {
namespace {

using testing::Fields;

struct StoryCase {
  std::string wire;
  Fields fields;
  std::optional<size_t> table_size;
};

// Reads the JSON of a story: objects and lists of strings and numbers.
class StoryReader {
 public:
  explicit StoryReader(std::string_view text) : text_(text) {}

  std::vector<StoryCase> Read() {
    std::vector<StoryCase> cases;
    bool in_headers = false;
    while (SkipTo("\"]}")) {
      const char c = text_[at_];
      if (c == ']') {
        in_headers = false;
        ++at_;
        continue;
      }
      if (c == '}') {
        ++at_;
        continue;
      }
      const std::string key = String();
      Expect(':');
      if (in_headers) {
        cases.back().fields.emplace_back(key, String());
      } else if (key == "headers") {
        in_headers = true;
        Of(cases, kHeaders);
      } else if (key == "wire") {
        Of(cases, kWire).wire = h2::testing::FromHex(String());
      } else if (key == "header_table_size") {
        Of(cases, kTableSize).table_size = Number();
      } else if (text_[text_.find_first_not_of(" \n", at_)] == '"') {
        String();  // a description
      }
    }
    return cases;
  }

 private:
  enum Key { kHeaders = 1, kWire = 2, kTableSize = 4 };

  // The case of a key: a repeated key begins another case.
  StoryCase& Of(std::vector<StoryCase>& cases, Key key) {
    if (cases.empty() || (seen_ & key) != 0) {
      cases.emplace_back();
      seen_ = 0;
    }
    seen_ |= key;
    return cases.back();
  }

  bool SkipTo(std::string_view any) {
    at_ = text_.find_first_of(any, at_);
    return at_ != std::string_view::npos;
  }
  void Expect(char c) {
    at_ = text_.find(c, at_);
    ASSERT_NE(at_, std::string_view::npos);
    ++at_;
  }
  std::string String() {
    at_ = text_.find('"', at_) + 1;
    std::string value;
    for (; text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') {
        value += text_[at_];
        continue;
      }
      const char escaped = text_[++at_];
      value += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped == 'r' ? '\r' : escaped;
      if (escaped == 'u') {
        value.back() =
            static_cast<char>(std::stoi(std::string(text_.substr(at_ + 1, 4)), nullptr, 16));
        at_ += 4;
      }
    }
    ++at_;
    return value;
  }
  std::optional<size_t> Number() {
    at_ = text_.find_first_of("0123456789n", at_);
    if (text_[at_] == 'n') return std::nullopt;  // null
    size_t value = 0;
    for (; text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      value = value * 10 + static_cast<size_t>(text_[at_] - '0');
    }
    return value;
  }

  std::string_view text_;
  size_t at_ = 0;
  int seen_ = 0;
};

std::vector<std::filesystem::path> Stories() {
  std::vector<std::filesystem::path> stories;
  std::error_code none;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(HON_HPACK_STORIES, none)) {
    if (entry.path().extension() == ".json") stories.push_back(entry.path());
  }
  return stories;
}

std::vector<StoryCase> ReadStory(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string json = text.str();
  return StoryReader(json).Read();
}

Fields Copy(const std::vector<FieldLine>& lines) {
  Fields fields;
  for (const FieldLine& line : lines) fields.emplace_back(line.name, line.value);
  return fields;
}

class HpackStories : public ::testing::Test {
 protected:
  void SetUp() override {
    if (stories_.empty()) {
      std::puts("HON_TEST_SKIPPED: the HPACK stories are not beside this checkout");
      GTEST_SKIP() << "HON_TEST_SKIPPED: no stories in " HON_HPACK_STORIES;
    }
  }
  std::vector<std::filesystem::path> stories_ = Stories();
};

TEST_F(HpackStories, EveryBlockDecodes) {
  size_t blocks = 0;
  for (const auto& path : stories_) {
    size_t table_size = HpackDecoder::kTableBytesMax;
    std::vector<StoryCase> cases = ReadStory(path);
    for (const StoryCase& one : cases)
      table_size = std::max(table_size, one.table_size.value_or(0));
    HpackDecoder decoder(table_size);
    for (const StoryCase& one : cases) {
      Arena arena;
      std::vector<FieldLine> lines;
      const DecodedBlock block = decoder.Decode(one.wire, {}, arena, lines);
      ASSERT_FALSE(block.violation) << path << " " << block.violation.reason;
      ASSERT_EQ(Copy(lines), one.fields) << path;
      ++blocks;
    }
  }
  EXPECT_GT(blocks, 1000U);
}

// A truncated block gives the fields before the cut, or a broken block, and nothing else.
TEST_F(HpackStories, EveryCutOfTheFirstBlocksGivesAPrefix) {
  for (const auto& path : stories_) {
    const std::vector<StoryCase> cases = ReadStory(path);
    ASSERT_FALSE(cases.empty());
    const StoryCase& one = cases.front();
    for (size_t cut = 0; cut < one.wire.size(); ++cut) {
      HpackDecoder decoder(1 << 16);
      Arena arena;
      std::vector<FieldLine> lines;
      const std::string part = one.wire.substr(0, cut);
      static_cast<void>(decoder.Decode(part, {}, arena, lines));
      const Fields got = Copy(lines);
      ASSERT_LE(got.size(), one.fields.size());
      ASSERT_TRUE(std::equal(got.begin(), got.end(), one.fields.begin())) << path << " " << cut;
    }
  }
}

TEST_F(HpackStories, WhatOurEncoderWritesOurDecoderReads) {
  for (const auto& path : stories_) {
    HpackEncoder encoder;
    HpackDecoder decoder;
    for (const StoryCase& one : ReadStory(path)) {
      const std::string block = testing::Encode(encoder, one.fields);
      Arena arena;
      std::vector<FieldLine> lines;
      ASSERT_FALSE(decoder.Decode(block, {}, arena, lines).violation) << path;
      ASSERT_EQ(Copy(lines), one.fields) << path;
      ASSERT_EQ(encoder.TableBytes(), decoder.TableBytes());
    }
  }
}

}  // namespace
}  // namespace hon::h2
