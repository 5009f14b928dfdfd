// The changes that a proxy makes to a request: the URL of a server, the target of a request, then
// fields, a line each. The path and the query mean the same to every reader, and of the fields
// exactly the connection-specific ones are removed.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/base/assert.h"
#include "hon/http/header.h"
#include "hon/url/url.h"
#include "hon/url/values.h"
#include "http/list.h"
#include "httputil/forwarding.h"
#include "httputil/hop_by_hop.h"

namespace {

using namespace hon;
using namespace hon::httputil::internal;

std::string_view NextLine(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

void CheckRetarget(const url::URL& server, const url::URL& asked) {
  url::URL sent = asked;
  Retarget(server, sent);
  HON_ASSERT(sent.Scheme == server.Scheme && sent.Host == server.Host);
  HON_ASSERT(sent.Path.ends_with(asked.Path));
  std::string_view base = server.Path;
  if (base.ends_with('/')) base.remove_suffix(1);
  HON_ASSERT(sent.Path.starts_with(base));
  // The server reads the path that was meant.
  const Result<url::URL> read = url::ParseRequestURI("http://a" + sent.EscapedPath());
  HON_ASSERT(!read || read->Path == sent.Path);
  HON_ASSERT(sent.RawQuery.starts_with(server.RawQuery) && sent.RawQuery.ends_with(asked.RawQuery));
}

void CheckQuery(std::string_view query) {
  const std::string clean = CleanQuery(query);
  HON_ASSERT(IsCleanQuery(clean) && CleanQuery(clean) == clean);
  HON_ASSERT(!IsCleanQuery(query) || clean == query);
  url::URL before;
  before.RawQuery = query;
  url::URL after;
  after.RawQuery = clean;
  HON_ASSERT(before.Query().Encode() == after.Query().Encode());
}

void CheckFields(std::string_view rest) {
  http::Header header;
  while (!rest.empty()) {
    const std::string_view line = NextLine(rest);
    const size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) continue;
    header.Add(line.substr(0, colon), line.substr(colon + 1));
  }
  std::vector<std::string_view> views;
  NamedByConnection(header, views);
  const std::vector<std::string> named(views.begin(), views.end());
  std::vector<std::pair<std::string, std::string>> expected;
  for (const auto& field : header) {
    const bool is_named = std::any_of(named.begin(), named.end(), [&field](const auto& name) {
      return http::internal::EqualFold(field.name, name);
    });
    if (!is_named && !IsHopByHop(field)) expected.emplace_back(field.name, field.value);
  }
  static_cast<void>(UpgradeProtocol(header));
  RemoveHopByHop(header);
  std::vector<std::pair<std::string, std::string>> left;
  for (const auto& field : header) left.emplace_back(field.name, field.value);
  HON_ASSERT(left == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const Result<url::URL> server = url::Parse(NextLine(rest));
  const std::string_view target = NextLine(rest);
  const Result<url::URL> asked = url::ParseRequestURI(target);
  if (server && !server->Host.empty() && asked && asked->Opaque.empty()) {
    CheckRetarget(*server, *asked);
  }
  CheckQuery(target.substr(std::min(target.find('?') + 1, target.size())));
  CheckFields(rest);
  return 0;
}
