// Set-Cookie lines of several origins go into a jar, which stays within its limits and gives each
// cookie to those alone that may have it.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/assert.h"
#include "hon/http/cookie_jar.h"
#include "hon/url/url.h"
#include "http/host_name.h"

namespace {

namespace http = hon::http;
namespace url = hon::url;

constexpr std::array<std::string_view, 6> kOrigins = {
    "https://www.a.co.uk/x/y", "http://a.co.uk/",   "http://b.co.uk/x",
    "https://1.2.3.4/",        "http://localhost/", "http://[::1]:80/x/y/z"};

// Every origin that a line's cookie went to is the one that has set it, or shares a registrable
// domain with it.
void RequireSharedSite(const url::URL& setter, const url::URL& getter) {
  if (setter.Hostname() == getter.Hostname()) return;
  HON_ASSERT(setter.Hostname().ends_with("a.co.uk") && getter.Hostname().ends_with("a.co.uk"));
}

void CheckOne(const url::URL& setter, const http::Cookie& cookie) {
  hon::cookiejar::Jar jar({.Now = [] { return http::Time::FromUnix(1'700'000'000); }});
  jar.SetCookies(setter, {cookie});
  HON_ASSERT(jar.Len() <= 1);
  for (const std::string_view origin : kOrigins) {
    const url::URL getter = *url::Parse(origin);
    const std::vector<http::Cookie> sent = jar.Cookies(getter);
    HON_ASSERT(sent.size() <= jar.Len());
    if (sent.empty()) continue;
    HON_ASSERT(sent[0].Name == cookie.Name && sent[0].Value == cookie.Value);
    RequireSharedSite(setter, getter);
    const bool secure =
        getter.Scheme == "https" || http::internal::IsLoopbackHost(getter.Hostname());
    HON_ASSERT(secure || !cookie.Secure);
  }
}

}  // namespace

// Lines; the first byte of each chooses its origin.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  hon::cookiejar::Jar jar;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    const url::URL setter = *url::Parse(kOrigins[static_cast<uint8_t>(line[0]) % kOrigins.size()]);
    const hon::Result<http::Cookie> cookie = http::ParseSetCookie(line.substr(1));
    if (!cookie) continue;
    CheckOne(setter, *cookie);
    jar.SetCookies(setter, {*cookie});
  }
  HON_ASSERT(jar.Len() <= kOrigins.size() * hon::cookiejar::kSiteCookiesMax);
  for (const std::string_view origin : kOrigins) {
    HON_ASSERT(jar.Cookies(*url::Parse(origin)).size() <= hon::cookiejar::kSiteCookiesMax);
  }
  return 0;
}
