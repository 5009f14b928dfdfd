#include "hon/url/escape.h"

#include <gtest/gtest.h>

#include <string>

#include "hon/url/url.h"

namespace hon::url {
namespace {

std::string EveryByte() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  return bytes;
}

// The escapes of Go 1.26 for all 256 bytes.
constexpr char kQueryEscaped[] =
    "%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10%11%12%13%14%15%16%17%18%19%1"
    "A%1B%1C%1D%1E%1F+%21%22%23%24%25%26%27%28%29%2A%2B%2C-.%2F0123456789%3A%3B%3C%3D"
    "%3E%3F%40ABCDEFGHIJKLMNOPQRSTUVWXYZ%5B%5C%5D%5E_%60abcdefghijklmnopqrstuvwxyz%7B"
    "%7C%7D~%7F%80%81%82%83%84%85%86%87%88%89%8A%8B%8C%8D%8E%8F%90%91%92%93%94%95%96%"
    "97%98%99%9A%9B%9C%9D%9E%9F%A0%A1%A2%A3%A4%A5%A6%A7%A8%A9%AA%AB%AC%AD%AE%AF%B0%B1"
    "%B2%B3%B4%B5%B6%B7%B8%B9%BA%BB%BC%BD%BE%BF%C0%C1%C2%C3%C4%C5%C6%C7%C8%C9%CA%CB%C"
    "C%CD%CE%CF%D0%D1%D2%D3%D4%D5%D6%D7%D8%D9%DA%DB%DC%DD%DE%DF%E0%E1%E2%E3%E4%E5%E6%"
    "E7%E8%E9%EA%EB%EC%ED%EE%EF%F0%F1%F2%F3%F4%F5%F6%F7%F8%F9%FA%FB%FC%FD%FE%FF";
constexpr char kPathEscaped[] =
    "%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10%11%12%13%14%15%16%17%18%19%1"
    "A%1B%1C%1D%1E%1F%20%21%22%23$%25&%27%28%29%2A+%2C-.%2F0123456789:%3B%3C=%3E%3F@A"
    "BCDEFGHIJKLMNOPQRSTUVWXYZ%5B%5C%5D%5E_%60abcdefghijklmnopqrstuvwxyz%7B%7C%7D~%7F"
    "%80%81%82%83%84%85%86%87%88%89%8A%8B%8C%8D%8E%8F%90%91%92%93%94%95%96%97%98%99%9"
    "A%9B%9C%9D%9E%9F%A0%A1%A2%A3%A4%A5%A6%A7%A8%A9%AA%AB%AC%AD%AE%AF%B0%B1%B2%B3%B4%"
    "B5%B6%B7%B8%B9%BA%BB%BC%BD%BE%BF%C0%C1%C2%C3%C4%C5%C6%C7%C8%C9%CA%CB%CC%CD%CE%CF"
    "%D0%D1%D2%D3%D4%D5%D6%D7%D8%D9%DA%DB%DC%DD%DE%DF%E0%E1%E2%E3%E4%E5%E6%E7%E8%E9%E"
    "A%EB%EC%ED%EE%EF%F0%F1%F2%F3%F4%F5%F6%F7%F8%F9%FA%FB%FC%FD%FE%FF";
constexpr char kWholePathEscaped[] =
    "/%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10%11%12%13%14%15%16%17%18%19%"
    "1A%1B%1C%1D%1E%1F%20%21%22%23$%25&%27%28%29%2A+,-./0123456789:;%3C=%3E%3F@ABCDEF"
    "GHIJKLMNOPQRSTUVWXYZ%5B%5C%5D%5E_%60abcdefghijklmnopqrstuvwxyz%7B%7C%7D~%7F%80%8"
    "1%82%83%84%85%86%87%88%89%8A%8B%8C%8D%8E%8F%90%91%92%93%94%95%96%97%98%99%9A%9B%"
    "9C%9D%9E%9F%A0%A1%A2%A3%A4%A5%A6%A7%A8%A9%AA%AB%AC%AD%AE%AF%B0%B1%B2%B3%B4%B5%B6"
    "%B7%B8%B9%BA%BB%BC%BD%BE%BF%C0%C1%C2%C3%C4%C5%C6%C7%C8%C9%CA%CB%CC%CD%CE%CF%D0%D"
    "1%D2%D3%D4%D5%D6%D7%D8%D9%DA%DB%DC%DD%DE%DF%E0%E1%E2%E3%E4%E5%E6%E7%E8%E9%EA%EB%"
    "EC%ED%EE%EF%F0%F1%F2%F3%F4%F5%F6%F7%F8%F9%FA%FB%FC%FD%FE%FF";
constexpr char kFragmentEscaped[] =
    "%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10%11%12%13%14%15%16%17%18%19%1"
    "A%1B%1C%1D%1E%1F%20!%22%23$%25&%27()*+,-./0123456789:;%3C=%3E?@ABCDEFGHIJKLMNOPQ"
    "RSTUVWXYZ%5B%5C%5D%5E_%60abcdefghijklmnopqrstuvwxyz%7B%7C%7D~%7F%80%81%82%83%84%"
    "85%86%87%88%89%8A%8B%8C%8D%8E%8F%90%91%92%93%94%95%96%97%98%99%9A%9B%9C%9D%9E%9F"
    "%A0%A1%A2%A3%A4%A5%A6%A7%A8%A9%AA%AB%AC%AD%AE%AF%B0%B1%B2%B3%B4%B5%B6%B7%B8%B9%B"
    "A%BB%BC%BD%BE%BF%C0%C1%C2%C3%C4%C5%C6%C7%C8%C9%CA%CB%CC%CD%CE%CF%D0%D1%D2%D3%D4%"
    "D5%D6%D7%D8%D9%DA%DB%DC%DD%DE%DF%E0%E1%E2%E3%E4%E5%E6%E7%E8%E9%EA%EB%EC%ED%EE%EF"
    "%F0%F1%F2%F3%F4%F5%F6%F7%F8%F9%FA%FB%FC%FD%FE%FF";
constexpr char kHostEscaped[] =
    "//%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10%11%12%13%14%15%16%17%18%19"
    "%1A%1B%1C%1D%1E%1F%20!\"%23$%25&'()*+,-.%2F0123456789:;<=>%3F%40ABCDEFGHIJKLMNOP"
    "QRSTUVWXYZ[%5C]%5E_%60abcdefghijklmnopqrstuvwxyz%7B%7C%7D~%7F%80%81%82%83%84%85%"
    "86%87%88%89%8A%8B%8C%8D%8E%8F%90%91%92%93%94%95%96%97%98%99%9A%9B%9C%9D%9E%9F%A0"
    "%A1%A2%A3%A4%A5%A6%A7%A8%A9%AA%AB%AC%AD%AE%AF%B0%B1%B2%B3%B4%B5%B6%B7%B8%B9%BA%B"
    "B%BC%BD%BE%BF%C0%C1%C2%C3%C4%C5%C6%C7%C8%C9%CA%CB%CC%CD%CE%CF%D0%D1%D2%D3%D4%D5%"
    "D6%D7%D8%D9%DA%DB%DC%DD%DE%DF%E0%E1%E2%E3%E4%E5%E6%E7%E8%E9%EA%EB%EC%ED%EE%EF%F0"
    "%F1%F2%F3%F4%F5%F6%F7%F8%F9%FA%FB%FC%FD%FE%FF";
constexpr char kUserEscaped[] =
    "%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10%11%12%13%14%15%16%17%18%19%1"
    "A%1B%1C%1D%1E%1F%20%21%22%23$%25&%27%28%29%2A+,-.%2F0123456789%3A;%3C=%3E%3F%40A"
    "BCDEFGHIJKLMNOPQRSTUVWXYZ%5B%5C%5D%5E_%60abcdefghijklmnopqrstuvwxyz%7B%7C%7D~%7F"
    "%80%81%82%83%84%85%86%87%88%89%8A%8B%8C%8D%8E%8F%90%91%92%93%94%95%96%97%98%99%9"
    "A%9B%9C%9D%9E%9F%A0%A1%A2%A3%A4%A5%A6%A7%A8%A9%AA%AB%AC%AD%AE%AF%B0%B1%B2%B3%B4%"
    "B5%B6%B7%B8%B9%BA%BB%BC%BD%BE%BF%C0%C1%C2%C3%C4%C5%C6%C7%C8%C9%CA%CB%CC%CD%CE%CF"
    "%D0%D1%D2%D3%D4%D5%D6%D7%D8%D9%DA%DB%DC%DD%DE%DF%E0%E1%E2%E3%E4%E5%E6%E7%E8%E9%E"
    "A%EB%EC%ED%EE%EF%F0%F1%F2%F3%F4%F5%F6%F7%F8%F9%FA%FB%FC%FD%FE%FF";

TEST(Escape, EveryByteInEveryPart) {
  EXPECT_EQ(QueryEscape(EveryByte()), kQueryEscaped);
  EXPECT_EQ(PathEscape(EveryByte()), kPathEscaped);
  URL path;
  path.Path = "/" + EveryByte();
  EXPECT_EQ(path.EscapedPath(), kWholePathEscaped);
  URL fragment;
  fragment.Fragment = EveryByte();
  EXPECT_EQ(fragment.EscapedFragment(), kFragmentEscaped);
  URL host;
  host.Host = EveryByte();
  EXPECT_EQ(host.String(), kHostEscaped);
  EXPECT_EQ(User(EveryByte())->String(), kUserEscaped);
}

TEST(Escape, UndoneByUnescape) {
  EXPECT_EQ(QueryUnescape(kQueryEscaped).value(), EveryByte());
  EXPECT_EQ(PathUnescape(kPathEscaped).value(), EveryByte());
}

struct UnescapeCase {
  const char* text;
  const char* query;  // null: fails
  const char* path;
  const char* error;
};

// clang-format off
constexpr UnescapeCase kUnescapeCases[] = {
    {"", "", "", nullptr},
    {"abc", "abc", "abc", nullptr},
    {"1%41", "1A", "1A", nullptr},
    {"1%41%42%43", "1ABC", "1ABC", nullptr},
    {"%4a", "J", "J", nullptr},
    {"%6F", "o", "o", nullptr},
    {"%", nullptr, nullptr, "invalid URL escape \"%\""},
    {"%a", nullptr, nullptr, "invalid URL escape \"%a\""},
    {"%1", nullptr, nullptr, "invalid URL escape \"%1\""},
    {"123%45%6", nullptr, nullptr, "invalid URL escape \"%6\""},
    {"%zzzzz", nullptr, nullptr, "invalid URL escape \"%zz\""},
    {"a+b", "a b", "a+b", nullptr},
    {"a%20b", "a b", "a b", nullptr},
    {"a%2Bb", "a+b", "a+b", nullptr},
    {"%e4%b8%96", "\344\270\226", "\344\270\226", nullptr},
    {"%2f%2F", "//", "//", nullptr},
};
// clang-format on

TEST(Unescape, AsGo) {
  for (const UnescapeCase& c : kUnescapeCases) {
    SCOPED_TRACE(c.text);
    const Result<std::string> query = QueryUnescape(c.text);
    const Result<std::string> path = PathUnescape(c.text);
    ASSERT_EQ(query.has_value(), c.query != nullptr);
    ASSERT_EQ(path.has_value(), c.path != nullptr);
    if (!query) {
      EXPECT_TRUE(query.error().Is(ErrEscape));
      EXPECT_EQ(query.error().Message(), c.error);
      EXPECT_EQ(path.error().Message(), c.error);
      continue;
    }
    EXPECT_EQ(*query, c.query);
    EXPECT_EQ(*path, c.path);
  }
}

TEST(Unescape, IntoMemoryOfTheCaller) {
  for (const UnescapeCase& c : kUnescapeCases) {
    SCOPED_TRACE(c.text);
    const std::string text = c.text;
    std::string into(text.size(), '?');
    const size_t size = PathUnescapeInto(text, into.data());
    ASSERT_EQ(size == kBadEscape, c.path == nullptr);
    if (c.path != nullptr) {
      EXPECT_EQ(into.substr(0, size), c.path);
    }
  }
}

}  // namespace
}  // namespace hon::url
