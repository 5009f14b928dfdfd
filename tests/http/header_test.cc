#include "hon/http/header.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "hon/http/known_headers.h"
#include "hon/io/string_writer.h"

namespace hon::http {
namespace {

using Views = std::vector<std::string_view>;

std::string Lines(const Header& header) {
  std::string lines;
  for (const Header::Field& field : header) {
    lines.append(field.name).append("=").append(field.value).append("|");
  }
  return lines;
}

// Known names.

TEST(KnownHeaders, EveryNameFindsItselfInAnyCase) {
  for (int i = 1; i < static_cast<int>(HeaderId::kCount); ++i) {
    const auto id = static_cast<HeaderId>(i);
    const std::string name(HeaderName(id));
    ASSERT_FALSE(name.empty()) << i;
    std::string lower = name;
    std::string upper = name;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(FindHeaderId(name), id);
    EXPECT_EQ(FindHeaderId(lower), id);
    EXPECT_EQ(FindHeaderId(upper), id);
    EXPECT_EQ(CanonicalHeaderKey(lower), name);
  }
}

TEST(KnownHeaders, OneByteOffIsUnknown) {
  for (int i = 1; i < static_cast<int>(HeaderId::kCount); ++i) {
    const std::string name(HeaderName(static_cast<HeaderId>(i)));
    for (size_t at = 0; at < name.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string other = name;
        other[at] = static_cast<char>(byte);
        // Another case, or another known name ("Via", "Vary"), is not a counterexample.
        const HeaderId found = FindHeaderId(other);
        if (found == HeaderId::kUnknown) continue;
        EXPECT_EQ(CanonicalHeaderKey(other), HeaderName(found)) << other << " from " << name;
      }
    }
    EXPECT_EQ(FindHeaderId(name.substr(1)), HeaderId::kUnknown) << name;
    EXPECT_EQ(FindHeaderId(name + "s"), HeaderId::kUnknown) << name;
  }
  EXPECT_EQ(FindHeaderId(""), HeaderId::kUnknown);
  EXPECT_EQ(FindHeaderId(std::string(1000, 'a')), HeaderId::kUnknown);
}

// The scenarios of Go's TestCanonicalMIMEHeaderKey.
TEST(CanonicalHeaderKey, AsGo) {
  const struct {
    const char* in;
    const char* out;
  } kCases[] = {{"a-b-c", "A-B-C"},
                {"a-1-c", "A-1-C"},
                {"User-Agent", "User-Agent"},
                {"uSER-aGENT", "User-Agent"},
                {"user-agent", "User-Agent"},
                {"USER-AGENT", "User-Agent"},
                {"x_a-b", "X_a-B"},
                {"foo-bar_baz", "Foo-Bar_baz"},
                {"foo-bar$baz", "Foo-Bar$baz"},
                {"foo-bar~baz", "Foo-Bar~baz"},
                {"foo-bar*baz", "Foo-Bar*baz"},
                {"-a--b-", "-A--B-"},
                {"", ""},
                {"C Ontent-Transfer-Encoding", "C Ontent-Transfer-Encoding"},
                {"foo bar", "foo bar"},
                {"üser-agenT", "üser-agenT"},
                {"a(B", "a(B"},
                {"foo\tbar", "foo\tbar"}};
  for (const auto& c : kCases) EXPECT_EQ(CanonicalHeaderKey(c.in), c.out);
}

// The multimap.

TEST(Header, SetAddGetDel) {
  Header header;
  EXPECT_TRUE(header.Empty());
  EXPECT_TRUE(header.Set("content-type", "text/plain"));
  EXPECT_TRUE(header.Add("x-a", "1"));
  EXPECT_TRUE(header.Add("X-A", "2"));
  EXPECT_EQ(Lines(header), "Content-Type=text/plain|X-A=1|X-A=2|");
  EXPECT_EQ(header.Get("CONTENT-TYPE"), "text/plain");
  EXPECT_EQ(header.Get(HeaderId::kContentType), "text/plain");
  EXPECT_EQ(header.Get("x-A"), "1");
  EXPECT_EQ(header.Values("X-a"), (Views{"1", "2"}));
  EXPECT_EQ(header.Get("X-B"), "");
  EXPECT_EQ(header.Get(HeaderId::kCookie), "");
  EXPECT_TRUE(header.Values("Cookie").empty());
  EXPECT_TRUE(header.Has("x-a"));
  EXPECT_FALSE(header.Has("x-ab"));
  EXPECT_TRUE(header.Set("x-a", "3"));
  EXPECT_EQ(Lines(header), "Content-Type=text/plain|X-A=3|");
  header.Del("X-a");
  header.Del("Never-There");
  header.Del(HeaderId::kCookie);
  header.Del(HeaderId::kContentType);
  EXPECT_TRUE(header.Empty());
  EXPECT_FALSE(header.Has(HeaderId::kContentType));
}

TEST(Header, SetKeepsThePlaceOfTheFirst) {
  Header header;
  header.Add("A", "1");
  header.Add("Cookie", "x");
  header.Add("A", "2");
  header.Add("Cookie", "y");
  header.Add("B", "3");
  header.Set("Cookie", "z");
  header.Set("a", "4");
  EXPECT_EQ(Lines(header), "A=4|Cookie=z|B=3|");
}

TEST(Header, KnownAndUnknownIds) {
  Header header;
  EXPECT_FALSE(header.Set(HeaderId::kUnknown, "x"));
  EXPECT_FALSE(header.Add(HeaderId::kUnknown, "x"));
  EXPECT_FALSE(header.Has(HeaderId::kUnknown));
  header.Add("X-Own", "1");
  EXPECT_FALSE(header.Has(HeaderId::kUnknown));
  EXPECT_EQ(header.Get(HeaderId::kUnknown), "");
  EXPECT_TRUE(header.Add(HeaderId::kSetCookie, "a=1"));
  EXPECT_TRUE(header.Add(HeaderId::kSetCookie, "b=2"));
  EXPECT_EQ(header.Values("Set-Cookie").size(), 2U);
}

TEST(Header, NamesThatAreNoTokensAreRefused) {
  for (const char* name :
       {"", " ", "a b", "a:", "a\r\nb", "a\tb", "(", "\xC3\xA4", "Content\rType"}) {
    Header header;
    EXPECT_FALSE(header.Set(name, "x")) << name;
    EXPECT_FALSE(header.Add(name, "x")) << name;
    EXPECT_FALSE(header.AddExact(name, "x")) << name;
    EXPECT_TRUE(header.Empty());
  }
  Header header;
  EXPECT_FALSE(header.Set(std::string_view("a\0b", 3), "x"));
}

TEST(Header, ValuesCannotInject) {
  const struct {
    std::string_view in;
    std::string_view out;
  } kCases[] = {{"plain", "plain"},
                {" \t trimmed \t ", "trimmed"},
                {"a\r\nX-Evil: 1", "a  X-Evil: 1"},
                {"a\r\n", "a"},
                {"\r\n\r\n", ""},
                {{"a\0b", 3}, "a b"},
                {"a\x01"
                 "b\x7F"
                 "c",
                 "a b c"},
                {"in\tside", "in\tside"},
                {"caf\xC3\xA9", "caf\xC3\xA9"},
                {"", ""}};
  for (const auto& c : kCases) {
    Header header;
    EXPECT_TRUE(header.Set("Location", c.in));
    EXPECT_EQ(header.Get("Location"), c.out);
    EXPECT_TRUE(header.Add("X-Own", c.in));
    EXPECT_EQ(header.Get("X-Own"), c.out);
    EXPECT_TRUE(header.AddExact("x-raw", c.in));
    EXPECT_EQ(header.Get("X-Raw"), c.out);
    EXPECT_TRUE(header.Set("Location", c.in));
    EXPECT_EQ(header.Get("Location"), c.out);
  }
}

TEST(Header, EveryByteOfAValue) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string value = "a" + std::string(1, static_cast<char>(byte)) + "b";
    Header header;
    header.Set("X", value);
    const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7F;
    EXPECT_EQ(header.Get("X"), control ? "a b" : value) << byte;
  }
}

