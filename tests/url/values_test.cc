#include "hon/url/values.h"

#include <gtest/gtest.h>

#include <string>

#include "hon/url/escape.h"
#include "hon/url/url.h"

namespace hon::url {
namespace {

struct QueryCase {
  const char* query;
  const char* encoded;
  const char* error;  // null: none
};

// The results of Go 1.26's ParseQuery.
// clang-format off
constexpr QueryCase kQueryCases[] = {
    {"", "", nullptr},
    {"a", "a=", nullptr},
    {"a=", "a=", nullptr},
    {"=a", "=a", nullptr},
    {"=", "=", nullptr},
    {"a=1", "a=1", nullptr},
    {"a=1&b=2", "a=1&b=2", nullptr},
    {"a=1&a=2&a=banana", "a=1&a=2&a=banana", nullptr},
    {"ascii=%3Ckey%3A+0x90%3E", "ascii=%3Ckey%3A+0x90%3E", nullptr},
    {"a=1;b=2", "", "invalid semicolon separator in query"},
    {"a;b=1", "", "invalid semicolon separator in query"},
    {"a=%3B", "a=%3B", nullptr},
    {"a%3Bb=1", "a%3Bb=1", nullptr},
    {"a=1&a=2;a=banana", "a=1", "invalid semicolon separator in query"},
    {"a;b&c=1", "c=1", "invalid semicolon separator in query"},
    {"a=1&b=2;a=3&c=4", "a=1&c=4", "invalid semicolon separator in query"},
    {"a=1&b=2;c=3", "a=1", "invalid semicolon separator in query"},
    {";", "", "invalid semicolon separator in query"},
    {"a=1;", "", "invalid semicolon separator in query"},
    {"a=1&;", "a=1", "invalid semicolon separator in query"},
    {";a=1&b=2", "b=2", "invalid semicolon separator in query"},
    {"a=1&b=2;", "a=1", "invalid semicolon separator in query"},
    {"a&a=2&b=3&a&", "a=&a=2&a=&b=3", nullptr},
    {"&&a=1&&", "a=1", nullptr},
    {"a=b=c", "a=b%3Dc", nullptr},
    {"a=%zz&b=1", "b=1", "invalid URL escape \"%zz\""},
    {"%zz=1&b=2", "b=2", "invalid URL escape \"%zz\""},
    {"a=%&b=2;c&d=1", "d=1", "invalid semicolon separator in query"},
    {"a=%2", "", "invalid URL escape \"%2\""},
    {"a+b=c+d", "a+b=c+d", nullptr},
    {"a%2Bb=%26%3D", "a%2Bb=%26%3D", nullptr},
    {"%00=%ff", "%00=%FF", nullptr},
    {"a=b#c", "a=b%23c", nullptr},
    {"a==b", "a=%3Db", nullptr},
    {"caf\303\251=\344", "caf%C3%A9=%E4", nullptr},
};
// clang-format on

TEST(ParseQuery, AsGo) {
  for (const QueryCase& c : kQueryCases) {
    SCOPED_TRACE(c.query);
    const ParsedQuery parsed = ParseQuery(c.query);
    EXPECT_EQ(parsed.values.Encode(), c.encoded);
    EXPECT_EQ(parsed.err.Message(), c.error == nullptr ? "" : c.error);
    URL url;
    url.RawQuery = c.query;
    EXPECT_EQ(url.Query(), parsed.values);
  }
}

TEST(ParseQuery, EncodedAgainIsTheSame) {
  for (const QueryCase& c : kQueryCases) {
    EXPECT_EQ(ParseQuery(c.encoded).values, ParseQuery(c.query).values) << c.query;
  }
}

TEST(ParseQuery, KeepsTheOrderOfAKeysValues) {
  const Values values = ParseQuery("b=2&a=x&b=1&b=3").values;
  EXPECT_EQ(values.All("b"), (Values::List{"2", "1", "3"}));
  EXPECT_EQ(values.Get("b"), "2");
  EXPECT_EQ(values.Len(), 2U);
}

TEST(ParseQuery, AtTheLimitAndPastIt) {
  std::string query;
  for (size_t i = 0; i < kQueryParametersMax; ++i) query += i == 0 ? "a=1" : "&a=1";
  ParsedQuery parsed = ParseQuery(query);
  EXPECT_FALSE(parsed.err);
  EXPECT_EQ(parsed.values.All("a").size(), kQueryParametersMax);
  parsed = ParseQuery(query + "&");
  EXPECT_TRUE(parsed.err.Is(ErrTooManyParameters));
  EXPECT_TRUE(parsed.values.Empty());
}

TEST(ParseQuery, NamesTheErrors) {
  EXPECT_TRUE(ParseQuery("a;b").err.Is(ErrSemicolon));
  EXPECT_TRUE(ParseQuery("a=%x").err.Is(ErrEscape));
}

TEST(ParseQuery, IntoValuesThatHoldSome) {
  Values values;
  values.Set("a", "form");
  EXPECT_FALSE(ParseQueryInto("a=query&b=2", values));
  EXPECT_EQ(values.Encode(), "a=form&a=query&b=2");
}

// The values of a temporary are copies.
TEST(Values, OfATemporaryAreCopies) {
  const URL url = *Parse("/?q=" + std::string(100, 'x') + "&q=2");
  const auto first = url.Query().Get("q");
  EXPECT_EQ(first, std::string(100, 'x'));
  std::string all;
  for (const std::string& value : url.Query().All("q")) all += value.back();
  EXPECT_EQ(all, "x2");
  EXPECT_EQ(url.Query().Get("none"), "");
}

TEST(Values, SetAddGetDel) {
  Values values;
  EXPECT_EQ(values.Get("a"), "");
  EXPECT_FALSE(values.Has("a"));
  EXPECT_TRUE(values.All("a").empty());
  values.Add("a", "1");
  values.Add("a", "2");
  values.Set("b", "");
  EXPECT_TRUE(values.Has("b"));
  EXPECT_EQ(values.Get("b"), "");
  EXPECT_EQ(values.Get("a"), "1");
  EXPECT_EQ(values.Get("A"), "");
  values.Set("a", "3");
  EXPECT_EQ(values.All("a"), (Values::List{"3"}));
  values.Del("a");
  values.Del("never there");
  EXPECT_FALSE(values.Has("a"));
  values["c"].push_back("x");
  EXPECT_EQ(values.Get("c"), "x");
  values.Clear();
  EXPECT_TRUE(values.Empty());
}

TEST(Values, AValueMayBeAViewOfItsOwnList) {
  Values values;
  values.Set("a", std::string(100, 'x'));
  values.Set("a", values.Get("a").substr(0, 50));
  EXPECT_EQ(values.Get("a"), std::string(50, 'x'));
  for (int i = 0; i < 20; ++i) values.Add("a", values.Get("a"));
  EXPECT_EQ(values.All("a").back(), std::string(50, 'x'));
}

TEST(Values, IteratesInTheOrderOfKeys) {
  Values values;
  values.Set("b", "2");
  values.Set("a", "1");
  std::string seen;
  for (const auto& [key, list] : values) seen += key + list.front();
  EXPECT_EQ(seen, "a1b2");
}

}  // namespace
}  // namespace hon::url
