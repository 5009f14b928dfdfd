#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hon/base/intrusive_list.h"
#include "hon/base/result.h"
#include "hon/http/request.h"
#include "hon/url/url.h"

namespace hon::client {

class Conn;
class LoopPool;
class Parker;

/// The protocol of a route's proxy.
enum class ProxyKind : uint8_t { kNone, kHttp, kHttps, kSocks5 };

/// The requests of a route's connections.
enum class RouteUse : uint8_t {
  kAny,
  kUpgrade,  // over TLS: HTTP/1.1 alone
  kTunnel,   // as kUpgrade, and http URLs go through a proxy by CONNECT
};

/// A request that waits for a connection: for one that becomes idle on its loop, or for the right
/// to dial one. Lives on the stack of the request's fiber. Guarded by the Core's mutex.
struct SlotWaiter : IntrusiveListNode<SlotWaiter> {
  Parker* parker = nullptr;
  LoopPool* pool = nullptr;
  Conn* conn = nullptr;  // given
  bool slot = false;     // given
  bool again = false;    // an HTTP/2 connection can be shared now
};

/// The destination of connections that can serve the same requests: scheme, authority and proxy.
/// Requests with the same key share connections.
struct Route {
  std::string key;
  std::string host_port;  // of the server, in lower case, with its port
  std::string host;       // of the server, without brackets
  std::string proxy_host_port;
  std::string proxy_host;
  url::UserinfoPtr proxy_user;
  url::URL proxy_url;
  ProxyKind proxy = ProxyKind::kNone;
  RouteUse use = RouteUse::kAny;
  bool tls = false;
  bool may_share = false;  // the server may support HTTP/2

  /// Whether request targets are in absolute form (RFC 9112 §3.2.2).
  [[nodiscard]] bool AbsoluteForm() const {
    return !tls && use != RouteUse::kTunnel &&
           (proxy == ProxyKind::kHttp || proxy == ProxyKind::kHttps);
  }
  /// The address to connect to.
  [[nodiscard]] const std::string& FirstHop() const {
    return proxy == ProxyKind::kNone ? host_port : proxy_host_port;
  }

  // Guarded by the Core's mutex.
  size_t conns = 0;  // dialed, in use or idle, on all loops
  IntrusiveList<SlotWaiter, SlotWaiter> waiters;

  std::atomic<size_t> idle{0};
  std::atomic<bool> shares{false};  // the server supports HTTP/2
};

/// Writes the key of the route of `r` through `proxy` (null: direct) to `key`, whose capacity is
/// reused. Fails with http::ErrProxy for a proxy of an unknown scheme.
Error RouteKey(const http::Request& r, const url::URL* proxy, RouteUse use, std::string& key);
/// The route with `key`, for `r` through `proxy`.
[[nodiscard]] std::shared_ptr<Route> NewRoute(std::string key, const http::Request& r,
                                              const url::URL* proxy, RouteUse use);

/// "Basic ..." of a URL's userinfo.
[[nodiscard]] std::string BasicCredentialsOf(const url::Userinfo& user);

}  // namespace hon::client