TEST(Header, AddExactKeepsTheSpelling) {
  Header header;
  header.AddExact("x-lower", "1");
  header.AddExact("content-TYPE", "2");
  EXPECT_EQ(Lines(header), "x-lower=1|content-TYPE=2|");
  EXPECT_EQ(header.Get("X-Lower"), "1");
  EXPECT_EQ(header.Get(HeaderId::kContentType), "2");
  header.Set("Content-Type", "3");
  EXPECT_EQ(Lines(header), "x-lower=1|Content-Type=3|");
}

// Values are checked eight bytes at a time; each byte must count at every position.
TEST(Header, NoControlByteStaysInAValue) {
  for (const size_t size : {1U, 7U, 8U, 9U, 16U, 17U, 30U}) {
    for (size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string value(size + 2, 'v');  // not at an end, where blanks are cut
        value[at + 1] = static_cast<char>(byte);
        std::string expected = value;
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F) expected[at + 1] = ' ';
        Header header;
        header.Set("X-Own", value);
        ASSERT_EQ(header.Get("X-Own"), expected) << size << " " << at << " " << byte;
      }
    }
  }
}

TEST(Header, AddAllCopiesWithTheSpelling) {
  std::string name = "x-own";
  std::string value = "1";
  Header from;
  from.AddView(name, value, HeaderId::kUnknown);
  from.AddView("content-type", "a/b", HeaderId::kContentType);
  from.Add("Date", "today");
  Header to;
  to.Set("Date", "before");
  to.Suppress("Content-Type");
  to.AddAll(from);
  name = "gone!";
  value = "?";
  from.Reset();
  EXPECT_EQ(Lines(to), "Date=before|x-own=1|content-type=a/b|Date=today|");
  EXPECT_EQ(to.Get(HeaderId::kContentType), "a/b");
  EXPECT_FALSE(to.Suppressed(HeaderId::kContentType));
  EXPECT_TRUE(to.MayHaveUnknown());
  to.Set("X-Own", "2");
  to.Del("Date");
  EXPECT_EQ(Lines(to), "x-own=2|content-type=a/b|");
}

