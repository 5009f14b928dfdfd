// A cookie that was read can be written and read again, and holds no byte that ends a field.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/http/cookie.h"
#include "hon/http/request.h"

namespace {

namespace http = hon::http;

void RequireOneLine(const std::string& text) {
  HON_ASSERT(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }));
}

void CheckSetCookie(std::string_view line) {
  const hon::Result<http::Cookie> cookie = http::ParseSetCookie(line);
  if (!cookie) return;
  const std::string text = cookie->String();
  RequireOneLine(text);
  const hon::Result<http::Cookie> again = http::ParseSetCookie(text);
  HON_ASSERT(again.has_value());
  HON_ASSERT(again->String() == text);
  HON_ASSERT(again->Name == cookie->Name);
  HON_ASSERT(again->Value == cookie->Value);
  HON_ASSERT(again->MaxAge == cookie->MaxAge);
  HON_ASSERT(again->Unparsed.empty());
}

void CheckCookie(std::string_view line) {
  http::Request r;
  r.Header.AddView("Cookie", line, http::HeaderId::kCookie);
  const std::vector<http::Cookie> all = r.Cookies();
  for (const http::Cookie& cookie : all) {
    HON_ASSERT(!cookie.Name.empty());
    RequireOneLine(cookie.Value);
    HON_ASSERT(r.Cookie(cookie.Name).has_value());
  }
  // The strict reader finds the same as the lenient one, or nothing.
  if (const auto strict = http::ParseCookie(line)) HON_ASSERT(*strict == all);

  http::Request sent;
  for (const http::Cookie& cookie : all) sent.AddCookie(cookie);
  const std::vector<http::Cookie> back = sent.Cookies();
  HON_ASSERT(back.size() == all.size());
  for (size_t i = 0; i < all.size(); ++i) HON_ASSERT(back[i].Value == all[i].Value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  CheckSetCookie(line);
  CheckCookie(line);
  return 0;
}
