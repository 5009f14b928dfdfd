#include "hon/http/proxy.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace hon::httpproxy {
namespace {

std::string ProxyFor(const Config& config, std::string_view target) {
  const Result<std::optional<url::URL>> proxy = Rules(config).ProxyFor(*url::Parse(target));
  if (!proxy) return "error: " + proxy.error().Message();
  return *proxy ? (*proxy)->String() : "direct";
}

TEST(ProxyRules, TheSchemeOfTheTargetChoosesTheSetting) {
  const Config config = {.HTTPProxy = "http://p:1", .HTTPSProxy = "https://s:2"};
  EXPECT_EQ(ProxyFor(config, "http://a.example/"), "http://p:1");
  EXPECT_EQ(ProxyFor(config, "https://a.example/"), "https://s:2");
  EXPECT_EQ(ProxyFor(config, "ftp://a.example/"), "direct");
  EXPECT_EQ(ProxyFor({}, "http://a.example/"), "direct");
  EXPECT_EQ(ProxyFor({.HTTPProxy = "http://p:1"}, "https://a.example/"), "direct");
}

TEST(ProxyRules, AllProxyIsForSchemesWithoutASetting) {
  const Config config = {.HTTPSProxy = "s:2", .AllProxy = "socks5://a:3"};
  EXPECT_EQ(ProxyFor(config, "http://a.example/"), "socks5://a:3");
  EXPECT_EQ(ProxyFor(config, "https://a.example/"), "http://s:2");
}

TEST(ProxyRules, AProxyNeedsNoScheme) {
  EXPECT_EQ(ProxyFor({.HTTPProxy = "p"}, "http://a.example/"), "http://p");
  EXPECT_EQ(ProxyFor({.HTTPProxy = "p:8080"}, "http://a.example/"), "http://p:8080");
  EXPECT_EQ(ProxyFor({.HTTPProxy = "127.0.0.1:8080"}, "http://a.example/"),
            "http://127.0.0.1:8080");
  EXPECT_EQ(ProxyFor({.HTTPProxy = "[::1]:8080"}, "http://a.example/"), "http://[::1]:8080");
  EXPECT_EQ(ProxyFor({.HTTPProxy = " u:w@p:1 "}, "http://a.example/"), "http://u:w@p:1");
  EXPECT_EQ(ProxyFor({.HTTPProxy = "HTTP://p/"}, "http://a.example/"), "http://p/");
  EXPECT_EQ(ProxyFor({.HTTPProxy = "socks5h://p"}, "http://a.example/"), "socks5h://p");
}

TEST(ProxyRules, ASettingThatNamesNoProxyIsAnErrorWithoutItsText) {
  for (const std::string_view bad : {"ftp://p", "http://", "http://u:secret@", "://p", "http://p:x",
                                     "http:// p", "p q", "http://u:secret@p:99:1", "socks4://p"}) {
    const Result<std::optional<url::URL>> proxy =
        Rules({.HTTPProxy = std::string(bad)}).ProxyFor(*url::Parse("http://a.example/"));
    ASSERT_FALSE(proxy) << bad;
    EXPECT_TRUE(proxy.error().Is(ErrProxySetting));
    EXPECT_TRUE(proxy.error().Message().starts_with("HTTP_PROXY is no address of a proxy")) << bad;
    EXPECT_EQ(proxy.error().Message().find("secret"), std::string::npos);
  }
  // Targets without a proxy do not get the error.
  EXPECT_EQ(ProxyFor({.HTTPProxy = "ftp://p"}, "http://localhost/"), "direct");
  EXPECT_EQ(ProxyFor({.HTTPProxy = "ftp://p", .NoProxy = "a.example"}, "http://a.example/"),
            "direct");
}

TEST(ProxyRules, SettingsHaveALimit) {
  const std::string most(kProxySettingBytesMax - 2, ',');
  EXPECT_EQ(ProxyFor({.HTTPProxy = "p", .NoProxy = most + "aa"}, "http://aa/"), "direct");
  EXPECT_EQ(ProxyFor({.HTTPProxy = "p", .NoProxy = most + "aaa"}, "http://b/"),
            "error: NO_PROXY is no address of a proxy: too long");
  const std::string path(kProxySettingBytesMax - 9, 'x');
  EXPECT_EQ(ProxyFor({.HTTPProxy = "http://p/" + path}, "http://b/"), "http://p/" + path);
  EXPECT_EQ(ProxyFor({.HTTPProxy = "http://p/x" + path}, "http://b/"),
            "error: HTTP_PROXY is no address of a proxy: too long");
}

TEST(ProxyRules, ThisMachineIsReachedDirectly) {
  const Config config = {.HTTPProxy = "p", .HTTPSProxy = "p"};
  for (const std::string_view direct :
       {"http://localhost/", "http://LocalHost:8080/", "http://localhost./", "http://x.localhost/",
        "https://127.0.0.1/", "http://127.1.2.3:80/", "http://[::1]:9/",
        "http://[::ffff:127.0.0.1]/"}) {
    EXPECT_EQ(ProxyFor(config, direct), "direct") << direct;
  }
  for (const std::string_view proxied :
       {"http://localhost.example/", "http://128.0.0.1/", "http://[::2]/"}) {
    EXPECT_EQ(ProxyFor(config, proxied), "http://p") << proxied;
  }
}

struct NoProxyCase {
  std::string_view no_proxy;
  std::string_view target;
  bool direct;
};

// The documentation of golang.org/x/net/http/httpproxy, element by element.
TEST(NoProxySetting, MatchesAsGoDoes) {
  for (const NoProxyCase& c : {
           NoProxyCase{"", "http://example.com/", false},
           {"*", "http://example.com/", true},
           {"a.test, * ,b.test", "http://example.com/", true},
           {"*", "http:///without-a-host", true},
           {"example.com", "http://example.com/", true},
           {"example.com", "http://a.example.com:81/", true},
           {"example.com", "http://anexample.com/", false},
           {"EXAMPLE.com", "http://Example.COM/", true},
           {".example.com", "http://example.com/", false},
           {".example.com", "http://a.example.com/", true},
           {"*.example.com", "http://example.com/", false},
           {"*.example.com", "http://a.b.example.com/", true},
           {"com", "http://example.com/", true},
           {"example.com:80", "http://example.com/", true},
           {"example.com:80", "https://example.com/", false},
           {"example.com:443", "https://example.com/", true},
           {"example.com:8080", "http://a.example.com:8080/", true},
           {"*.example.com:8080", "http://a.example.com:8080/", true},
           {" , ,example.com ,", "http://example.com/", true},
           {"a.test b.test", "http://a.test/", false},
           {"192.168.1.1", "http://192.168.1.1:99/", true},
           {"192.168.1.1:99", "http://192.168.1.1:99/", true},
           {"192.168.1.1:99", "http://192.168.1.1/", false},
           {"192.168.1.1", "http://192.168.1.2/", false},
           {"192.168.0.0/16", "https://192.168.200.9/", true},
           {"192.168.0.0/16", "https://192.169.0.1/", false},
           {"10.*", "http://10.0.0.1/", false},
           {"2001:db8::1", "http://[2001:db8::1]/", true},
           {"2001:db8::1", "http://[2001:db8:0::1]:8/", true},
           {"[2001:db8::1]:80", "http://[2001:db8::1]/", true},
           {"[2001:db8::1]:81", "http://[2001:db8::1]/", false},
           {"2001:db8::/32", "http://[2001:db8:ffff::]/", true},
           {"fe80::/10", "http://[fe80::1%25eth0]/", true},
           {"http://example.com", "http://example.com/", false},
           {":80", "http://example.com/", false},
           {".", "http://example.com/", false},
           {"bücher.example", "http://xn--bcher-kva.example/", true},
           // Beyond Go:
           {"[2001:db8::1]", "http://[2001:db8::1]/", true},
           {"example.com.", "http://example.com/", true},
           {"example.com", "http://example.com./", true},
       }) {
    const Config config = {.HTTPProxy = "p", .HTTPSProxy = "p", .NoProxy = std::string(c.no_proxy)};
    EXPECT_EQ(ProxyFor(config, c.target), c.direct ? "direct" : "http://p")
        << '"' << c.no_proxy << "\" " << c.target;
  }
}

TEST(ProxyRules, ACgiProgramTrustsNoHttpProxy) {
  const Config config = {.HTTPProxy = "p", .HTTPSProxy = "s", .CGI = true};
  EXPECT_EQ(ProxyFor(config, "http://a.example/"), "error: " + std::string(ErrCgi.text));
  EXPECT_EQ(ProxyFor(config, "https://a.example/"), "http://s");
  EXPECT_EQ(ProxyFor({.CGI = true}, "http://a.example/"), "direct");
  EXPECT_EQ(ProxyFor({.AllProxy = "p", .CGI = true}, "http://a.example/"), "http://p");
}

// Sets variables of the environment, and puts the old ones back.
class ProxyEnvironment : public testing::Test {
 protected:
  ProxyEnvironment() {
    for (const char* name : {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY",
                             "all_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"}) {
      const char* const value = std::getenv(name);
      old_[name] = value == nullptr ? std::optional<std::string>() : value;
      unsetenv(name);
    }
  }
  ~ProxyEnvironment() override {
    for (const auto& [name, value] : old_) {
      if (value) {
        setenv(name, value->c_str(), 1);
      } else {
        unsetenv(name);
      }
    }
  }