TEST(Header, SuppressUntilSetAgain) {
  Header header;
  header.Set("Date", "today");
  header.Suppress("date");
  EXPECT_FALSE(header.Has("Date"));
  EXPECT_TRUE(header.Suppressed(HeaderId::kDate));
  EXPECT_FALSE(header.Suppressed(HeaderId::kContentType));
  header.Set("Date", "today");
  EXPECT_FALSE(header.Suppressed(HeaderId::kDate));
  header.Suppress("Date");
  header.Add("Date", "x");
  EXPECT_FALSE(header.Suppressed(HeaderId::kDate));
  header.Suppress("Date");
  header.Del("Date");
  EXPECT_FALSE(header.Suppressed(HeaderId::kDate));
  header.Set("X-Own", "1");
  header.Suppress("X-Own");
  EXPECT_FALSE(header.Has("X-Own"));
}

TEST(Header, ViewsOfAParsersMemoryAreNotCopied) {
  const std::string wire = "accept: */*";
  Header header;
  header.AddView(std::string_view(wire).substr(0, 6), std::string_view(wire).substr(8),
                 HeaderId::kAccept);
  EXPECT_EQ(header.Get("Accept").data(), wire.data() + 8);
  header.Set("Accept", "x");
  EXPECT_EQ(wire, "accept: */*");
  EXPECT_EQ(Lines(header), "Accept=x|");
}

TEST(Header, AValueMayBeAViewOfTheHeader) {
  Header header;
  header.Set("A", "0123456789");
  header.Set("A", header.Get("A").substr(5));
  EXPECT_EQ(header.Get("A"), "56789");
  header.Add("B", header.Get("A"));
  for (int i = 0; i < 100; ++i) header.Add("C", header.Get("A"));
  EXPECT_EQ(header.Get("B"), "56789");
  EXPECT_EQ(header.Values("C").back(), "56789");
}

