#include "httputil/forwarding.h"

#include <gtest/gtest.h>

#include "httputil/hop_by_hop.h"

namespace hon::httputil::internal {
namespace {

// The cases of Go's TestSingleJoinSlash and TestJoinURLPath.
TEST(Forwarding, PathsAreJoinedByOneSlash) {
  struct Case {
    std::string_view base;
    std::string_view url;
    std::string_view path;
    std::string_view escaped;
  };
  for (const Case& c : {
           Case{"http://t", "/", "/", "/"},
           {"http://t", "/x", "/x", "/x"},
           {"http://t/", "/x", "/x", "/x"},
           {"http://t/a", "/x", "/a/x", "/a/x"},
           {"http://t/a/", "/x", "/a/x", "/a/x"},
           {"http://t/a/", "x", "/a/x", "/a/x"},
           {"http://t/a", "x", "/a/x", "/a/x"},
           {"http://t/a%2Fb", "/c", "/a/b/c", "/a%2Fb/c"},
           {"http://t/a%2Fb/", "/c%2Fd", "/a/b/c/d", "/a%2Fb/c%2Fd"},
           {"http://t/a", "/c%2Fd", "/a/c/d", "/a/c%2Fd"},
           {"http://t/a/b", "/c%20d", "/a/b/c d", "/a/b/c%20d"},
       }) {
    url::URL url = *url::Parse(c.url);
    JoinPaths(*url::Parse(c.base), url);
    EXPECT_EQ(url.Path, c.path) << c.base << ' ' << c.url;
    EXPECT_EQ(url.EscapedPath(), c.escaped) << c.base << ' ' << c.url;
  }
}

TEST(Forwarding, QueriesOfTargetAndRequestAreJoined) {
  url::URL url = *url::Parse("/p?q=2");
  Retarget(*url::Parse("https://t.test:99/base?t=1"), url);
  EXPECT_EQ(url.String(), "https://t.test:99/base/p?t=1&q=2");
  url = *url::Parse("/p");
  Retarget(*url::Parse("http://t?t=1"), url);
  EXPECT_EQ(url.String(), "http://t/p?t=1");
}

// Go's TestReverseProxyQueryParameterSmuggling.
TEST(Forwarding, PairsThatServersReadDifferentlyAreRemoved) {
  struct Case {
    std::string_view query;
    std::string_view clean;
  };
  for (const Case& c : {
           Case{"", ""},
           {"a=1&b=2", "a=1&b=2"},
           {"b=2&a=%41", "b=2&a=%41"},
           {"a=1&b=2;c=3", "a=1"},
           {"a=1;b=2", ""},
           {"z=1&a=%zz&b=3", "b=3&z=1"},
           {"a=%1", ""},
           {"a=%", ""},
           {"a&b", "a&b"},
       }) {
    EXPECT_EQ(CleanQuery(c.query), c.clean) << c.query;
  }
}

TEST(HopByHop, FieldsAboutTheConnectionGo) {
  http::Header header;
  for (const std::string_view name :
       {"Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "TE", "Proxy-Authorization",
        "Trailer", "Transfer-Encoding", "Upgrade"}) {
    header.Add(name, "x");
  }
  header.Add("Connection", "close, x-one ,,X-Two");
  header.Add("Connection", "X-Three\t,  keep-alive");
  for (const std::string_view name : {"X-One", "X-Two", "X-Three", "X-Four", "Via", "Expect"}) {
    header.Add(name, "x");
  }
  RemoveHopByHop(header);
  std::string left;
  for (const auto& field : header) left.append(field.name).append(" ");
  EXPECT_EQ(left, "X-Four Via Expect ");
}

TEST(HopByHop, AnUpgradeIsAskedForByTwoFields) {
  http::Header header;
  header.Set("Upgrade", "websocket");
  EXPECT_EQ(UpgradeProtocol(header), "");
  header.Set("Connection", "keep-alive, upgrade");
  EXPECT_EQ(UpgradeProtocol(header), "websocket");
  header.Del("Upgrade");
  EXPECT_EQ(UpgradeProtocol(header), "");
}

}  // namespace
}  // namespace hon::httputil::internal
