#pragma once

// The interfaces that a Client uses: a transport and a cookie jar.

#include <functional>
#include <memory>
#include <vector>

#include "hon/base/result.h"
#include "hon/http/cookie.h"
#include "hon/http/request.h"
#include "hon/http/response.h"
#include "hon/url/url.h"

namespace hon::http {

/// Sends one request and returns its answer, as Go's http.RoundTripper. Calls may come from any
/// number of fibers and threads at once.
class RoundTripper {
 public:
  virtual ~RoundTripper() = default;

  /// Returns the answer once its head has arrived, with any status. Follows no redirects and
  /// ignores cookies. Ends early when the request's context ends. `request` is not changed; the
  /// caller keeps the request and its Body until the Response's Body is at its end or the Response
  /// is destroyed. A Body with ContentLength 0 or below has an unknown length. Errors have a kind
  /// (client_error.h).
  virtual Result<Response> RoundTrip(Request& request) = 0;

  /// Closes connections that serve no request.
  virtual void CloseIdleConnections() {}
};

/// A function as a RoundTripper.
class RoundTripperFunc final : public RoundTripper {
 public:
  using Function = std::function<Result<Response>(Request&)>;
  explicit RoundTripperFunc(Function function) : function_(std::move(function)) {}
  Result<Response> RoundTrip(Request& request) override { return function_(request); }

 private:
  Function function_;
};

/// Keeps the cookies of servers, as Go's http.CookieJar. Calls may come from any thread.
class CookieJar {
 public:
  virtual ~CookieJar() = default;
  /// Stores the cookies that the server of `url` has set.
  virtual void SetCookies(const url::URL& url, const std::vector<Cookie>& cookies) = 0;
  /// The cookies to be sent with a request for `url`, in order.
  virtual std::vector<Cookie> Cookies(const url::URL& url) = 0;
};

/// The default transport of a Client: a client::Transport, one for the process, made by the first
/// call. Part of the component client. Any thread.
std::shared_ptr<RoundTripper> DefaultTransport();

}  // namespace hon::http
