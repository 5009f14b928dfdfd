// Settings of proxies: NO_PROXY, then a proxy, then a target, a line each.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/http/proxy.h"
#include "hon/url/url.h"
#include "http/ip_address.h"

namespace {

std::string_view NextLine(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace httpproxy = hon::httpproxy;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string no_proxy(NextLine(rest));
  const std::string proxy(NextLine(rest));
  const hon::Result<hon::url::URL> target = hon::url::Parse(NextLine(rest));
  if (!target) return 0;
  const auto with = httpproxy::Rules({.HTTPProxy = proxy, .NoProxy = no_proxy}).ProxyFor(*target);
  const auto without = httpproxy::Rules({.HTTPProxy = proxy}).ProxyFor(*target);
  const auto never = httpproxy::Rules({.HTTPProxy = proxy, .NoProxy = "*"}).ProxyFor(*target);
  HON_ASSERT(never && !*never);
  if (!without) HON_ASSERT(without.error().Is(httpproxy::ErrProxySetting));
  // NO_PROXY only ever takes the proxy away.
  if (with && *with) HON_ASSERT(without && *without && (*with)->String() == (*without)->String());
  if (with && *with) HON_ASSERT(!(*with)->Hostname().empty());
  if (target->Scheme != "http") HON_ASSERT(without && !*without);
  // A network has its own address.
  if (const auto network = hon::http::internal::ParseIpNetwork(no_proxy)) {
    HON_ASSERT(network->Contains(network->address));
  }
  return 0;
}
