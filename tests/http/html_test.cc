#include "hon/http/html.h"

#include <gtest/gtest.h>

#include <string>

#include "http/html_cases.h"
#include "http/html_entities.h"

namespace hon::html {
namespace {

TEST(EscapeString, AnswersAsGoDoes) {
  for (const HtmlCase& c : kEscapeCases) {
    EXPECT_EQ(EscapeString(c.text), c.want) << c.text;
    EXPECT_EQ(UnescapeString(c.want), c.text);
  }
}

TEST(UnescapeString, AnswersAsGoDoes) {
  for (const HtmlCase& c : kUnescapeCases) EXPECT_EQ(UnescapeString(c.text), c.want) << c.text;
}

// Go's numbers have 32 bits and wrap around.
TEST(UnescapeString, ANumberThatIsTooLargeIsNoCharacter) {
  for (const std::string number : {"4294967361", "x100000041", "99999999999999999999999999"}) {
    EXPECT_EQ(UnescapeString("&#" + number + ";"), "\xEF\xBF\xBD");
  }
}

// The names are looked up by bisection; the 106 old ones are also valid without ";".
TEST(UnescapeString, KnowsEveryName) {
  std::string_view left = http::internal::HtmlEntities();
  std::string before;
  size_t names = 0;
  size_t old = 0;
  while (!left.empty()) {
    const std::string_view one = left.substr(0, left.find(' '));
    left.remove_prefix(one.size() + 1);
    const std::string name(one.substr(0, one.find_first_of("=!")));
    EXPECT_LT(before, name);
    before = name;
    std::string numbers;
    std::string_view hex = one.substr(name.size() + 1);
    while (!hex.empty()) {
      const std::string_view number = hex.substr(0, hex.find('+'));
      hex.remove_prefix(std::min(number.size() + 1, hex.size()));
      numbers.append("&#x").append(number).append(";");
    }
    EXPECT_EQ(UnescapeString("&" + name + ";"), UnescapeString(numbers)) << name;
    ++names;
    if (one[name.size()] != '!') continue;
    ++old;
    EXPECT_EQ(UnescapeString("&" + name), UnescapeString(numbers)) << name;
  }
  EXPECT_EQ(names, 2125U);  // HTML Living Standard §13.5
  EXPECT_EQ(old, 106U);
}

}  // namespace
}  // namespace hon::html
