#pragma once

// Go's httputil.ReverseProxy: a handler that passes requests on to another server.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "hon/base/error.h"
#include "hon/base/time.h"
#include "hon/http/handler.h"
#include "hon/http/loop_bound.h"
#include "hon/http/round_tripper.h"
#include "hon/url/url.h"

namespace hon::httputil {

namespace internal {
class PassagePool;  // src/httputil/passage.h
}

/// The errors that ErrorHandler gets, in addition to those of the Transport. Both or neither of
/// Rewrite and Director are set.
inline constexpr Sentinel ErrNoRewrite{
    "ReverseProxy must have exactly one of Director or Rewrite set"};
/// The client's Upgrade is no token, or the server's 101 names another protocol.
inline constexpr Sentinel ErrUpgrade{"httputil: invalid switch of protocols"};

/// Default of ReverseProxy::TunnelStallTimeout.
inline constexpr Duration kTunnelStallTimeout = std::chrono::minutes(10);

/// A request that passes through a ReverseProxy.
struct ProxyRequest {
  /// The client's request. Not to be changed.
  const http::Request& In;
  /// The request to send. Texts that are assigned to Out must live as long as Out (see Own).
  http::Request& Out;

  /// Sends Out to the scheme, host and base path of `target`: "/base" and "/path" give
  /// "/base/path". The query of `target` comes before that of Out. Out.Host is that of `target`.
  void SetURL(const url::URL& target);
  /// Sets X-Forwarded-For (the client's address, after the addresses that Out already has),
  /// X-Forwarded-Host (the requested host) and X-Forwarded-Proto ("https" or "http") from In. The
  /// client's own values of these fields were removed before.
  void SetXForwarded();
};

/// Passes requests to other servers, and their answers back, with bodies, trailers, 1xx answers and
/// upgraded connections in both directions. Memory use does not grow with the size of bodies.
/// Connection-specific fields are not passed on (RFC 9110 §7.6.1).
///
/// Runs on the loop of the connection, whatever the placement of other handlers is. The functions
/// below run there too: they may suspend their fiber, and must not block. The members must not
/// change while requests are served. When the client leaves, the request to the server ends. An
/// incomplete body on one side is an incomplete body on the other.
///
///     httputil::ReverseProxy proxy;
///     proxy.Rewrite = [target](httputil::ProxyRequest& r) {
///       r.SetURL(target);
///       r.SetXForwarded();
///     };
class ReverseProxy final : public http::Handler, public http::LoopBound {
 public:
  ReverseProxy();

  /// Sets up the request to send. Called after the removal of connection-specific fields, of
  /// Forwarded and X-Forwarded-*, and of pairs of the query that cannot be parsed.
  std::function<void(ProxyRequest& r)> Rewrite;
  /// In place of Rewrite. Called with the client's fields; afterwards the connection-specific
  /// fields are removed, and the client's address is added to X-Forwarded-For, unless that is
  /// suppressed.
  std::function<void(http::Request& out)> Director;
  /// Null: http::DefaultTransport().
  std::shared_ptr<http::RoundTripper> Transport;
  /// Not zero: each part of an answer is sent when it arrives. Answers of unknown length and
  /// text/event-stream always are.
  Duration FlushInterval{};
  /// May change the answer. A returned error goes to ErrorHandler.
  std::function<Error(http::Response& answer)> ModifyResponse;
  /// Answers a request that could not be passed on. Empty: 504 after a timeout, else 502, and
  /// nothing when the client's body could not be read: the server answers then.
  std::function<void(http::ResponseWriter& w, http::Request& out, const Error& err)> ErrorHandler;
  /// Takes a line for a log, with the reason of a failed request. Empty: no log.
  std::function<void(std::string_view line)> ErrorLog;
  /// This proxy's name, which is added to Via of requests and answers (RFC 9110 §7.6.3). "": Via is
  /// passed on unchanged.
  std::string Via;
  /// Limit of an upgraded connection: when one side takes no byte of its pending output for this
  /// long, both connections end.
  Duration TunnelStallTimeout = kTunnelStallTimeout;

  void ServeHTTP(http::ResponseWriter& w, http::Request& r) override;
  http::Target Resolve(http::Request& r) override;

 private:
  std::shared_ptr<internal::PassagePool> passages_;
};

/// A proxy to `target` with a Director that keeps the client's Host: Go's
/// NewSingleHostReverseProxy.
[[nodiscard]] std::shared_ptr<ReverseProxy> NewSingleHostReverseProxy(url::URL target);

}  // namespace hon::httputil
