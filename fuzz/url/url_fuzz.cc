// URLs: a parsed URL is written and parsed again to the same, the parser for servers agrees with
// the general one, and escapes are undone.

#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/url/path.h"
#include "hon/url/url.h"

namespace {

namespace url = hon::url;

void CheckTarget(std::string_view text) {
  url::URL target;
  const hon::Result<url::URL> parsed = url::ParseRequestURI(text);
  const bool accepted = !url::ParseRequestTarget(text, false, target);
  HON_ASSERT(accepted == parsed.has_value());
  if (accepted) HON_ASSERT(target == *parsed);
  static_cast<void>(url::ParseRequestTarget(text, true, target));
}

void CheckURL(std::string_view text) {
  const hon::Result<url::URL> parsed = url::Parse(text);
  if (!parsed) return;
  url::URL path;
  HON_ASSERT(!path.SetEscapedPath(parsed->EscapedPath()));
  HON_ASSERT(path.Path == parsed->Path);
  std::string scratch;
  HON_ASSERT(parsed->EscapedPathView(scratch) == parsed->EscapedPath());
  // A host may hold escapes that are not read back, as in Go; every other part is read back.
  const hon::Result<url::URL> again = url::Parse(parsed->String());
  if (!again) HON_ASSERT(!parsed->Host.empty() || parsed->User != nullptr);
  if (again) HON_ASSERT(again->String() == parsed->String());
  static_cast<void>(parsed->ResolveReference(*parsed));
  static_cast<void>(parsed->JoinPath({text}));
}

void CheckEscapes(std::string_view text) {
  HON_ASSERT(url::QueryUnescape(url::QueryEscape(text)).value() == text);
  HON_ASSERT(url::PathUnescape(url::PathEscape(text)).value() == text);
  const url::Values values = url::ParseQuery(text).values;
  HON_ASSERT(url::ParseQuery(values.Encode()).values == values);
  const std::string clean = url::CleanPath(text);
  HON_ASSERT(url::CleanPath(clean) == clean);
  HON_ASSERT(clean.front() == '/');
  HON_ASSERT(clean.substr(0, 2) != "//");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckTarget(text);
  CheckURL(text);
  CheckEscapes(text);
  return 0;
}
