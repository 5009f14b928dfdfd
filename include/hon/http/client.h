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

/// Requests of one chain of redirects; the limit without a CheckRedirect.
inline constexpr size_t kRedirectsMax = 10;
/// The most bytes read of a redirect's body, so that its connection can be used again.
inline constexpr size_t kRedirectBodyBytesMax = 2048;

/// A request to be sent. `method` "" is GET. `url` is parsed; its host is the Request's Host. The
/// ContentLength is that of `body`, -1 when it is unknown. Fails with ErrInvalidRequest for a
/// method that is no token, or as url::Parse. The Request owns its texts.
[[nodiscard]] Result<Request> NewRequest(std::string_view method, std::string_view url,
                                         http::Body body = {});
/// NewRequest with a context: the request ends when the context ends.
[[nodiscard]] Result<Request> NewRequestWithContext(appcontext::Context context,
                                                    std::string_view method, std::string_view url,
                                                    http::Body body = {});

/// A call from a fiber suspends the fiber; a call from a thread without a loop blocks the thread.
/// Any number of fibers and threads may share one Client, whose fields must not change while it is
/// used.
///
///     http::Client client{.Timeout = std::chrono::seconds(5)};
///     auto answer = client.Get("http://example.test/");
struct Client {
  /// Null makes each request fail.
  std::shared_ptr<RoundTripper> Transport = DefaultTransport();
  /// Called before a redirect is followed, with the next request, which may be changed, and the
  /// earlier ones, oldest first. An error ends the chain; ErrUseLastResponse returns the redirect
  /// itself. Empty: at most kRedirectsMax requests.
  std::function<Error(Request& next, std::span<Request* const> via)> CheckRedirect = {};
  /// Null: no cookies are kept.
  std::shared_ptr<CookieJar> Jar = {};
  /// Time limit for each request, with its redirects and up to the end of the body. 0: no limit.
  Duration Timeout = {};
  /// Further fields that do not follow a redirect to another origin.
  std::vector<std::string> SensitiveHeaders = {};
  /// Lets credentials and cookies follow redirects to other origins.
  bool TrustRedirects = false;

  /// Sends `request` and follows redirects. Any status is a success. The body of the answer ends
  /// with the Response: read the body before, or drop the Response, which frees the connection. The
  /// Response and its texts end with the loop that received them. `request` must outlive the
  /// Response. Errors have a kind (KindOf) and name the URL.
  Result<Response> Do(Request& request);
  /// As above; the Response keeps the request alive.
  Result<Response> Do(Request&& request);

  Result<Response> Get(std::string_view url);
  Result<Response> Head(std::string_view url);
  Result<Response> Post(std::string_view url, std::string_view content_type, http::Body body);
  Result<Response> PostForm(std::string_view url, const url::Values& values);

  /// Closes the connections of the Transport that serve no request.
  void CloseIdleConnections();
};

/// Requests by a Client with the default values.
Result<Response> Get(std::string_view url);
Result<Response> Head(std::string_view url);
Result<Response> Post(std::string_view url, std::string_view content_type, http::Body body);
Result<Response> PostForm(std::string_view url, const url::Values& values);

}  // namespace hon::http
