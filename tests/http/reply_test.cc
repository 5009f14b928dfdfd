#include "hon/http/reply.h"

#include <gtest/gtest.h>

#include <string>

#include "hon/http/method.h"
#include "hon/http/status.h"
#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"

namespace hon::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;

TEST(Error, KeepsOtherFieldsButTheLength) {
  ResponseRecorder w;
  w.Header().Set("Content-Length", "1");
  w.Header().Set("Content-Type", "text/html");
  w.Header().Set("X-Content-Type-Options", "scratch");
  w.Header().Set("Etag", "\"x\"");
  w.Header().Set("Content-Encoding", "gzip");
  http::ReplyError(w, "oops", StatusTeapot);
  EXPECT_EQ(w.Code, 418);
  EXPECT_EQ(w.Body, "oops\n");
  EXPECT_FALSE(w.HeaderMap.Has("Content-Length"));
  EXPECT_EQ(w.HeaderMap.Get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(w.HeaderMap.Get("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(w.HeaderMap.Get("Etag"), "\"x\"");
  EXPECT_EQ(w.HeaderMap.Get("Content-Encoding"), "gzip");
}

TEST(Error, LeavesTheTypeAlone) {
  // In this namespace the unqualified name is still the type.
  Error err = Error::New("x");
  EXPECT_EQ(err.Message(), "x");
}

TEST(NotFound, AsFunctionAndHandler) {
  Request r = NewRequest("GET", "/");
  ResponseRecorder w;
  NotFound(w, r);
  EXPECT_EQ(w.Code, 404);
  EXPECT_EQ(w.Body, "404 page not found\n");
  ResponseRecorder other;
  NotFoundHandler()->ServeHTTP(other, r);
  EXPECT_EQ(other.Code, 404);
}

// The scenarios of Go's TestRedirect; targets are seen from "http://example.com/qux/".
TEST(Redirect, Locations) {
  const struct {
    const char* in;
    const char* location;
  } kCases[] = {
      {"http://foobar.com/baz", "http://foobar.com/baz"},
      {"//foobar.com/baz", "//foobar.com/baz"},
      {"https://foobar.com/baz", "https://foobar.com/baz"},
      {"test://foobar.com/baz", "test://foobar.com/baz"},
      {"mailto:x@y", "mailto:x@y"},
      {"quux/foobar/baz", "/qux/quux/foobar/baz"},
      {"/quux/foobar/baz", "/quux/foobar/baz"},
      {"/quux/foobar/baz/../foo?q=../x", "/quux/foobar/foo?q=../x"},
      {"../quuz", "/quuz"},
      {"..", "/"},
      {"./", "/qux/"},
      {"", "/qux/"},
      {"?foobar=http://baz/", "/qux/?foobar=http://baz/"},
      {"caf\xC3\xA9", "/qux/caf%c3%a9"},
      {"http://caf\xC3\xA9/", "http://caf%c3%a9/"},
      {"%2e%2e/x", "/qux/%2e%2e/x"},
      {"a\r\nSet-Cookie: x", "a  Set-Cookie: x"},
  };
  for (const auto& c : kCases) {
    Request r = NewRequest("GET", "http://example.com/qux/");
    ResponseRecorder w;
    Redirect(w, r, c.in, StatusFound);
    EXPECT_EQ(w.Code, 302);
    EXPECT_EQ(w.HeaderMap.Get("Location"), c.location) << c.in;
  }
}

// The scenarios of Go's TestRedirectContentTypeAndBody.
TEST(Redirect, TypeAndBody) {
  constexpr char kHtml[] = "text/html; charset=utf-8";
  constexpr char kBody[] = "<a href=\"/foo?a=&#34;&amp;b=&lt;\">Found</a>.\n\n";
  const struct {
    std::string_view method;
    const char* own_type;  // null: none
    const char* type;
    const char* body;
  } kCases[] = {
      {MethodGet, nullptr, kHtml, kBody},
      {MethodHead, nullptr, kHtml, ""},
      {MethodPost, nullptr, "", ""},
      {MethodDelete, nullptr, "", ""},
      {"foo", nullptr, "", ""},
      {MethodGet, "application/test", "application/test", ""},
      {MethodGet, "", "", ""},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.method);
    Request r = NewRequest(c.method, "http://example.com/qux/");
    ResponseRecorder w;
    if (c.own_type != nullptr) {
      w.Header().Set("Content-Type", c.own_type);
      if (*c.own_type == '\0') w.Header().Suppress("Content-Type");
    }
    Redirect(w, r, "/foo?a=\"&b=<", StatusFound);
    EXPECT_EQ(w.HeaderMap.Get("Content-Type"), c.type);
    EXPECT_EQ(w.Body, c.body);
  }
}

TEST(Redirect, KeepsEscapesOfTheRequest) {
  Request r = NewRequest("GET", "/a%2Fb/c%20d/e");
  ResponseRecorder w;
  Redirect(w, r, "f", StatusSeeOther);
  EXPECT_EQ(w.HeaderMap.Get("Location"), "/a%2Fb/c%20d/f");
}

TEST(RedirectHandler, Redirects) {
  Request r = NewRequest("GET", "/x/y");
  ResponseRecorder w;
  RedirectHandler("z", StatusPermanentRedirect)->ServeHTTP(w, r);
  EXPECT_EQ(w.Code, 308);
  EXPECT_EQ(w.HeaderMap.Get("Location"), "/x/z");
}

TEST(StatusText, Registry) {
  EXPECT_EQ(StatusText(StatusOK), "OK");
  EXPECT_EQ(StatusText(100), "Continue");
  EXPECT_EQ(StatusText(203), "Non-Authoritative Information");
  EXPECT_EQ(StatusText(413), "Request Entity Too Large");
  EXPECT_EQ(StatusText(414), "Request URI Too Long");
  EXPECT_EQ(StatusText(416), "Requested Range Not Satisfiable");
  EXPECT_EQ(StatusText(418), "I'm a teapot");
  EXPECT_EQ(StatusText(511), "Network Authentication Required");
  for (const int code : {-1, 0, 99, 104, 299, 306, 420, 430, 509, 512, 599, 600, 1000}) {
    EXPECT_EQ(StatusText(code), "") << code;
  }
}

}  // namespace
}  // namespace hon::http
