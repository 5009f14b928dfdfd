#include "hon/http/proxy.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/base/quote.h"
#include "hon/url/host_port.h"
#include "http/host_name.h"
#include "http/ip_address.h"
#include "http/token.h"

namespace hon::httpproxy {
namespace {

using http::internal::CanonicalHostName;
using http::internal::IpAddress;
using http::internal::IpNetwork;
using http::internal::IsSubdomain;
using http::internal::ParseIpAddress;
using http::internal::ParseIpNetwork;
using http::internal::ToLower;

struct NoProxyAddress {
  IpAddress address;
  std::string port;  // "": all
};

struct NoProxyDomain {
  std::string name;
  std::string port;  // "": all
  bool itself;       // also matches the domain itself
};

// The elements of a NO_PROXY.
struct NoProxy {
  bool everything = false;
  std::vector<IpNetwork> networks;
  std::vector<NoProxyAddress> addresses;
  std::vector<NoProxyDomain> domains;

  void Add(std::string_view element);
  [[nodiscard]] bool Matches(std::string_view host, std::string_view port) const;
};

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

void NoProxy::Add(std::string_view element) {
  if (element.empty()) return;
  if (element == "*") {
    everything = true;
    return;
  }
  if (const std::optional<IpNetwork> network = ParseIpNetwork(element)) {
    networks.push_back(*network);
    return;
  }
  std::string_view host = element;
  std::string_view port;
  if (const Result<net::HostPort> parts = net::SplitHostPort(element)) {
    host = parts->host;
    port = parts->port;
  } else if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  if (const std::optional<IpAddress> address = ParseIpAddress(host)) {
    addresses.push_back({*address, std::string(port)});
    return;
  }
  if (host.starts_with("*.")) host.remove_prefix(1);
  const bool itself = !host.starts_with('.');
  if (!itself) host.remove_prefix(1);
  if (host.ends_with('.')) host.remove_suffix(1);
  if (const std::optional<std::string> name = CanonicalHostName(host)) {
    domains.push_back({*name, std::string(port), itself});
  }
}

bool NoProxy::Matches(std::string_view host, std::string_view port) const {
  const auto has_port = [port](const auto& one) { return one.port.empty() || one.port == port; };
  if (const std::optional<IpAddress> address = ParseIpAddress(host)) {
    return std::any_of(networks.begin(), networks.end(),
                       [&](const IpNetwork& one) { return one.Contains(*address); }) ||
           std::any_of(addresses.begin(), addresses.end(), [&](const NoProxyAddress& one) {
             return one.address == *address && has_port(one);
           });
  }
  return std::any_of(domains.begin(), domains.end(), [&](const NoProxyDomain& one) {
    return has_port(one) && (IsSubdomain(host, one.name) || (one.itself && host == one.name));
  });
}

bool IsProxyScheme(std::string_view scheme) {
  constexpr std::array<std::string_view, 4> kSchemes = {"http", "https", "socks5", "socks5h"};
  return std::find(kSchemes.begin(), kSchemes.end(), scheme) != kSchemes.end();
}

Error Invalid(std::string_view name, std::string_view why) {
  return Error::Of(ErrProxySetting,
                   std::string(name) + " is no address of a proxy: " + std::string(why));
}

// The proxy of a setting. No error has the text of the setting, which may hold a password.
Result<std::optional<url::URL>> ParseProxy(std::string_view name, std::string_view text) {
  text = Trim(text);
  if (text.empty()) return std::nullopt;
  if (text.size() > kProxySettingBytesMax) return Fail(Invalid(name, "too long"));
  std::string with_scheme(text);
  if (text.find("://") == text.npos) with_scheme.insert(0, "http://");
  Result<url::URL> proxy = url::Parse(with_scheme);
  if (!proxy) return Fail(Invalid(name, "not a URL"));
  if (!IsProxyScheme(proxy->Scheme)) {
    return Fail(Invalid(name, "unknown scheme " + Quote(proxy->Scheme)));
  }
  if (proxy->Hostname().empty() || !url::IsHostAndPort(proxy->Host)) {
    return Fail(Invalid(name, "no host"));
  }
  return std::optional<url::URL>(*std::move(proxy));
}

}  // namespace

struct Rules::Parsed {
  Result<std::optional<url::URL>> http;
  Result<std::optional<url::URL>> https;
  NoProxy no_proxy;
  bool http_is_of_cgi = false;
};

Rules::Rules(const Config& config) {
  const auto parse = [&config](std::string_view name, const std::string& own) {
    return own.empty() ? ParseProxy("ALL_PROXY", config.AllProxy) : ParseProxy(name, own);
  };
  auto parsed = std::make_unique<Parsed>();
  parsed->http = parse("HTTP_PROXY", config.HTTPProxy);
  parsed->https = parse("HTTPS_PROXY", config.HTTPSProxy);
  parsed->http_is_of_cgi = config.CGI && !config.HTTPProxy.empty();
  std::string_view rest = config.NoProxy;
  if (rest.size() > kProxySettingBytesMax) {
    parsed->http = Fail(Invalid("NO_PROXY", "too long"));
    parsed->https = parsed->http;
    rest = {};
  }
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    parsed->no_proxy.Add(Trim(rest.substr(0, comma)));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  parsed_ = std::move(parsed);
}

Rules::~Rules() = default;

Result<std::optional<url::URL>> Rules::ProxyFor(const url::URL& target) const {
  const bool https = target.Scheme == "https";
  if (!https && target.Scheme != "http") return std::nullopt;
  if (!https && parsed_->http_is_of_cgi) return Fail(ErrCgi);
  const Result<std::optional<url::URL>>& proxy = https ? parsed_->https : parsed_->http;
  if (parsed_->no_proxy.everything || (proxy && !proxy->has_value())) return std::nullopt;
  std::string_view text = target.Hostname();
  text = text.substr(0, text.find('%'));  // the zone of an address is ignored
  if (text.ends_with('.')) text.remove_suffix(1);
  const std::optional<std::string> host = CanonicalHostName(text);
  if (!host) return proxy;
  const std::string_view port = target.Port().empty() ? (https ? "443" : "80") : target.Port();
  if (http::internal::IsLoopbackHost(*host) || parsed_->no_proxy.Matches(*host, port)) {
    return std::nullopt;
  }
  return proxy;
}

http::ProxyFunc ProxyFuncOf(const Config& config) {
  return [rules = std::make_shared<const Rules>(config)](const http::Request& r) {
    return rules->ProxyFor(r.URL);
  };
}

}  // namespace hon::httpproxy

namespace hon::http {

ProxyFunc ProxyURL(url::URL proxy) {
  return [proxy = std::move(proxy)](const Request&) -> Result<std::optional<url::URL>> {
    return proxy;
  };
}

}  // namespace hon::http
