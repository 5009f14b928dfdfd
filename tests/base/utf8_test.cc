#include "hon/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace hon {
namespace {

// The grammar of RFC 3629 §4, each range at its ends and one past each.
TEST(Utf8Test, CharactersAreThoseOfTheGrammar) {
  for (const std::string_view good :
       {std::string_view("\0", 1), std::string_view("\x7F"), std::string_view("\xC2\x80"),
        std::string_view("\xDF\xBF"), std::string_view("\xE0\xA0\x80"),
        std::string_view("\xEC\xBF\xBF"), std::string_view("\xED\x9F\xBF"),
        std::string_view("\xEE\x80\x80"), std::string_view("\xEF\xBF\xBF"),
        std::string_view("\xF0\x90\x80\x80"), std::string_view("\xF4\x8F\xBF\xBF")}) {
    EXPECT_EQ(Utf8CharacterBytes(good), good.size());
    EXPECT_TRUE(IsUtf8(good));
    EXPECT_TRUE(IsUtf8("a" + std::string(good) + "b"));
    for (size_t cut = 1; cut < good.size(); ++cut) {
      EXPECT_FALSE(IsUtf8(good.substr(0, cut)));
      EXPECT_FALSE(IsUtf8(std::string(good.substr(0, cut)) + "b"));
    }
  }
  for (const char* bad : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2\x7F", "\xC2\xC0",
                          "\xE0\x9F\xBF", "\xED\xA0\x80", "\xEF\xBF\xC0", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"}) {
    EXPECT_EQ(Utf8CharacterBytes(bad), 0u);
    EXPECT_FALSE(IsUtf8(bad));
    EXPECT_FALSE(IsUtf8("a" + std::string(bad)));
  }
  EXPECT_TRUE(IsUtf8(""));
}

}  // namespace
}  // namespace hon