 private:
  std::map<const char*, std::optional<std::string>> old_;
};

TEST_F(ProxyEnvironment, UpperCaseWinsUnlessItIsEmpty) {
  setenv("HTTP_PROXY", "upper", 1);
  setenv("http_proxy", "lower", 1);
  setenv("HTTPS_PROXY", "", 1);
  setenv("https_proxy", "lower", 1);
  setenv("no_proxy", "a", 1);
  setenv("all_proxy", "all", 1);
  const Config config = Config::FromEnvironment();
  EXPECT_EQ(config.HTTPProxy, "upper");
  EXPECT_EQ(config.HTTPSProxy, "lower");
  EXPECT_EQ(config.NoProxy, "a");
  EXPECT_EQ(config.AllProxy, "all");
  EXPECT_FALSE(config.CGI);
  setenv("REQUEST_METHOD", "GET", 1);
  EXPECT_TRUE(Config::FromEnvironment().CGI);
}

TEST_F(ProxyEnvironment, IsReadWhenTheProcessAsksFirst) {
  setenv("HTTP_PROXY", "first", 1);
  http::Request r;
  r.URL = *url::Parse("http://a.example/");
  EXPECT_EQ((**http::ProxyFromEnvironment(r)).Host, "first");
  setenv("HTTP_PROXY", "second", 1);
  EXPECT_EQ((**http::ProxyFromEnvironment(r)).Host, "first");
}

TEST(ProxyFunctions, AreRulesOrOneProxyForAll) {
  http::Request r;
  r.URL = *url::Parse("http://localhost/");
  EXPECT_EQ(http::ProxyURL(*url::Parse("http://p:1"))(r)->value().String(), "http://p:1");
  const http::ProxyFunc rules = ProxyFuncOf({.HTTPProxy = "p"});
  EXPECT_FALSE(rules(r)->has_value());
  r.URL = *url::Parse("http://a.example/");
  EXPECT_EQ(rules(r)->value().String(), "http://p");
}

}  // namespace
}  // namespace hon::httpproxy
