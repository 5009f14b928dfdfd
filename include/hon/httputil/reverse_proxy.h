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

/// The errors of a ReverseProxy, as ErrorHandler gets them, beside those of its Transport.
/// Both or neither of Rewrite and Director are set.
inline constexpr Sentinel ErrNoRewrite{
    "ReverseProxy must have exactly one of Director or Rewrite set"};
/// The client's Upgrade is no token, or the server's 101 names another protocol.
inline constexpr Sentinel ErrUpgrade{"httputil: invalid switch of protocols"};

/// ReverseProxy::TunnelStallTimeout.
inline constexpr Duration kTunnelStallTimeout = std::chrono::minutes(10);

/// A request on its way through a ReverseProxy.
struct ProxyRequest {
  /// The client's request. Not to be changed.
  const http::Request& In;
  /// The request that is sent. Texts that are assigned to it live as long as it does (Own).
  http::Request& Out;

  /// Sends Out to the scheme, host and base path of `target`: "/base" and "/path" give
  /// "/base/path". The query of `target` comes before that of Out. Out.Host is that of `target`.
  void SetURL(const url::URL& target);
  /// Sets X-Forwarded-For, X-Forwarded-Host and X-Forwarded-Proto from In: the client's address,
  /// behind the addresses that Out has already, the host that was asked for, and "https" or "http".
  /// The client's own values of these fields have been removed before.
  void SetXForwarded();
};

/// Passes requests on to other servers and their answers back, with bodies, trailers, 1xx answers
/// and upgraded connections in both directions, and memory that does not grow with the bodies.
/// Fields about one connection are not passed on (RFC 9110 §7.6.1).
///
/// Runs on the loop of the connection, wherever other handlers are placed; so do the functions
/// below, which may wait as fibers do, and must not block. The members are not changed while
/// requests are served. The client's leaving ends the request to the server. A body that breaks off
/// breaks the other side's off.
///
///     httputil::ReverseProxy proxy;
///     proxy.Rewrite = [target](httputil::ProxyRequest& r) {
///       r.SetURL(target);
///       r.SetXForwarded();
///     };
class ReverseProxy final : public http::Handler, public http::LoopBound {
 public:
  /// Makes the request that is sent of the client's: called behind the removal of fields about the
  /// connection, of Forwarded and X-Forwarded-*, and of pairs of the query that cannot be parsed.
  std::function<void(ProxyRequest& r)> Rewrite;
  /// In place of Rewrite: called with the client's fields; then those about the connection are
  /// removed, and the client's address is added to X-Forwarded-For, unless that is suppressed.
  std::function<void(http::Request& out)> Director;
  /// Null: http::DefaultTransport().
  std::shared_ptr<http::RoundTripper> Transport;
  /// Not zero: each part of an answer is sent as soon as it comes. Answers of unknown length and
  /// text/event-stream always are.
  Duration FlushInterval{};
  /// May change the answer. An error that it returns goes to ErrorHandler.
  std::function<Error(http::Response& answer)> ModifyResponse;
  /// Answers a request that could not be passed on. Empty: 504 where time has run out, 502 else,
  /// and nothing where the client's body could not be read: the server answers that.
  std::function<void(http::ResponseWriter& w, http::Request& out, const Error& err)> ErrorHandler;
  /// A line for a log: why a request failed. Empty: none.
  std::function<void(std::string_view line)> ErrorLog;
  /// Added to Via of requests and answers as this proxy's name (RFC 9110 §7.6.3); "": Via is passed
  /// on as it is.
  std::string Via;
  /// Of an upgraded connection: a side that takes no byte of what waits for it for so long ends
  /// both.
  Duration TunnelStallTimeout = kTunnelStallTimeout;

  void ServeHTTP(http::ResponseWriter& w, http::Request& r) override;
  http::Target Resolve(http::Request& r) override;
};

/// A proxy to `target` by Director, which keeps the client's Host; Go's NewSingleHostReverseProxy.
[[nodiscard]] std::shared_ptr<ReverseProxy> NewSingleHostReverseProxy(url::URL target);

}  // namespace hon::httputil
