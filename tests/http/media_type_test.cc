#include "http/media_type.h"

#include <gtest/gtest.h>

#include <string>

#include "http/media_type_cases.h"

namespace hon::mime {
namespace {

std::string Show(const Parameters& params) {
  std::string shown;
  for (const auto& [name, value] : params) {
    shown.append(shown.empty() ? "" : "|").append(name).append("=").append(value);
  }
  return shown;
}

TEST(ParseMediaType, ReadsWhatGoReads) {
  for (const ParseCase& c : kParseCases) {
    MediaType media;
    const Error err = internal::ParseMediaTypeInto(c.text, &media);
    EXPECT_EQ(media.type, c.type) << c.text;
    EXPECT_EQ(Show(media.params), c.params) << c.text;
    ASSERT_EQ(!err, c.error == nullptr) << c.text;
    if (err) {
      EXPECT_TRUE(err.Is(*c.error)) << c.text;
    }
    const Result<MediaType> result = ParseMediaType(c.text);
    ASSERT_EQ(result.has_value(), c.error == nullptr) << c.text;
    if (result) {
      EXPECT_EQ(Show(result->params), c.params) << c.text;
    }
  }
}

TEST(ParseMediaType, TakesParametersUpToTheirLimit) {
  std::string text = "a/b";
  for (size_t i = 0; i < kMediaParametersMax; ++i) text += ";p" + std::to_string(i) + "=v";
  EXPECT_EQ(ParseMediaType(text)->params.size(), kMediaParametersMax);
  EXPECT_TRUE(ParseMediaType(text + ";x=v").error().Is(ErrInvalidMediaParameter));
}

TEST(MediaType, GetsByName) {
  const MediaType media = ParseMediaType("text/html; Charset=UTF-8").value();
  EXPECT_EQ(media.Get("charset"), "UTF-8");
  EXPECT_EQ(media.Get("missing"), "");
}

TEST(FormatMediaType, WritesWhatGoWrites) {
  for (const FormatCase& c : kFormatCases) {
    EXPECT_EQ(FormatMediaType(c.type, c.params), c.text) << c.type;
  }
}

TEST(FormatMediaType, IsReadBack) {
  for (const FormatCase& c : kFormatCases) {
    if (c.text.empty()) continue;
    const Result<MediaType> back = ParseMediaType(c.text);
    ASSERT_TRUE(back.has_value()) << c.text;
    EXPECT_EQ(FormatMediaType(back->type, back->params), c.text);
  }
}

}  // namespace
}  // namespace hon::mime
