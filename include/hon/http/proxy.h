#pragma once

// The choice of the proxy for a client's request: Go's http.ProxyFromEnvironment and http.ProxyURL,
// and golang.org/x/net/http/httpproxy.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hon/base/result.h"
#include "hon/http/request.h"
#include "hon/url/url.h"

namespace hon::http {

/// The proxy for a request; nullopt: none. An error ends the request before a connection is dialed.
/// Called by any number of threads at once.
using ProxyFunc = std::function<Result<std::optional<url::URL>>(const Request&)>;

/// The proxy by the environment at the first call of the process:
/// httpproxy::Config::FromEnvironment.
[[nodiscard]] Result<std::optional<url::URL>> ProxyFromEnvironment(const Request& r);
/// `proxy` for every request.
[[nodiscard]] ProxyFunc ProxyURL(url::URL proxy);

}  // namespace hon::http

namespace hon::httpproxy {

/// A setting is not the address of a proxy. The text names the setting and hides a password.
inline constexpr Sentinel ErrProxySetting{"invalid proxy setting"};
/// The process is a CGI program, where a client sets HTTP_PROXY by a Proxy field
/// (https://httpoxy.org).
inline constexpr Sentinel ErrCgi{
    "refusing to use HTTP_PROXY value in CGI environment; see golang.org/s/cgihttpproxy"};

/// A setting has at most this many bytes. A longer one fails every request.
inline constexpr size_t kProxySettingBytesMax = 64 * 1024;

/// The settings of proxies, as in the environment. A proxy is a URL with the scheme http, https,
/// socks5 or socks5h, or "host[:port]", which is http. "": none.
struct Config {
  std::string HTTPProxy{};   // for http URLs
  std::string HTTPSProxy{};  // for https URLs
  std::string AllProxy{};    // for both kinds of URLs, where their own setting is empty
  /// The targets without a proxy, separated by commas. An element is "*": every target; an address
  /// or a network ("10.1.2.3", "10.0.0.0/8", "fd00::/8"); "example.com": that host and its
  /// subdomains; ".example.com" or "*.example.com": its subdomains. An address or name with a
  /// ":port" applies to that port alone. Case, and blanks around an element, are ignored.
  std::string NoProxy{};
  bool CGI = false;  // refuse HTTPProxy

  /// HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, or the variable in lower case where one is
  /// empty or missing; CGI when REQUEST_METHOD is set.
  [[nodiscard]] static Config FromEnvironment();
};

/// Settings that were parsed once, for many requests. Immutable; used by any number of threads.
class Rules {
 public:
  explicit Rules(const Config& config);
  ~Rules();

  /// The proxy for a request to `target`. None for schemes but http and https, for localhost and
  /// the names below it, for loopback addresses, and for targets of NoProxy. Fails with
  /// ErrProxySetting for an invalid setting, and with ErrCgi.
  [[nodiscard]] Result<std::optional<url::URL>> ProxyFor(const url::URL& target) const;

 private:
  struct Parsed;
  std::unique_ptr<const Parsed> parsed_;
};

/// The rules of `config` as a function for a Transport.
[[nodiscard]] http::ProxyFunc ProxyFuncOf(const Config& config);

}  // namespace hon::httpproxy
