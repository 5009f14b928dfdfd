#include "hon/http/cookie_jar.h"

#include <gtest/gtest.h>

#include <thread>

namespace hon::cookiejar {
namespace {

// "co.uk", "com", "example" and "*.hosted.com" are public; other names end in their last label.
class FewSuffixes final : public PublicSuffixList {
 public:
  std::string_view PublicSuffix(std::string_view domain) const override {
    for (const std::string_view suffix : {"user.hosted.com", "co.uk"}) {
      if (domain.ends_with(suffix)) return domain.substr(domain.size() - suffix.size());
    }
    return domain.substr(domain.rfind('.') + 1);
  }
};

constexpr int64_t kStart = 1'700'000'000;

class JarTest : public testing::Test {
 protected:
  void Set(std::string_view url, std::initializer_list<std::string> lines) {
    std::vector<http::Cookie> cookies;
    for (const std::string& line : lines) cookies.push_back(http::ParseSetCookie(line).value());
    jar_.SetCookies(*url::Parse(url), cookies);
  }
  std::string Get(std::string_view url) {
    std::string shown;
    for (const http::Cookie& cookie : jar_.Cookies(*url::Parse(url))) {
      const std::string quote = cookie.Quoted ? "\"" : "";
      shown += (shown.empty() ? "" : " ") + cookie.Name + "=" + quote + cookie.Value + quote;
    }
    return shown;
  }
  [[nodiscard]] Options MakeOptions() {
    return {.PublicSuffixList = std::make_shared<FewSuffixes>(),
            .Now = [this] { return http::Time::FromUnix(now_); }};
  }

