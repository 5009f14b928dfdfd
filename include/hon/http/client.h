#pragma once

// Go's http.Client: requests, redirects, cookies and a time limit over a RoundTripper. Pure: the
// connections are the transport's (hon/client/transport.h).

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/http/body.h"
#include "hon/http/client_error.h"
#include "hon/http/request.h"
#include "hon/http/response.h"
#include "hon/http/round_tripper.h"
#include "hon/url/values.h"

namespace hon::http {

/// Requests of one chain of redirects, when no CheckRedirect says otherwise.
inline constexpr size_t kRedirectsMax = 10;
/// What is read of the body of a redirect, so that its connection can be used again.
inline constexpr size_t kRedirectBodyBytesMax = 2048;

/// A request to be sent. `method` "" is GET. `url` is parsed; its host is the Request's Host. The
/// ContentLength is that of `body`, -1 when it is unknown. Fails with ErrInvalidRequest for a
/// method that is no token, or as url::Parse. The Request owns its texts.
[[nodiscard]] Result<Request> NewRequest(std::string_view method, std::string_view url,
                                         http::Body body = {});
/// The same with a context: when that ends, the request ends.
[[nodiscard]] Result<Request> NewRequestWithContext(appcontext::Context context,
                                                    std::string_view method, std::string_view url,
                                                    http::Body body = {});

/// Called from a fiber, a call suspends it; from a thread without a loop, the call blocks the
/// thread. One Client may be shared by all of them. Its fields are not changed while it is used.
///
///     http::Client client{.Timeout = std::chrono::seconds(5)};
///     auto answer = client.Get("http://example.test/");
struct Client {
  /// Null is an error of each request.
  std::shared_ptr<RoundTripper> Transport = DefaultTransport();
  /// Asked before a redirect is followed, with the request that would be sent, which may be
  /// changed, and those before it, oldest first. An error ends the chain; ErrUseLastResponse has
  /// the redirect itself returned. Empty: at most kRedirectsMax requests.
  std::function<Error(Request& next, std::span<Request* const> via)> CheckRedirect = {};
  /// Null: no cookies are kept.
  std::shared_ptr<CookieJar> Jar = {};
  /// For each request with its redirects up to the end of the body. 0: no limit.
  Duration Timeout = {};
  /// Further fields that do not follow a redirect to another origin.
  std::vector<std::string> SensitiveHeaders = {};
  /// Lets credentials and cookies follow redirects to other origins.
  bool TrustRedirects = false;

  /// Sends `request` and follows redirects. Any status is a success. The body of the answer ends
  /// with the Response: read it before, or drop the Response, which frees the connection.
  /// The Response and its texts end with the loop that they came to.
  /// `request` must outlive the Response. Errors have a kind (KindOf) and name the URL.
  Result<Response> Do(Request& request);
  /// The same; the Response keeps the request.
  Result<Response> Do(Request&& request);

  Result<Response> Get(std::string_view url);
  Result<Response> Head(std::string_view url);
  Result<Response> Post(std::string_view url, std::string_view content_type, http::Body body);
  Result<Response> PostForm(std::string_view url, const url::Values& values);

  /// Closes the connections of the Transport that serve no request.
  void CloseIdleConnections();
};

/// The same by a Client with the default values.
Result<Response> Get(std::string_view url);
Result<Response> Head(std::string_view url);
Result<Response> Post(std::string_view url, std::string_view content_type, http::Body body);
Result<Response> PostForm(std::string_view url, const url::Values& values);

}  // namespace hon::http