TEST(Header, AViewOfAnOldValueStillReadsRight) {
  Header header;
  header.Set("A", "first");
  const std::string_view first = header.Get("A");
  header.Set("A", "other");
  EXPECT_EQ(first, "first");
}

TEST(Header, SettingOneFieldInALoopEndsUsingMemory) {
  Header header;
  header.Set("A", "x");
  // Past the first 16 KiB of replaced values, the same few places are reused.
  std::vector<const char*> places;
  for (int i = 0; i < 200'000; ++i) {
    header.Set("A", std::string(static_cast<size_t>(i % 40) + 1, 'x'));
    if (i >= 100'000) places.push_back(header.Get("A").data());
  }
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  EXPECT_LE(places.size(), 2U);
}

TEST(Header, CloneOwnsItsText) {
  std::string wire = "X-A: 1";
  Header header;
  header.AddView(std::string_view(wire).substr(0, 3), std::string_view(wire).substr(5),
                 HeaderId::kUnknown);
  header.Set("Content-Type", "text/plain");
  header.Suppress("Date");
  const Header clone = header.Clone();
  const Header alias = header.Alias();
  EXPECT_EQ(Lines(clone), Lines(header));
  EXPECT_EQ(Lines(alias), Lines(header));
  wire = "overwritten with something longer";
  header.Set("Content-Type", "x");
  EXPECT_EQ(Lines(clone), "X-A=1|Content-Type=text/plain|");
  EXPECT_TRUE(clone.Suppressed(HeaderId::kDate));
  EXPECT_TRUE(clone.Has(HeaderId::kContentType));
}

TEST(Header, AChangedAliasLeavesTheOriginal) {
  Header header;
  header.Set("A", "1");
  Header alias = header.Alias();
  alias.Set("A", "2");
  alias.Set("B", "3");
  EXPECT_EQ(Lines(header), "A=1|");
  EXPECT_EQ(Lines(alias), "A=2|B=3|");
}

TEST(Header, AMovedFromHeaderIsEmpty) {
  Header header;
  header.Set("Content-Type", "x");
  header.Suppress("Date");
  Header moved = std::move(header);
  EXPECT_EQ(Lines(moved), "Content-Type=x|");
  EXPECT_TRUE(header.Empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_FALSE(header.Has(HeaderId::kContentType));
  EXPECT_FALSE(header.Suppressed(HeaderId::kDate));
  header = std::move(moved);
  EXPECT_EQ(header.Get("Content-Type"), "x");
  EXPECT_FALSE(moved.Has("Content-Type"));  // NOLINT(bugprone-use-after-move)
}

TEST(Header, ResetIsBlankAgain) {
  Header header;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 100; ++i) header.Add("X-" + std::to_string(i), "value");
    header.Set("Content-Type", "x");
    header.Suppress("Date");
    header.Reset();
    EXPECT_TRUE(header.Empty());
    EXPECT_FALSE(header.Has("Content-Type"));
    EXPECT_FALSE(header.Suppressed(HeaderId::kDate));
    EXPECT_EQ(header.Get("X-1"), "");
  }
}

TEST(Header, WriteSortsAndLeavesOut) {
  Header header;
  header.Set("X-B", "1");
  header.Add("A", "2");
  header.Add("A", "1");
  header.Set("Content-Type", "x");
  io::StringWriter all;
  EXPECT_FALSE(header.Write(all));
  EXPECT_EQ(all.text, "A: 2\r\nA: 1\r\nContent-Type: x\r\nX-B: 1\r\n");
  io::StringWriter some;
  EXPECT_FALSE(header.Write(some, {"x-b", "CONTENT-TYPE"}));
  EXPECT_EQ(some.text, "A: 2\r\nA: 1\r\n");
}

}  // namespace
}  // namespace hon::http
