#include "http/host_name.h"

#include <gtest/gtest.h>

namespace hon::http::internal {
namespace {

// Punycode: RFC 3492 §7.1, and registered names.
TEST(HostName, IsLowerCaseAndPunycode) {
  struct Case {
    std::string_view host;
    std::string_view name;
  };
  for (const Case& c : {
           Case{"Example.COM", "example.com"},
           {"bücher.example", "xn--bcher-kva.example"},
           {"www.Bücher.Example", "www.xn--bcher-kva.example"},
           {"ü", "xn--tda"},
           {"президент.рф", "xn--d1abbgf6aiiy.xn--p1ai"},
           {"他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"},
           {"Pročprostěnemluvíčesky", "xn--proprostnemluvesky-uyb24dma41a"},
           {"3年B組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"},
           {"xn--bcher-kva.example", "xn--bcher-kva.example"},
           {"1.2.3.4", "1.2.3.4"},
       }) {
    EXPECT_EQ(CanonicalHostName(c.host), c.name) << c.host;
  }
}

TEST(HostName, HasALimit) {
  EXPECT_EQ(CanonicalHostName(std::string(kHostNameBytesMax, 'a'))->size(), kHostNameBytesMax);
  EXPECT_FALSE(CanonicalHostName(std::string(kHostNameBytesMax + 1, 'a')));
  EXPECT_FALSE(CanonicalHostName(""));
  EXPECT_FALSE(CanonicalHostName("a\xFF.example"));
  std::string longer_in_punycode = "ü." + std::string(kHostNameBytesMax - 6, 'a');
  EXPECT_FALSE(CanonicalHostName(longer_in_punycode));
  longer_in_punycode.resize(kHostNameBytesMax - 5);  // "ü" takes two bytes, and seven in punycode
  EXPECT_EQ(CanonicalHostName(longer_in_punycode)->size(), kHostNameBytesMax);
}

TEST(HostName, KnowsLocalhost) {
  for (const std::string_view loopback :
       {"localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_TRUE(IsLoopbackHost(loopback)) << loopback;
  }
  for (const std::string_view other : {"localhost.example", "notlocalhost", "1.2.3.4", "", "::2"}) {
    EXPECT_FALSE(IsLoopbackHost(other)) << other;
  }
}

TEST(HostName, IsBelowADomain) {
  EXPECT_TRUE(IsSubdomain("a.b", "b"));
  EXPECT_FALSE(IsSubdomain("b", "b"));
  EXPECT_FALSE(IsSubdomain("ab", "b"));
  EXPECT_TRUE(IsSubdomain("a.b.c", "b.c"));
}

}  // namespace
}  // namespace hon::http::internal
