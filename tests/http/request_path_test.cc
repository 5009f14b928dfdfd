#include "http/request_path.h"

#include <gtest/gtest.h>

#include <string>

#include "http/pattern.h"

namespace hon::http::internal {
namespace {

// The short way of a host to the name that patterns are compared with has the result of the long
// one, where it has one. Every byte stands at each place of names that are shorter than a word, one
// word long, and longer.
TEST(TakePortOffPlain, AgreesWithStripPortAndNormaliseHost) {
  size_t plain = 0;
  for (const std::string name :
       {"a", "localhost", "host.name", "127.0.0.1", "www.example.com", ""}) {
    for (size_t place = 0; place <= name.size(); ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        for (const char* port : {"", ":", ":80", ":65535", ":8080x", ":80:90", "80", "]", "]:80"}) {
          std::string host = name;
          if (place < name.size()) host[place] = static_cast<char>(byte);
          host += port;
          std::string_view taken = host;
          if (!TakePortOffPlain(taken)) {
            EXPECT_EQ(taken, host);
            continue;
          }
          ++plain;
          std::string scratch;
          EXPECT_EQ(taken, NormaliseHost(StripPort(host), scratch)) << host;
          EXPECT_TRUE(scratch.empty()) << host;
        }
      }
    }
  }
  EXPECT_GT(plain, 50'000u);
}

TEST(TakePortOffPlain, KnowsTheCommonHosts) {
  for (const char* host : {"example.com", "example.com:8080", "127.0.0.1:80", "localhost", "a:1"}) {
    std::string_view taken = host;
    EXPECT_TRUE(TakePortOffPlain(taken)) << host;
  }
  for (const char* host : {"Example.com", "[::1]:80", "::1", "a:http"}) {
    std::string_view taken = host;
    EXPECT_FALSE(TakePortOffPlain(taken)) << host;
  }
}

// A path that IsPlain accepts is looked up as it came.
TEST(IsPlain, IsAPathThatNeedsNoCopy) {
  for (const char* path : {"/", "/a", "/a/b.c/", "/long/enough/for/words/of/eight", "//", "/.",
                           "/a/../b", "/a//b", "/.well-known/x", "a", "*", ""}) {
    url::URL url;
    url.Path = path;
    std::string scratch;
    const RequestPath whole = PathOf(url, scratch);
    if (!IsPlain(url)) continue;
    EXPECT_EQ(whole.text, url.Path);
    EXPECT_TRUE(whole.clean && !whole.escaped) << path;
  }
  url::URL escaped;
  ASSERT_FALSE(escaped.SetEscapedPath("/a%2Fb"));
  EXPECT_FALSE(IsPlain(escaped));
}

}  // namespace
}  // namespace hon::http::internal
