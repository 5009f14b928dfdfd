#include "hon/url/url.h"

#include <gtest/gtest.h>

#include <string>

#include "hon/url/path.h"
#include "url/reference_cases.h"

namespace hon::url {
namespace {

URL Make(const Fields& fields, const char* password) {
  URL url;
  url.Scheme = fields.scheme;
  url.Opaque = fields.opaque;
  if (fields.user != nullptr) {
    url.User = password == nullptr ? User(fields.user) : UserPassword(fields.user, password);
  }
  url.Host = fields.host;
  url.Path = fields.path;
  url.RawPath = fields.raw_path;
  url.RawQuery = fields.raw_query;
  url.Fragment = fields.fragment;
  url.RawFragment = fields.raw_fragment;
  url.ForceQuery = fields.force_query;
  url.OmitHost = fields.omit_host;
  return url;
}

// uri-host [ ":" port ] of RFC 3986 §3.2.2 and §3.2.3, with the examples of its section 1.1.2.
TEST(IsHostAndPort, ByTheGrammar) {
  for (const std::string_view good : {"a",
                                      "a:80",
                                      "a:",
                                      "a:00080",
                                      "a:99999",
                                      "www.example.com",
                                      "ftp.is.co.za",
                                      "192.0.2.16:80",
                                      "999.1",
                                      "a_b",
                                      "a~!$&'()*+,;=b",
                                      "a%20b",
                                      "%C3%A9",
                                      "%c3%a9:1",
                                      "[::1]",
                                      "[::1]:80",
                                      "[::]",
                                      "[::1]:",
                                      "[2001:db8::7]",
                                      "[1:2:3:4:5:6:7:8]",
                                      "[::ffff:192.0.2.1]",
                                      "[v1.a]",
                                      "[vF.a:b]:80",
                                      "[V1f.!$&'()*+,;=:~]"}) {
    EXPECT_TRUE(IsHostAndPort(good)) << good;
  }
  for (const std::string_view bad :
       {"",          ":",         ":80",         "a:x",          "a:80x",
        "a:80:80",   "a::80",     "a:-1",        "a:+1",         "a: 80",
        "::1",       "[::1",      "::1]",        "[::1]]",       "[[::1]]",
        "[::1]80",   "[::1]:x",   "[::1]:80:80", "a[::1]",       "[]",
        "[]:80",     "[1.2.3.4]", "[::1%eth0]",  "[::1%25eth0]", "[1:2:3:4:5:6:7]",
        "[1::2::3]", "[12345::]", "[g::]",       "[v.a]",        "[v1.]",
        "[v1]",      "[vG.a]",    "[v1.%41]",    "[v1.a/b]",     "a%",
        "a%2",       "a%2g",      "a@b",         "a/b",          "a?b",
        "a#b",       "a b",       "a<b>",        "a\"b",         "a\\b",
        "a^b",       "a|b",       "a{b}",        "a`b",          "\xC3\xA9",
        "a\x7F",     "a\t",       "a\r"}) {
    EXPECT_FALSE(IsHostAndPort(bad)) << bad;
  }
}

TEST(URL, StringAndRequestURI) {
  for (const StringCase& c : kStringCases) {
    const URL url = Make(c.fields, c.password);
    EXPECT_EQ(url.String(), c.string);
    EXPECT_EQ(url.RequestURI(), c.request_uri) << c.string;
  }
}

TEST(URL, ResolveReference) {
  for (const ResolveCase& c : kResolveCases) {
    SCOPED_TRACE(std::string(c.base) + " " + c.reference);
    const URL base = Parse(c.base).value();
    const Result<URL> resolved = base.Parse(c.reference);
    ASSERT_EQ(resolved.has_value(), c.resolved != nullptr);
    if (!resolved) continue;
    EXPECT_EQ(resolved->String(), c.resolved);
    EXPECT_EQ(base.ResolveReference(Parse(c.reference).value()), *resolved);
  }
}

TEST(URL, JoinPath) {
  for (const JoinCase& c : kJoinCases) {
    SCOPED_TRACE(c.base);
    const Result<std::string> joined = JoinPath(c.base, c.elements);
    ASSERT_EQ(joined.has_value(), c.joined != nullptr);
    if (!joined) continue;
    EXPECT_EQ(*joined, c.joined);
    EXPECT_EQ(Parse(c.base).value().JoinPath(c.elements).String(), c.joined);
  }
}

TEST(URL, HostnameAndPort) {
  for (const HostCase& c : kHostCases) {
    URL url;
    url.Host = c.host;
    EXPECT_EQ(url.Hostname(), c.hostname) << c.host;
    EXPECT_EQ(url.Port(), c.port) << c.host;
  }
}

TEST(URL, Redacted) {
  EXPECT_EQ(Parse("http://u:secret@h/p").value().Redacted(), "http://u:xxxxx@h/p");
  EXPECT_EQ(Parse("http://u@h/p").value().Redacted(), "http://u@h/p");
  EXPECT_EQ(Parse("http://h/p").value().Redacted(), "http://h/p");
}

TEST(URL, IsAbs) {
  EXPECT_TRUE(Parse("http://h").value().IsAbs());
  EXPECT_TRUE(Parse("mailto:x").value().IsAbs());
  EXPECT_FALSE(Parse("//h/p").value().IsAbs());
}

TEST(URL, CopiesShareNothingThatChanges) {
  const URL url = Parse("http://u:p@h/a%2Fb?q#f").value();
  URL copy = url;
  EXPECT_EQ(copy, url);
  copy.Path += "x";
  EXPECT_NE(copy, url);
  copy = url;
  copy.User = UserPassword("u", "p");
  EXPECT_EQ(copy, url);
  copy.User = User("u");
  EXPECT_NE(copy, url);
  copy.Clear();
  EXPECT_EQ(copy, URL());
}

TEST(URL, SetEscapedPathFailsWithoutATrace) {
  URL url;
  ASSERT_FALSE(url.SetEscapedPath("/a%2Fb"));
  EXPECT_TRUE(url.SetEscapedPath("/x%").Is(ErrEscape));
  EXPECT_EQ(url.Path, "/a/b");
  EXPECT_EQ(url.RawPath, "/a%2Fb");
}

TEST(URL, EscapedPathViewCopiesOnlyWhatItMust) {
  URL url;
  std::string scratch;
  url.Path = "/plain";
  EXPECT_EQ(url.EscapedPathView(scratch).data(), url.Path.data());
  url.Path = "/a b";
  EXPECT_EQ(url.EscapedPathView(scratch), "/a%20b");
  url.Path = "/a/b";
  url.RawPath = "/a%2fb";
  EXPECT_EQ(url.EscapedPathView(scratch).data(), url.RawPath.data());
}

TEST(Userinfo, Parts) {
  const UserinfoPtr user = Parse("http://a%3Ab:c%40@h/").value().User;
  ASSERT_NE(user, nullptr);
  EXPECT_EQ(user->Username(), "a:b");
  EXPECT_EQ(user->Password(), "c@");
  EXPECT_TRUE(user->HasPassword());
  EXPECT_EQ(user->String(), "a%3Ab:c%40");
  EXPECT_FALSE(User("x")->HasPassword());
}

// The scenarios of Go's TestCleanPath.
TEST(CleanPath, Table) {
  const struct {
    const char* path;
    const char* clean;
  } kCases[] = {
      {"/", "/"},
      {"/abc", "/abc"},
      {"/a/b/c", "/a/b/c"},
      {"/abc/", "/abc/"},
      {"/a/b/c/", "/a/b/c/"},
      {"", "/"},
      {"a/", "/a/"},
      {"abc", "/abc"},
      {"abc/def", "/abc/def"},
      {"//", "/"},
      {"/abc//", "/abc/"},
      {"/abc/def//", "/abc/def/"},
      {"/a/b/c//", "/a/b/c/"},
      {"/abc//def//ghi", "/abc/def/ghi"},
      {"//abc", "/abc"},
      {"///abc", "/abc"},
      {"//abc//", "/abc/"},
      {".", "/"},
      {"./", "/"},
      {"/abc/./def", "/abc/def"},
      {"/./abc/def", "/abc/def"},
      {"/abc/.", "/abc"},
      {"..", "/"},
      {"../", "/"},
      {"../../", "/"},
      {"../..", "/"},
      {"../../abc", "/abc"},
      {"/abc/def/ghi/../jkl", "/abc/def/jkl"},
      {"/abc/def/../ghi/../jkl", "/abc/jkl"},
      {"/abc/def/..", "/abc"},
      {"/abc/def/../..", "/"},
      {"/abc/def/../../..", "/"},
      {"/abc/def/../../..", "/"},
      {"/abc/def/../../../ghi/jkl/../../../mno", "/mno"},
      {"abc/./../def", "/def"},
      {"abc//./../def", "/def"},
      {"abc/../../././../def", "/def"},
      {"/%2e%2e/a", "/%2e%2e/a"},
      {"/...", "/..."},
  };
  for (const auto& c : kCases) EXPECT_EQ(CleanPath(c.path), c.clean) << c.path;
}

}  // namespace
}  // namespace hon::url
