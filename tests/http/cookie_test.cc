#include "hon/http/cookie.h"

#include <gtest/gtest.h>

#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"
#include "http/cookie_cases.h"

namespace hon::http {
namespace {

std::string Show(const std::vector<Cookie>& cookies) {
  std::string shown;
  for (const Cookie& cookie : cookies) {
    const std::string quote = cookie.Quoted ? "\"" : "";
    if (!shown.empty()) shown += '|';
    shown += cookie.Name + '=' + quote + cookie.Value + quote;
  }
  return shown;
}

TEST(Cookie, IsWrittenAsGoWritesIt) {
  for (const WriteCase& c : kWriteCases) {
    EXPECT_EQ(c.cookie.String(), c.text);
    const Error err = c.cookie.Valid();
    EXPECT_EQ(!err, c.valid) << c.text;
    if (err) {
      EXPECT_TRUE(err.Is(ErrInvalidCookie));
    }
  }
}

TEST(Cookie, ValidNamesTheFault) {
  EXPECT_EQ((Cookie{.Name = "a", .Value = "b\x7F"}).Valid().Message(),
            "http: invalid byte 0x7f in Cookie.Value");
  EXPECT_EQ((Cookie{.Name = "a", .Value = "b", .Path = "/;"}).Valid().Message(),
            "http: invalid byte 0x3b in Cookie.Path");
  EXPECT_EQ((Cookie{.Name = "", .Value = "b"}).Valid().Message(), "http: invalid Cookie.Name");
  const Cookie partitioned = {.Name = "a", .Value = "b", .Partitioned = true};
  EXPECT_EQ(partitioned.Valid().Message(), "http: partitioned cookies must be set with Secure");
}

TEST(Cookie, DomainOf255BytesIsTheLongest) {
  std::string domain;
  while (domain.size() < 250) domain += "abcdefghi.";
  domain += "abcde";
  ASSERT_EQ(domain.size(), 255U);
  Cookie cookie = {.Name = "a", .Value = "b", .Domain = domain};
  EXPECT_FALSE(cookie.Valid());
  cookie.Domain += 'f';
  EXPECT_TRUE(cookie.Valid().Is(ErrInvalidCookie));
  EXPECT_EQ(cookie.String(), "a=b");
}

TEST(SetCookie, AddsAFieldForEachValidCookie) {
  httptest::ResponseRecorder w;
  EXPECT_TRUE(SetCookie(w, {.Name = "a", .Value = "1", .HttpOnly = true}));
  EXPECT_TRUE(SetCookie(w, {.Name = "b", .Value = "2"}));
  EXPECT_FALSE(SetCookie(w, {.Name = "b\r\nX-Evil: 1", .Value = "2"}));
  const std::vector<std::string_view> lines = w.Header().Values("Set-Cookie");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "a=1; HttpOnly");
  EXPECT_EQ(lines[1], "b=2");
}

TEST(ParseSetCookie, ReadsWhatGoReads) {
  for (const SetCookieCase& c : kSetCookieCases) {
    Result<Cookie> cookie = ParseSetCookie(c.line);
    ASSERT_EQ(cookie.has_value(), c.error.empty()) << c.line;
    if (!cookie) {
      EXPECT_EQ(cookie.error().Message(), c.error) << c.line;
      continue;
    }
    EXPECT_EQ(cookie->Raw, c.line);
    cookie->Raw.clear();
    EXPECT_TRUE(*cookie == c.cookie) << c.line << " read as " << cookie->String();
  }
}

TEST(ParseCookie, ReadsWhatGoReads) {
  for (const ParseCase& c : kParseCases) {
    const Result<std::vector<Cookie>> cookies = ParseCookie(c.line);
    ASSERT_EQ(cookies.has_value(), c.error.empty()) << c.line;
    if (cookies) {
      EXPECT_EQ(Show(*cookies), c.all) << c.line;
    } else {
      EXPECT_EQ(cookies.error().Message(), c.error) << c.line;
    }
  }
}

TEST(RequestCookies, AreThoseThatGoFinds) {
  for (const RequestCase& c : kRequestCases) {
    Request r = httptest::NewRequest("GET", "/");
    // Added as a parser does: Set and Add would replace control bytes by blanks.
    for (const std::string_view line : c.lines) {
      r.Header.AddView("Cookie", line, HeaderId::kCookie);
    }
    const std::string_view first = c.lines.front();
    EXPECT_EQ(Show(r.Cookies()), c.all) << first;
    EXPECT_EQ(Show(r.CookiesNamed("a")), c.named_a) << first;
    const Result<Cookie> one = r.Cookie("a");
    EXPECT_EQ(one ? one->Value : "(none)", c.first_a) << first;
    if (!one) {
      EXPECT_TRUE(one.error().Is(ErrNoCookie));
    }
  }
}

TEST(RequestCookies, ACookieWithoutANameIsIgnored) {
  Request r = httptest::NewRequest("GET", "/");
  EXPECT_TRUE(r.Cookies().empty());
  r.Header.Set("Cookie", "a=b");
  EXPECT_TRUE(r.CookiesNamed("").empty());
  EXPECT_TRUE(r.Cookie("").error().Is(ErrNoCookie));
}

TEST(RequestCookies, AreAtMost3000) {
  std::string line;
  for (size_t i = 0; i < kCookiesMax; ++i) line += i == 0 ? "a=1" : ";a=1";
  Request r = httptest::NewRequest("GET", "/");
  r.Header.Set("Cookie", line);
  EXPECT_EQ(r.Cookies().size(), kCookiesMax);
  EXPECT_EQ(ParseCookie(line)->size(), kCookiesMax);

  r.Header.Add("Cookie", "b=2");
  EXPECT_TRUE(r.Cookies().empty());
  EXPECT_TRUE(r.Cookie("a").error().Is(ErrNoCookie));
  EXPECT_TRUE(ParseCookie(line + ";a=1").error().Is(ErrTooManyCookies));
}

TEST(AddCookie, KeepsAllCookiesInOneField) {
  Request r = httptest::NewRequest("GET", "/");
  r.AddCookie({.Name = "a", .Value = "b", .Path = "/x"});
  r.AddCookie({.Name = "c\r\nd", .Value = "e f"});
  r.AddCookie({.Name = "g", .Value = std::string("h;i\0", 4)});
  r.AddCookie({.Name = "j", .Value = "k", .Quoted = true});
  EXPECT_EQ(r.Header.Values("Cookie").size(), 1U);
  EXPECT_EQ(r.Header.Get("Cookie"), "a=b; c--d=\"e f\"; g=hi; j=\"k\"");
}

}  // namespace
}  // namespace hon::http
