#include <gtest/gtest.h>

#include <string>

#include "hon/url/url.h"
#include "url/parse_cases.h"
#include "url/target_cases.h"

namespace hon::url {
namespace {

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

TEST(Parse, AsGo) {
  for (const ParseCase& c : kParseCases) {
    SCOPED_TRACE(c.text);
    const Result<URL> url = Parse(c.text);
    ASSERT_EQ(url.has_value(), c.error == nullptr) << (url ? url->String() : url.error().Message());
    if (!url) continue;
    EXPECT_EQ(url->Scheme, c.fields.scheme);
    EXPECT_EQ(url->Opaque, c.fields.opaque);
    ASSERT_EQ(url->User == nullptr, c.fields.user == nullptr);
    if (url->User != nullptr) {
      EXPECT_EQ(url->User->String(), c.fields.user);
    }
    EXPECT_EQ(url->Host, c.fields.host);
    EXPECT_EQ(url->Path, c.fields.path);
    EXPECT_EQ(url->RawPath, c.fields.raw_path);
    EXPECT_EQ(url->RawQuery, c.fields.raw_query);
    EXPECT_EQ(url->Fragment, c.fields.fragment);
    EXPECT_EQ(url->RawFragment, c.fields.raw_fragment);
    EXPECT_EQ(url->ForceQuery, c.fields.force_query);
    EXPECT_EQ(url->OmitHost, c.fields.omit_host);
    EXPECT_EQ(url->String(), c.string);
  }
}

TEST(Parse, ErrorsSayWhatGoSays) {
  for (const ParseCase& c : kParseCases) {
    if (c.error == nullptr) continue;
    const std::string message = Parse(c.text).error().Message();
    // The reason of an invalid address has another text than Go's.
    const std::string address = "invalid host: ";
    const size_t at = std::string_view(c.error).find(address);
    if (at == std::string_view::npos) {
      EXPECT_EQ(message, c.error);
    } else {
      EXPECT_TRUE(StartsWith(message, std::string(c.error, at + address.size()))) << message;
    }
  }
}

TEST(Parse, NamesTheErrors) {
  EXPECT_TRUE(Parse("/\n").error().Is(ErrControlByte));
  EXPECT_TRUE(Parse(":x").error().Is(ErrMissingScheme));
  EXPECT_TRUE(Parse("a:b/../c:d").has_value());
  EXPECT_TRUE(Parse("1:b").error().Is(ErrFirstSegmentColon));
  EXPECT_TRUE(Parse("http://[x]/").error().Is(ErrHost));
  EXPECT_TRUE(Parse("http://a:x/").error().Is(ErrPort));
  EXPECT_TRUE(Parse("http://a b@c/").error().Is(ErrUserinfo));
  EXPECT_TRUE(Parse("/%").error().Is(ErrEscape));
  EXPECT_TRUE(ParseRequestURI("").error().Is(ErrEmpty));
  EXPECT_TRUE(ParseRequestURI("a").error().Is(ErrRequestURI));
}

void ExpectTarget(const TargetCase& c, bool connect, URL& url) {
  SCOPED_TRACE(c.target);
  const Error err = ParseRequestTarget(c.target, connect, url);
  ASSERT_EQ(static_cast<bool>(err), c.host == nullptr) << err.Message();
  if (err) return;
  EXPECT_EQ(url.Host, c.host);
  EXPECT_EQ(url.Path, c.path);
  EXPECT_EQ(url.RawPath, c.raw_path);
  EXPECT_EQ(url.RawQuery, c.raw_query);
  if (c.request_uri != nullptr) {
    EXPECT_EQ(url.RequestURI(), c.request_uri);
  }
  if (connect) {
    EXPECT_EQ(url.Scheme, "");
  }
}

TEST(ParseRequestTarget, AsGoIntoOneUrl) {
  URL url;
  for (const TargetCase& c : kTargetCases) ExpectTarget(c, false, url);
  for (const TargetCase& c : kConnectCases) ExpectTarget(c, true, url);
  for (const TargetCase& c : kTargetCases) ExpectTarget(c, false, url);
}

TEST(ParseRequestTarget, AgreesWithParseRequestURI) {
  for (const TargetCase& c : kTargetCases) {
    SCOPED_TRACE(c.target);
    URL url;
    const Result<URL> parsed = ParseRequestURI(c.target);
    const Error err = ParseRequestTarget(c.target, false, url);
    ASSERT_EQ(parsed.has_value(), !err);
    if (parsed) {
      EXPECT_EQ(url, *parsed);
    }
  }
}

TEST(ParseRequestTarget, AnEmptyAuthorityIsRefused) {
  URL url;
  EXPECT_TRUE(ParseRequestTarget("", true, url).Is(ErrEmpty));
}

TEST(ParseRequestTarget, KeepsCapacity) {
  URL url;
  const std::string longest = "/" + std::string(200, 'p') + "%2F?" + std::string(200, 'q');
  ASSERT_FALSE(ParseRequestTarget(longest, false, url));
  const char* path = url.Path.data();
  const char* raw_path = url.RawPath.data();
  const char* query = url.RawQuery.data();
  for (const size_t size : {50U, 100U, 190U}) {
    const std::string target = "/" + std::string(size, 'x') + "%2F?" + std::string(size, 'y');
    ASSERT_FALSE(ParseRequestTarget(target, false, url));
    EXPECT_EQ(url.Path.data(), path);
    EXPECT_EQ(url.RawPath.data(), raw_path);
    EXPECT_EQ(url.RawQuery.data(), query);
  }
}

TEST(Parse, EveryControlByteIsRefused) {
  for (int byte = 0; byte < 256; ++byte) {
    for (const char* start : {"/", "/?", "http://h/", "http://h/?"}) {
      const std::string text = start + std::string(1, static_cast<char>(byte));
      URL url;
      const bool control = byte < 0x20 || byte == 0x7F;
      const bool lone_percent = byte == '%' && text.find('?') == std::string::npos;
      EXPECT_EQ(!ParseRequestTarget(text, false, url), !control && !lone_percent) << byte << text;
    }
  }
}

}  // namespace
}  // namespace hon::url
