#include "hon/http/request.h"

#include <gtest/gtest.h>

#include <string>

#include "hon/http/response.h"
#include "hon/httptest/request.h"
#include "hon/io/string_writer.h"

namespace hon::http {
namespace {

using httptest::NewRequest;

TEST(Request, BlankAndReset) {
  Request r;
  const auto expect_blank = [&r] {
    EXPECT_EQ(r.Method, "");
    EXPECT_EQ(r.URL, url::URL());
    EXPECT_EQ(r.ContentLength, 0);
    EXPECT_FALSE(r.Chunked);
    EXPECT_FALSE(r.Close);
    EXPECT_TRUE(r.Header.Empty());
    EXPECT_TRUE(r.Trailer.Empty());
    EXPECT_TRUE(r.Body.IsNoBody());
    EXPECT_EQ(r.Host, "");
    EXPECT_EQ(r.RemoteAddr, "");
    EXPECT_EQ(r.RequestURI, "");
    EXPECT_EQ(r.Pattern, "");
    EXPECT_EQ(r.MountPrefix(), "");
    EXPECT_EQ(r.PathValue("x"), "");
    EXPECT_TRUE(r.ProtoAtLeast(1, 1));
    EXPECT_FALSE(r.Context().Done());
    EXPECT_EQ(r.MultipartForm(), nullptr);
    EXPECT_TRUE(r.Form().Empty());
  };
  expect_blank();
  r.Method = "POST";
  ASSERT_FALSE(url::ParseRequestTarget("http://u@h/a%2Fb?q", false, r.URL));
  r.ProtoMinor = 0;
  r.Header.Set("A", "1");
  r.Trailer.Set("B", "2");
  r.Body = Body::FromString("x");
  r.ContentLength = 1;
  r.Chunked = true;
  r.Close = true;
  r.Host = r.RemoteAddr = r.RequestURI = r.Pattern = "x";
  for (int i = 0; i < 40; ++i) r.SetPathValue("x" + std::to_string(i), "y");
  r.SetPathValue("x", "y");
  r.Form().Set("a", "b");
  appcontext::Cancelable ended = appcontext::WithCancel(appcontext::Background());
  ended.cancel();
  r.SetContext(ended.context);
  r.Reset();
  expect_blank();
}

TEST(Request, PathValues) {
  Request r;
  r.AddPathValue("a", "x%20y", true);
  r.AddPathValue("b", "x%20y", false);
  r.AddPathValue("c", "100%", true);
  EXPECT_EQ(r.PathValue("a"), "x y");
  EXPECT_EQ(r.PathValue("a"), "x y");
  EXPECT_EQ(r.PathValue("b"), "x%20y");
  EXPECT_EQ(r.PathValue("c"), "100%");  // a bad escape stays
  EXPECT_EQ(r.PathValue("d"), "");
  {
    const std::string name = "set later";
    const std::string value = "50%25";
    r.SetPathValue(name, value);
    r.SetPathValue("a", value);
  }
  EXPECT_EQ(r.PathValue("set later"), "50%25");
  EXPECT_EQ(r.PathValue("a"), "50%25");
  r.AddPathValue("b", "inner", false);
  EXPECT_EQ(r.PathValue("b"), "inner");
}

TEST(Request, ProtoAtLeast) {
  Request r;
  EXPECT_TRUE(r.ProtoAtLeast(1, 0));
  EXPECT_TRUE(r.ProtoAtLeast(1, 1));
  EXPECT_FALSE(r.ProtoAtLeast(1, 2));
  EXPECT_FALSE(r.ProtoAtLeast(2, 0));
  r.ProtoMajor = 2;
  r.ProtoMinor = 0;
  EXPECT_TRUE(r.ProtoAtLeast(1, 9));
}

TEST(Request, UserAgentAndReferer) {
  Request r;
  EXPECT_EQ(r.UserAgent(), "");
  r.Header.Set("user-agent", "curl");
  r.Header.Set("referer", "http://h/");
  EXPECT_EQ(r.UserAgent(), "curl");
  EXPECT_EQ(r.Referer(), "http://h/");
}

// The scenarios of Go's TestGetBasicAuth and TestParseBasicAuth.
TEST(Request, BasicAuth) {
  const struct {
    const char* header;
    bool ok;
    const char* username;
    const char* password;
  } kCases[] = {
      {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true, "Aladdin", "open sesame"},
      {"BASIC QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true, "Aladdin", "open sesame"},
      {"basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true, "Aladdin", "open sesame"},
      {"Basic QWxhZGRpbjpvcGVuOnNlc2FtZQ==", true, "Aladdin", "open:sesame"},
      {"Basic Og==", true, "", ""},
      {"Basic QWxhZGRpbg==", false, "", ""},
      {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", false, "", ""},
      {"Basic QWxhZGRpbjpvcGVu=HNlc2FtZQ==", false, "", ""},
      {"Basic ====", false, "", ""},
      {"Basic Oh==", false, "", ""},
      {"Basic Ojp=", false, "", ""},
      {"Basic Ojo=", true, "", ":"},
      {"Basic Ojph", true, "", ":a"},
      {"Basic O===", false, "", ""},
      {"Basic Ojo=O===", false, "", ""},
      {"Basic Og==Og==", false, "", ""},
      {"Basic  Og==", false, "", ""},
      {"Basic ", false, "", ""},
      {"Basic", false, "", ""},
      {"BasicOg==", false, "", ""},
      {"Digest Og==", false, "", ""},
      {"", false, "", ""},
  };
  for (const auto& c : kCases) {
    Request r;
    r.Header.AddView("Authorization", c.header, HeaderId::kAuthorization);
    const auto credentials = r.BasicAuth();
    ASSERT_EQ(credentials.has_value(), c.ok) << c.header;
    if (!credentials) continue;
    EXPECT_EQ(credentials->username, c.username);
    EXPECT_EQ(credentials->password, c.password);
  }
}

TEST(Request, SetBasicAuthIsReadBack) {
  for (int size = 0; size < 20; ++size) {
    std::string password;
    for (int i = 0; i < size; ++i) password += static_cast<char>(i * 37 + 200);
    Request r;
    r.SetBasicAuth("user", password);
    const auto credentials = r.BasicAuth();
    ASSERT_TRUE(credentials.has_value());
    EXPECT_EQ(credentials->username, "user");
    EXPECT_EQ(credentials->password, password);
  }
  Request r;
  r.SetBasicAuth("Aladdin", "open sesame");
  EXPECT_EQ(r.Header.Get("Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

Request Full() {
  Request r = NewRequest("POST", "/a%2Fb?q=1", std::string("body"));
  r.Header.Set("X-A", "1");
  r.Pattern = "/{x}";
  r.AddPathValue("x", "a%2Fb", true);
  r.Form().Set("f", "1");
  return r;
}

void ExpectFull(Request& r) {
  EXPECT_EQ(r.Method, "POST");
  EXPECT_EQ(r.URL.String(), "/a%2Fb?q=1");
  EXPECT_EQ(r.Host, "example.com");
  EXPECT_EQ(r.ContentLength, 4);
  EXPECT_EQ(r.Header.Get("X-A"), "1");
  EXPECT_EQ(r.Pattern, "/{x}");
  EXPECT_EQ(r.PathValue("x"), "a/b");
  EXPECT_EQ(r.Form().Get("f"), "1");
}

TEST(Request, WithContextSharesAllButTheContext) {
  Request r = Full();
  static const char key = 0;
  Request copy = r.WithContext(appcontext::WithValue(r.Context(), &key, 7));
  ExpectFull(copy);
  EXPECT_NE(copy.Context().Value(&key), nullptr);
  EXPECT_EQ(r.Context().Value(&key), nullptr);
  copy.URL.Path = "/other";
  copy.Header.Set("X-A", "2");
  copy.SetPathValue("x", "y");
  EXPECT_EQ(copy.Body.ReadAll().value(), "body");
  EXPECT_EQ(r.Body.ReadAll().value(), "");  // one body
  ExpectFull(r);
  copy.Form().Set("f", "2");
  EXPECT_EQ(r.Form().Get("f"), "2");  // one form
}

TEST(Request, CloneOutlivesTheOriginal) {
  Request clone;
  {
    Request r = Full();
    clone = r.Clone(appcontext::Background());
    r.Form().Set("f", "2");
    r.Reset();
  }
  ExpectFull(clone);
}

TEST(Request, OwnKeepsText) {
  Request r;
  std::string_view kept;
  {
    const std::string text = "something that goes away";
    kept = r.Own(text);
  }
  EXPECT_EQ(kept, "something that goes away");
}

TEST(Body, AStringIsABodyOfKnownLength) {
  Body body = Body::FromString("hello");
  EXPECT_FALSE(body.IsNoBody());
  char some[3];
  EXPECT_EQ(body.Read(std::span<char>()).n, 0U);
  EXPECT_EQ(body.Read(some).n, 3U);
  EXPECT_EQ(body.ReadAll().value(), "lo");
  EXPECT_TRUE(body.Read(some).err.Is(io::ErrEof));
  EXPECT_FALSE(body.Close());
  EXPECT_TRUE(body.Read(some).err.Is(ErrBodyReadAfterClose));
}

TEST(Body, NoBodyIsEmpty) {
  Body body;
  char some[3];
  EXPECT_TRUE(body.IsNoBody());
  EXPECT_TRUE(Body::FromString("").IsNoBody());
  EXPECT_TRUE(body.Read(some).err.Is(io::ErrEof));
  EXPECT_FALSE(body.Read(std::span<char>()).err);
  EXPECT_FALSE(body.Close());
  EXPECT_EQ(body.ReadAll().value(), "");
}

std::string Written(Request& r, bool proxy = false) {
  io::StringWriter to;
  const Error err = proxy ? r.WriteProxy(to) : r.Write(to);
  return err ? "error: " + err.Message() : to.text;
}

// The scenarios of Go's TestRequestWrite.
TEST(Request, WritesItselfForAServerAndForAProxy) {
  Request get = NewRequest("GET", "http://www.techcrunch.com/a%2Fb?q=1");
  get.Header.Set("User-Agent", "Fake");
  get.Header.Set("Accept", "*/*");
  EXPECT_EQ(Written(get),
            "GET /a%2Fb?q=1 HTTP/1.1\r\nHost: www.techcrunch.com\r\nAccept: */*\r\n"
            "User-Agent: Fake\r\n\r\n");
  EXPECT_TRUE(
      Written(get, true).starts_with("GET http://www.techcrunch.com/a%2Fb?q=1 HTTP/1.1\r\n"));

  Request sized = NewRequest("POST", "/", std::string("abcdef"));
  sized.Close = true;
  sized.Header.Set("Connection", "keep-alive");
  sized.Header.Set("Content-Length", "99");
  sized.Header.Set("Transfer-Encoding", "x");
  EXPECT_EQ(Written(sized),
            "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 6\r\nConnection: close\r\n\r\n"
            "abcdef");

  Request chunked = NewRequest("PUT", "/", Body::FromString("abcdef"));
  chunked.Trailer.Set("X-Sum", "1");
  EXPECT_EQ(
      Written(chunked),
      "PUT / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n"
      "\r\n6\r\nabcdef\r\n0\r\nX-Sum: 1\r\n\r\n");

  Request empty = NewRequest("POST", "/");
  EXPECT_EQ(Written(empty), "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n");

  Request connect = NewRequest("CONNECT", "example.com:443");
  EXPECT_EQ(Written(connect), "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
}

TEST(Request, WritesNothingThatCouldBeAnotherRequest) {
  Request r = NewRequest("GET", "/");
  r.Host = "";
  r.URL.Host = "";
  EXPECT_EQ(Written(r), "error: " + std::string(ErrMissingHost.text));
  for (const char* bad : {"a b", "a\r\nX: y", "a\x7F", "a\t"}) {
    Request host = NewRequest("GET", "/");
    host.Host = bad;
    Request query = NewRequest("GET", "/");
    query.URL.RawQuery = bad;
    Request method = NewRequest("GET", "/");
    method.Method = bad;
    for (Request* each : {&host, &query, &method}) {
      EXPECT_EQ(Written(*each), "error: " + std::string(ErrUnwritableRequest.text)) << bad;
    }
  }
  Request shorter = NewRequest("POST", "/", std::string("abc"));
  shorter.ContentLength = 4;
  EXPECT_EQ(Written(shorter), "error: " + std::string(ErrBodyLength.text));
}

}  // namespace
}  // namespace hon::http
