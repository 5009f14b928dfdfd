#include "hon/http/cross_origin_protection.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"

namespace hon::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;

void AnswerOk(ResponseWriter& w, Request&) { w.WriteHeader(200); }

Request Make(std::string_view method, std::string_view target, const char* site,
             const char* origin) {
  Request r = NewRequest(method, target);
  if (site != nullptr) r.Header.Set("Sec-Fetch-Site", site);
  if (origin != nullptr) r.Header.Set("Origin", origin);
  return r;
}

int Status(const CrossOriginProtection& protection, Request r) {
  ResponseRecorder w;
  protection.Handler(AnswerOk)->ServeHTTP(w, r);
  return w.Code;
}

// The scenarios of Go's csrf_test.
TEST(CrossOriginProtection, SecFetchSiteAndOrigin) {
  const struct {
    const char* method;
    const char* site;
    const char* origin;
    bool passes;
  } kCases[] = {
      {"POST", "same-origin", nullptr, true},
      {"POST", "none", nullptr, true},
      {"POST", "cross-site", nullptr, false},
      {"POST", "same-site", nullptr, false},
      {"POST", "Same-Origin", nullptr, false},
      {"POST", nullptr, nullptr, true},
      {"POST", nullptr, "https://example.com", true},
      {"POST", nullptr, "http://example.com", true},
      {"POST", nullptr, "https://attacker.example", false},
      {"POST", nullptr, "https://example.com:444", false},
      {"POST", nullptr, "null", false},
      {"POST", nullptr, "https://example.com%", false},
      {"POST", "same-origin", "https://attacker.example", true},
      {"GET", "cross-site", nullptr, true},
      {"HEAD", "cross-site", nullptr, true},
      {"OPTIONS", "cross-site", nullptr, true},
      {"get", "cross-site", nullptr, false},
      {"PUT", "cross-site", nullptr, false},
      {"DELETE", nullptr, "https://attacker.example", false},
  };
  const CrossOriginProtection protection;
  for (const auto& c : kCases) {
    SCOPED_TRACE(std::string(c.method) + " " + (c.site ? c.site : "-") + " " +
                 (c.origin ? c.origin : "-"));
    EXPECT_EQ(Status(protection, Make(c.method, "/", c.site, c.origin)), c.passes ? 200 : 403);
  }
}

TEST(CrossOriginProtection, ErrorsNameTheCheckThatFailed) {
  const CrossOriginProtection protection;
  EXPECT_TRUE(protection.Check(Make("POST", "/", "cross-site", nullptr)).Is(ErrCrossOrigin));
  EXPECT_TRUE(
      protection.Check(Make("POST", "/", nullptr, "https://a.b")).Is(ErrCrossOriginOldBrowser));
  Request r = Make("POST", "/", "cross-site", nullptr);
  ResponseRecorder w;
  protection.Handler(AnswerOk)->ServeHTTP(w, r);
  EXPECT_EQ(w.Body, "cross-origin request detected from Sec-Fetch-Site header\n");
}

TEST(CrossOriginProtection, TrustedOrigins) {
  CrossOriginProtection protection;
  ASSERT_FALSE(protection.AddTrustedOrigin("https://trusted.example"));
  EXPECT_EQ(Status(protection, Make("POST", "/", nullptr, "https://trusted.example")), 200);
  EXPECT_EQ(Status(protection, Make("POST", "/", "cross-site", "https://trusted.example")), 200);
  EXPECT_EQ(Status(protection, Make("POST", "/", "cross-site", "http://trusted.example")), 403);
  EXPECT_EQ(Status(protection, Make("POST", "/", "cross-site", nullptr)), 403);
}

TEST(CrossOriginProtection, RefusesInvalidOrigins) {
  const struct {
    const char* origin;
    const char* why;  // null: accepted
  } kCases[] = {
      {"https://example.com", nullptr},
      {"https://example.com:8080", nullptr},
      {"http://example.com", nullptr},
      {"example.com", "invalid origin \"example.com\": scheme is required"},
      {"https://", "invalid origin \"https://\": host is required"},
      {"https://example.com/",
       "invalid origin \"https://example.com/\": path, query, and fragment are not allowed"},
      {"https://example.com?q",
       "invalid origin \"https://example.com?q\": path, query, and fragment are not allowed"},
      {"https://example.com#f",
       "invalid origin \"https://example.com#f\": path, query, and fragment are not allowed"},
      {"https://ex ample.com",
       "invalid origin \"https://ex ample.com\": parse \"https://ex ample.com\": invalid character "
       "\" \" in host name"},
      {"", "invalid origin \"\": scheme is required"},
      {"null", "invalid origin \"null\": scheme is required"},
  };
  for (const auto& c : kCases) {
    CrossOriginProtection protection;
    EXPECT_EQ(protection.AddTrustedOrigin(c.origin).Message(), c.why == nullptr ? "" : c.why);
  }
}

TEST(CrossOriginProtection, BypassPatternsMatchDirectly) {
  CrossOriginProtection protection;
  protection.AddInsecureBypassPattern("/bypass/");
  protection.AddInsecureBypassPattern("/only/{foo}");
  protection.AddInsecureBypassPattern("PUT /put/x");
  const struct {
    const char* method;
    const char* target;
    bool passes;
  } kCases[] = {
      {"POST", "/bypass/", true},
      {"POST", "/bypass/a/b", true},
      {"POST", "/bypass", false},  // would be redirected
      {"POST", "/x/../bypass/", false},
      {"POST", "/only/123", true},
      {"POST", "/only/123/", false},
      {"POST", "/only/123/foo", false},
      {"POST", "/", false},
      {"PUT", "/put/x", true},
      {"POST", "/put/x", false},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.target);
    EXPECT_EQ(Status(protection, Make(c.method, c.target, "cross-site", nullptr)),
              c.passes ? 200 : 403);
    EXPECT_EQ(Status(protection, Make(c.method, c.target, nullptr, "https://a.b")),
              c.passes ? 200 : 403);
  }
  EXPECT_THROW(protection.AddInsecureBypassPattern("/only/{bar}"), std::invalid_argument);
}

TEST(CrossOriginProtection, DenyHandler) {
  CrossOriginProtection protection;
  protection.SetDenyHandler([](ResponseWriter& w, Request&) { w.WriteHeader(418); });
  EXPECT_EQ(Status(protection, Make("POST", "/", "cross-site", nullptr)), 418);
  EXPECT_TRUE(protection.Check(Make("POST", "/", "cross-site", nullptr)).Is(ErrCrossOrigin));
  protection.SetDenyHandler(HandlerPtr());
  EXPECT_EQ(Status(protection, Make("POST", "/", "cross-site", nullptr)), 403);
}

}  // namespace
}  // namespace hon::http
