#include "hon/http/version.h"

#include <gtest/gtest.h>

namespace hon::http {
namespace {

// The table of Go's TestParseHTTPVersion, and neighbours.
TEST(ParseHTTPVersion, AsGo) {
  EXPECT_EQ(ParseHTTPVersion("HTTP/0.0"), (Version{0, 0}));
  EXPECT_EQ(ParseHTTPVersion("HTTP/0.9"), (Version{0, 9}));
  EXPECT_EQ(ParseHTTPVersion("HTTP/1.0"), (Version{1, 0}));
  EXPECT_EQ(ParseHTTPVersion("HTTP/1.1"), (Version{1, 1}));
  for (const char* text :
       {"HTTP", "HTTP/", "HTTP/one.one", "HTTP/1.1/", "HTTP/-1.0", "HTTP/0.-1", "HTTP/00003.1",
        "HTTP/2", "http/1.1", "HTTP/1.10", "", " HTTP/1.1", "HTTP/1,1", "HTTP/1.1 "}) {
    EXPECT_EQ(ParseHTTPVersion(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace hon::http
