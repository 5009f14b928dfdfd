// Where a request goes: a URL, then a proxy, then a second URL, a line each. Requests share
// connections exactly when scheme, server and proxy are the same; addresses stay what they are when
// they are taken apart and put together.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/route.h"
#include "hon/base/assert.h"
#include "hon/http/client.h"
#include "hon/url/host_port.h"
#include "hon/url/url.h"
#include "netpoll/address.h"

namespace {

using namespace hon;
using client::NewRoute;
using client::Route;
using client::RouteKey;
using client::RouteUse;

std::string NextLine(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  const std::string line(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

std::optional<http::Request> RequestFor(const std::string& url) {
  Result<http::Request> request = http::NewRequest("GET", url);
  if (!request || request->URL.Host.empty()) return {};
  if (request->URL.Scheme != "http" && request->URL.Scheme != "https") return {};
  return std::move(*request);
}

std::shared_ptr<Route> RouteFor(const http::Request& r, const url::URL* proxy, RouteUse use) {
  std::string key;
  if (RouteKey(r, proxy, use, key)) return nullptr;
  return NewRoute(key, r, proxy, use);
}

void CheckHostPort(const std::string& host_port) {
  const Result<net::HostPort> parts = net::SplitHostPort(host_port);
  if (!parts) return;  // a host that is none: the dial fails
  HON_ASSERT(!parts->port.empty());
  HON_ASSERT(net::JoinHostPort(parts->host, parts->port) == host_port ||
             host_port == "[" + std::string(parts->host) + "]:" + std::string(parts->port));
}

// An address of numbers is the same when it is written and read again; zones are names of this
// machine.
void CheckAddress(const std::string& text) {
  const auto found = netpoll::ResolveAddress(text, netpoll::AddressUse::kDial, true);
  if (!found || found->empty() || netpoll::IsUnixAddress(text)) return;
  if (text.find('%') != std::string::npos) return;
  std::array<char, netpoll::kAddressTextMax> room;
  const std::string first(netpoll::FormatAddress(found->front(), room));
  const auto again = netpoll::ResolveAddress(first, netpoll::AddressUse::kDial, true);
  HON_ASSERT(again && again->size() == 1);
  HON_ASSERT(netpoll::FormatAddress(again->front(), room) == first);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::optional<http::Request> one = RequestFor(NextLine(rest));
  const std::string by = NextLine(rest);
  const std::string last = NextLine(rest);
  CheckAddress(last);
  if (!one) return 0;
  Result<url::URL> proxy = url::Parse(by);
  const url::URL* const proxy_or_none = proxy && !by.empty() ? &*proxy : nullptr;
  for (const RouteUse use : {RouteUse::kAny, RouteUse::kUpgrade, RouteUse::kTunnel}) {
    const auto route = RouteFor(*one, proxy_or_none, use);
    if (route == nullptr) continue;
    CheckHostPort(route->host_port);
    if (proxy_or_none != nullptr) CheckHostPort(route->proxy_host_port);
    HON_ASSERT(route->FirstHop().ends_with(':') ||
               route->FirstHop().find(':') != std::string::npos);
    HON_ASSERT(RouteFor(*one, nullptr, use)->key != route->key || proxy_or_none == nullptr);
    const std::optional<http::Request> other = RequestFor(last);
    const auto second = other ? RouteFor(*other, proxy_or_none, use) : nullptr;
    if (second == nullptr) continue;
    const bool same_server = route->host_port == second->host_port && route->tls == second->tls;
    const bool any_server = route->AbsoluteForm() && second->AbsoluteForm();
    HON_ASSERT((route->key == second->key) == (same_server || any_server));
  }
  return 0;
}
