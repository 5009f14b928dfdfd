#include "client/route.h"

#include <algorithm>

#include "hon/base/quote.h"
#include "hon/http/base64.h"
#include "hon/http/client_error.h"
#include "hon/url/host_port.h"

namespace hon::client {
namespace {

char LowerOf(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

void AppendLower(std::string& to, std::string_view text) {
  for (const char c : text) to += LowerOf(c);
}

std::string_view DefaultPort(std::string_view scheme) {
  if (scheme == "https") return "443";
  return scheme.starts_with("socks5") ? "1080" : "80";
}

ProxyKind KindOfProxy(const url::URL* proxy) {
  if (proxy == nullptr) return ProxyKind::kNone;
  if (proxy->Scheme == "http") return ProxyKind::kHttp;
  if (proxy->Scheme == "https") return ProxyKind::kHttps;
  if (proxy->Scheme == "socks5" || proxy->Scheme == "socks5h") return ProxyKind::kSocks5;
  return ProxyKind::kNone;
}

// Appends "host:port", with the default port of the scheme where the URL has none.
void AppendHostPort(std::string& to, const url::URL& url) {
  std::string_view host = url.Host;
  const std::string_view port = url.Port();
  if (!port.empty()) {
    host.remove_suffix(port.size() + 1);
  } else if (host.ends_with(':')) {
    host.remove_suffix(1);
  }
  AppendLower(to, host);
  to += ':';
  to += port.empty() ? DefaultPort(url.Scheme) : port;
}

std::string HostPortOf(const url::URL& url) {
  std::string text;
  AppendHostPort(text, url);
  return text;
}

std::string LowerHostname(const url::URL& url) {
  std::string text;
  AppendLower(text, url.Hostname());
  return text;
}

}  // namespace

Error RouteKey(const http::Request& r, const url::URL* proxy, RouteUse use, std::string& key) {
  const std::string& scheme = r.URL.Scheme;
  const ProxyKind kind = KindOfProxy(proxy);
  if (proxy != nullptr && (kind == ProxyKind::kNone || proxy->Host.empty())) {
    return Error::Of(http::ErrProxy, "proxy: unsupported proxy URL " + Quote(proxy->Redacted()));
  }
  key.assign(scheme).append("|");
  const bool any_server = proxy != nullptr && kind != ProxyKind::kSocks5 && scheme == "http" &&
                          use != RouteUse::kTunnel;
  if (!any_server) AppendHostPort(key, r.URL);
  if (proxy != nullptr) {
    key.append("|").append(proxy->Scheme).append("|");
    if (proxy->User != nullptr) key.append(proxy->User->String()).append("@");
    AppendHostPort(key, *proxy);
  }
  if (use == RouteUse::kUpgrade) key.append("|1");
  if (use == RouteUse::kTunnel) key.append("|t");
  return {};
}

std::shared_ptr<Route> NewRoute(std::string key, const http::Request& r, const url::URL* proxy,
                                RouteUse use) {
  auto route = std::make_shared<Route>();
  route->key = std::move(key);
  route->host_port = HostPortOf(r.URL);
  route->host = LowerHostname(r.URL);
  route->tls = r.URL.Scheme == "https";
  route->use = use;
  route->proxy = KindOfProxy(proxy);
  if (proxy != nullptr) {
    route->proxy_host_port = HostPortOf(*proxy);
    route->proxy_host = LowerHostname(*proxy);
    route->proxy_user = proxy->User;
    route->proxy_url = *proxy;
  }
  return route;
}

std::string BasicCredentialsOf(const url::Userinfo& user) {
  return "Basic " + base64::StdEncoding.EncodeToString(user.Username() + ":" + user.Password());
}

}  // namespace hon::client