  int64_t now_ = kStart;
  Jar jar_{MakeOptions()};
};

class JarWithoutSuffixes : public JarTest {
 protected:
  JarWithoutSuffixes() : shared_({.PublicSuffixList = nullptr}) {}
  Jar shared_;
};

TEST_F(JarTest, AHostGetsItsOwnCookiesAlone) {
  Set("http://www.host.test/", {"a=1"});
  EXPECT_EQ(Get("http://www.host.test/"), "a=1");
  EXPECT_EQ(Get("http://www.host.test:8080/x/y?q#f"), "a=1");
  EXPECT_EQ(Get("https://WWW.Host.Test/"), "a=1");
  EXPECT_EQ(Get("http://www.host.test./"), "a=1");
  EXPECT_EQ(Get("http://host.test/"), "");
  EXPECT_EQ(Get("http://a.www.host.test/"), "");
  EXPECT_EQ(Get("http://ww.host.test/"), "");
  EXPECT_EQ(Get("ftp://www.host.test/"), "");
  Set("ftp://www.host.test/", {"b=2"});
  EXPECT_EQ(Get("http://www.host.test/"), "a=1");
}

TEST_F(JarTest, ADomainCookieGoesToSubdomains) {
  Set("http://www.host.test/", {"a=1; domain=host.test", "b=2; domain=.host.test"});
  EXPECT_EQ(Get("http://www.host.test/"), "a=1 b=2");
  EXPECT_EQ(Get("http://host.test/"), "a=1 b=2");
  EXPECT_EQ(Get("http://x.y.host.test/"), "a=1 b=2");
  EXPECT_EQ(Get("http://nothost.test/"), "");
  EXPECT_EQ(Get("http://host.test.evil.test/"), "");
  Set("http://www.host.test/", {"c=3; domain=HOST.TEST"});
  EXPECT_EQ(Get("http://other.host.test/"), "a=1 b=2 c=3");
}

// RFC 6265 §5.3, steps 5 and 6.
TEST_F(JarTest, AForeignDomainIsRefused) {
  for (const std::string_view line :
       {"a=1; domain=other.test", "a=1; domain=a.www.host.test", "a=1; domain=ww.host.test",
        "a=1; domain=ost.test", "a=1; domain=host.test.", "a=1; domain=..host.test",
        "a=1; domain=test", "a=1; domain=.test", "a=1; domain=.", "a=1; domain=..",
        "a=1; domain=127.0.0.1"}) {
    Set("http://www.host.test/", {std::string(line)});
    EXPECT_EQ(jar_.Len(), 0u) << line;
  }
  jar_.SetCookies(*url::Parse("http://b\xC3\xBC.test/"),
                  {{.Name = "a", .Value = "1", .Domain = "b\xC3\xBC.test"}});
  EXPECT_EQ(jar_.Len(), 0u) << "a domain that is not ASCII";
}

TEST_F(JarTest, ACookieForAPublicSuffixIsRefused) {
  Set("http://www.bbc.co.uk/", {"a=1; domain=co.uk", "b=2; domain=uk", "c=3; domain=bbc.co.uk"});
  EXPECT_EQ(Get("http://www.bbc.co.uk/"), "c=3");
  EXPECT_EQ(Get("http://foo.co.uk/"), "");
  Set("http://a.user.hosted.com/", {"d=4; domain=user.hosted.com", "e=5; domain=hosted.com"});
  EXPECT_EQ(Get("http://a.user.hosted.com/"), "");
  // A suffix that is a host itself shares its cookies with no other host.
  Set("http://co.uk/", {"f=6; domain=co.uk"});
  EXPECT_EQ(Get("http://co.uk/"), "f=6");
  EXPECT_EQ(Get("http://www.bbc.co.uk/"), "c=3");
}

TEST_F(JarWithoutSuffixes, NoDomainIsShared) {
  const auto set = [this](std::string_view url, std::string_view line) {
    shared_.SetCookies(*url::Parse(url), {http::ParseSetCookie(line).value()});
  };
  const auto count = [this](std::string_view url) {
    return shared_.Cookies(*url::Parse(url)).size();
  };
  set("http://www.bbc.co.uk/", "a=1; domain=co.uk");
  set("http://www.host.test/", "b=2; domain=host.test");
  set("http://host.test/", "c=3; domain=host.test");
  EXPECT_EQ(count("http://www.bbc.co.uk/"), 1u);
  EXPECT_EQ(count("http://foo.co.uk/"), 0u);
  EXPECT_EQ(count("http://www.host.test/"), 1u);
  EXPECT_EQ(count("http://host.test/"), 1u);
  EXPECT_EQ(count("http://x.host.test/"), 0u);
}

TEST_F(JarTest, AnAddressIsAHostWithoutDomains) {
  Set("http://1.2.3.4/", {"a=1", "b=2; domain=1.2.3.4", "c=3; domain=2.3.4", "d=4; domain=.3.4"});
  EXPECT_EQ(Get("http://1.2.3.4:99/"), "a=1 b=2");
  EXPECT_EQ(Get("http://2.3.4/"), "");
  EXPECT_EQ(Get("http://0.1.2.3.4/"), "");
  Set("http://[::1]/", {"e=5", "f=6; domain=::1", "g=7; domain=::2"});
  EXPECT_EQ(Get("http://[::1]:8/"), "e=5 f=6");
}

// RFC 6265 §5.1.4.
TEST_F(JarTest, PathsMatchByWholeElements) {
  Set("http://h.test/", {"a=1; path=/x", "b=2; path=/x/", "c=3; path=/"});
  EXPECT_EQ(Get("http://h.test"), "c=3");
  EXPECT_EQ(Get("http://h.test/x"), "a=1 c=3");
  EXPECT_EQ(Get("http://h.test/x/"), "b=2 a=1 c=3");
  EXPECT_EQ(Get("http://h.test/x/y"), "b=2 a=1 c=3");
  EXPECT_EQ(Get("http://h.test/xy"), "c=3");
  EXPECT_EQ(Get("http://h.test/X"), "c=3");
}

TEST_F(JarTest, ThePathIsTheFolderOfTheUrlByDefault) {
  Set("http://h.test/x/y/z", {"a=1", "b=2; path=", "c=3; path=y", "d=4; path=/x"});
  EXPECT_EQ(Get("http://h.test/x/y"), "a=1 b=2 c=3 d=4");
  EXPECT_EQ(Get("http://h.test/x/y/w"), "a=1 b=2 c=3 d=4");
  EXPECT_EQ(Get("http://h.test/x/"), "d=4");
  Set("http://i.test/x", {"a=1"});
  EXPECT_EQ(Get("http://i.test/"), "a=1");
  Set("http://j.test", {"a=1"});
  EXPECT_EQ(Get("http://j.test/any"), "a=1");
}

TEST_F(JarTest, LongerPathsComeFirstThenOlderCookies) {
  Set("http://h.test/", {"a=1; path=/", "b=2; path=/x/y", "c=3; path=/x", "d=4; path=/x/y"});
  EXPECT_EQ(Get("http://h.test/x/y"), "b=2 d=4 c=3 a=1");
  // A cookie that is set again keeps its place.
  Set("http://h.test/", {"b=5; path=/x/y"});
  EXPECT_EQ(Get("http://h.test/x/y"), "b=5 d=4 c=3 a=1");
}

TEST_F(JarTest, ACookieIsItsNameDomainAndPath) {
  Set("http://w.h.test/", {"a=1", "a=2; path=/x", "a=3; domain=h.test", "A=4"});
  EXPECT_EQ(Get("http://w.h.test/x"), "a=2 a=1 a=3 A=4");
  Set("http://w.h.test/", {"a=5; domain=h.test", "a=6"});
  EXPECT_EQ(Get("http://w.h.test/x"), "a=2 a=6 a=5 A=4");
}

TEST_F(JarTest, QuotesAreKept) {
  Set("http://h.test/", {"a=\"1 2\"", "b=3"});
  EXPECT_EQ(Get("http://h.test/"), "a=\"1 2\" b=3");
}

TEST_F(JarTest, ACookieEndsAtItsTime) {
  Set("http://h.test/", {"a=1; max-age=10", "b=2; max-age=20", "c=3",
                         "d=4; expires=Tue, 14 Nov 2023 22:13:50 GMT",             // kStart + 30
                         "e=5; max-age=5; expires=Tue, 14 Nov 2033 22:13:20 GMT",  // Max-Age counts
                         "f=6; expires=nonsense"});
  EXPECT_EQ(Get("http://h.test/"), "a=1 b=2 c=3 d=4 e=5 f=6");
  now_ = kStart + 5;
  EXPECT_EQ(Get("http://h.test/"), "a=1 b=2 c=3 d=4 f=6");
  now_ = kStart + 9;
  EXPECT_EQ(Get("http://h.test/"), "a=1 b=2 c=3 d=4 f=6");
  now_ = kStart + 10;
  EXPECT_EQ(Get("http://h.test/"), "b=2 c=3 d=4 f=6");
  now_ = kStart + 30;
  EXPECT_EQ(Get("http://h.test/"), "c=3 f=6");
  EXPECT_EQ(jar_.Len(), 2u);
  now_ = kStart + 1'000'000'000;
  EXPECT_EQ(Get("http://h.test/"), "c=3 f=6");
}

TEST_F(JarTest, AnEndInThePastDeletes) {
  Set("http://w.h.test/", {"a=1", "b=2", "c=3; domain=h.test", "d=4; path=/x"});
  Set("http://w.h.test/", {"a=; max-age=0", "b=; expires=Thu, 01 Jan 1970 00:00:01 GMT",
                           "c=; max-age=-1", "d=; max-age=-1", "e=; max-age=-1"});
  EXPECT_EQ(Get("http://w.h.test/x"), "d=4 c=3") << "neither another domain nor another path";
  Set("http://w.h.test/", {"c=; max-age=-1; domain=h.test", "d=; max-age=-1; path=/x"});
  EXPECT_EQ(jar_.Len(), 0u);
}

TEST_F(JarTest, AnExpiryBeyondTheClockNeverComes) {
  Set("http://h.test/", {"a=1; max-age=9223372036854775807"});
  now_ = kStart + 1'000'000'000;
  EXPECT_EQ(Get("http://h.test/"), "a=1");
}

TEST_F(JarTest, SecureCookiesGoToSecureOrigins) {
  Set("https://h.test/", {"a=1; secure", "b=2"});
  EXPECT_EQ(Get("https://h.test/"), "a=1 b=2");
  EXPECT_EQ(Get("http://h.test/"), "b=2");
  for (const std::string_view local :
       {"http://localhost/", "http://x.localhost/", "http://127.0.0.1/", "http://[::1]/"}) {
    Set(local, {"a=1; secure"});
    EXPECT_EQ(Get(local), "a=1") << local;
  }
}

// RFC 6265bis §5.7, steps 8 and 9.
TEST_F(JarTest, PlainOriginsLeaveSecureCookiesAlone) {
  Set("http://w.h.test/", {"a=1; secure"});
  EXPECT_EQ(jar_.Len(), 0u);
  Set("https://w.h.test/", {"a=1; secure; domain=h.test; path=/x"});
  Set("http://w.h.test/",
      {"a=2; path=/x", "a=3; path=/x/y", "a=4; domain=h.test; path=/x", "a=; max-age=-1; path=/x"});
  EXPECT_EQ(Get("https://w.h.test/x/y"), "a=1");
  Set("http://w.h.test/", {"a=5; path=/", "a=6; path=/xy", "b=7; path=/x"});
  EXPECT_EQ(Get("https://w.h.test/x/y"), "a=1 b=7 a=5") << "another path or name is no overlay";
  Set("https://w.h.test/", {"a=8; path=/x; domain=h.test"});
  EXPECT_EQ(Get("https://w.h.test/x"), "a=8 b=7 a=5");
}

// RFC 6265bis §4.1.3.
TEST_F(JarTest, SecureAndHostPrefixesAreEnforced) {
  Set("https://w.h.test/",
      {"__Secure-a=1", "__secure-b=1", "__Host-c=1; secure", "__Host-d=1; path=/",
       "__Host-e=1; secure; path=/; domain=w.h.test", "__host-f=1; secure; path=/x"});
  EXPECT_EQ(jar_.Len(), 0u);
  Set("http://w.h.test/", {"__Secure-a=1; secure", "__Host-b=1; secure; path=/"});
  EXPECT_EQ(jar_.Len(), 0u);
  Set("https://w.h.test/", {"__Secure-a=1; secure; domain=h.test", "__Host-b=1; secure; path=/"});
  EXPECT_EQ(Get("https://w.h.test/"), "__Secure-a=1 __Host-b=1");
}

TEST_F(JarTest, NamesBeyondAsciiAreInPunycode) {
  Set("http://www.b\xC3\xBC"
      "cher.test/",
      {"a=1; domain=xn--bcher-kva.test", "b=2"});
  EXPECT_EQ(Get("http://www.xn--bcher-kva.test/"), "a=1 b=2");
  EXPECT_EQ(Get("http://b\xC3\xBC"
                "cher.test/"),
            "a=1");
}

std::string Numbered(size_t i) { return "c" + std::to_string(i); }

TEST_F(JarTest, TheNumberOfCookiesOfASiteIsLimited) {
  for (size_t i = 0; i < kSiteCookiesMax; ++i) {
    Set("http://" + Numbered(i) + ".h.test/", {Numbered(i) + "=1"});
  }
  EXPECT_EQ(jar_.Len(), kSiteCookiesMax);
  EXPECT_EQ(Get("http://c0.h.test/"), "c0=1");  // c1 is now the least recently used
  Set("http://h.test/", {"more=1"});
  EXPECT_EQ(jar_.Len(), kSiteCookiesMax);
  EXPECT_EQ(Get("http://c0.h.test/"), "c0=1");
  EXPECT_EQ(Get("http://c1.h.test/"), "");
  EXPECT_EQ(Get("http://h.test/"), "more=1");
  Set("http://other.test/", {"a=1"});
  EXPECT_EQ(jar_.Len(), kSiteCookiesMax + 1) << "another site";
}

TEST_F(JarTest, EndedCookiesGoFirstAndSecureOnesLast) {
  Set("https://h.test/", {"s=1; secure"});
  for (size_t i = 2; i < kSiteCookiesMax; ++i) Set("https://h.test/", {Numbered(i) + "=1"});
  Set("https://h.test/", {"ended=1; max-age=1"});
  EXPECT_EQ(jar_.Len(), kSiteCookiesMax);
  now_ += 1;
  Set("https://h.test/", {"x=1"});
  EXPECT_NE((" " + Get("https://h.test/")).find(" c2=1"), std::string::npos);
  Set("https://h.test/", {"y=1"});
  const std::string left = " " + Get("https://h.test/") + " ";
  EXPECT_NE(left.find(" s=1 "), std::string::npos);
  EXPECT_EQ(left.find(" c2=1 "), std::string::npos);
  EXPECT_NE(left.find(" c3=1 "), std::string::npos);
}

TEST_F(JarTest, TheNumberOfCookiesInAJarIsLimited) {
  for (size_t i = 0; i < kJarCookiesMax; ++i) Set("http://h." + Numbered(i) + "/", {"a=1"});
  EXPECT_EQ(jar_.Len(), kJarCookiesMax);
  EXPECT_EQ(Get("http://h.c0/"), "a=1");
  Set("http://h.more/", {"a=1"});
  EXPECT_EQ(jar_.Len(), kJarCookiesMax);
  EXPECT_EQ(Get("http://h.c0/"), "a=1");
  EXPECT_EQ(Get("http://h.c1/"), "");
  EXPECT_EQ(Get("http://h.more/"), "a=1");
  // All expired cookies make room before any other.
  Set("http://h.short/", {"a=1; max-age=1"});
  EXPECT_EQ(Get("http://h.c2/"), "");
  now_ += 1;
  Set("http://h.again/", {"a=1"});
  EXPECT_EQ(Get("http://h.c3/"), "a=1");
}

TEST_F(JarTest, ACookieHasALimit) {
  const std::string longest(kJarCookieBytesMax - 1, 'v');
  Set("http://h.test/", {"a=" + longest, "b=v" + longest});
  EXPECT_EQ(Get("http://h.test/"), "a=" + longest);
  const std::string path(kJarAttributeBytesMax - 1, 'p');
  Set("http://i.test/", {"a=1; path=/" + path, "b=1; path=/p" + path});
  EXPECT_EQ(Get("http://i.test/" + path), "a=1");
  EXPECT_EQ(Get("http://i.test/p" + path), "");
  Set("http://j.test/" + path + "p/x", {"a=1"});
  EXPECT_EQ(Get("http://j.test/" + path + "p/x"), "");
}

TEST_F(JarTest, ManyThreadsMayUseIt) {
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      const url::URL url = *url::Parse("http://" + Numbered(t) + ".h.test/");
      for (size_t i = 0; i < 100; ++i) {
        jar_.SetCookies(url, {{.Name = Numbered(i), .Value = "1", .Domain = "h.test"}});
        EXPECT_LE(jar_.Cookies(url).size(), kSiteCookiesMax);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(jar_.Len(), kSiteCookiesMax);
}

TEST(SystemPublicSuffixes, KnowsRealSuffixes) {
  const std::shared_ptr<const PublicSuffixList> list = SystemPublicSuffixes();
  if (list == nullptr) GTEST_SKIP() << "HON_TEST_SKIPPED: built without libpsl";
  EXPECT_EQ(list->PublicSuffix("www.bbc.co.uk"), "co.uk");
  EXPECT_EQ(list->PublicSuffix("co.uk"), "co.uk");
  EXPECT_EQ(list->PublicSuffix("a.b.github.io"), "github.io");
  EXPECT_EQ(list->PublicSuffix("www.example.com"), "com");
  EXPECT_EQ(list->PublicSuffix("a.unknown-suffix"), "unknown-suffix");
}

}  // namespace
}  // namespace hon::cookiejar
