#include "hon/httptest/request.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace hon::httptest {
namespace {

TEST(NewRequest, IsWhatAServerWouldHandOver) {
  const http::Request r = NewRequest("", "/a%20b?q=1");
  EXPECT_EQ(r.Method, "GET");
  EXPECT_EQ(r.URL.Path, "/a b");
  EXPECT_EQ(r.URL.RawQuery, "q=1");
  EXPECT_EQ(r.RequestURI, "/a%20b?q=1");
  EXPECT_EQ(r.Proto, "HTTP/1.1");
  EXPECT_TRUE(r.ProtoAtLeast(1, 1));
  EXPECT_EQ(r.Host, "example.com");
  EXPECT_EQ(r.RemoteAddr, "192.0.2.1:1234");
  EXPECT_EQ(r.ContentLength, 0);
  EXPECT_TRUE(r.Body.IsNoBody());
  EXPECT_FALSE(r.Close);
}

TEST(NewRequest, TakesTheHostOfAnAbsoluteTarget) {
  const http::Request r = NewRequest("GET", "http://foo.com:8080/path");
  EXPECT_EQ(r.Host, "foo.com:8080");
  EXPECT_EQ(r.URL.Path, "/path");
}

TEST(NewRequest, OwnsItsTexts) {
  http::Request r;
  {
    std::string method = "FOO-BAR";
    std::string target = "/somewhere/far/enough/to/need/memory";
    r = NewRequest(method, target);
    method.assign(method.size(), 'x');
    target.assign(target.size(), 'x');
  }
  EXPECT_EQ(r.Method, "FOO-BAR");
  EXPECT_EQ(r.RequestURI, "/somewhere/far/enough/to/need/memory");
}

TEST(NewRequest, HasABodyOfKnownOrUnknownLength) {
  http::Request known = NewRequest("POST", "/", std::string("hello"));
  EXPECT_EQ(known.ContentLength, 5);
  EXPECT_EQ(known.Body.ReadAll().value(), "hello");

  http::Request unknown = NewRequest("POST", "/", http::Body::FromString("hello"));
  EXPECT_EQ(unknown.ContentLength, -1);
  EXPECT_EQ(unknown.Body.ReadAll().value(), "hello");

  EXPECT_EQ(NewRequest("POST", "/", http::Body()).ContentLength, 0);
}

TEST(NewRequest, ThrowsForWhatNoServerAccepts) {
  EXPECT_THROW(static_cast<void>(NewRequest("GE T", "/")), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(NewRequest("GET", "/a b")), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(NewRequest("GET", "foo")), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(NewRequest("GET", "/%zz")), std::invalid_argument);
}

}  // namespace
}  // namespace hon::httptest
