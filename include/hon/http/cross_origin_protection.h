#pragma once

#include <memory>
#include <string_view>

#include "hon/base/call_site.h"
#include "hon/base/error.h"
#include "hon/http/handler.h"

namespace hon::http {

/// The errors of Check: a page of another origin made the browser send the request.
inline constexpr Sentinel ErrCrossOrigin{
    "cross-origin request detected from Sec-Fetch-Site header"};
inline constexpr Sentinel ErrCrossOriginOldBrowser{
    "cross-origin request detected, and/or browser is out of date: "
    "Sec-Fetch-Site is missing, and Origin does not match Host"};

/// Refuses requests that other sites make browsers send (CSRF), by Sec-Fetch-Site, or by Origin and
/// Host where a browser sends no Sec-Fetch-Site. GET, HEAD and OPTIONS always pass: handlers must
/// change nothing in answer to them. Requests with neither header do not come from a browser and
/// pass.
///
/// Any method may be called by any thread at any time and applies to requests from then on.
class CrossOriginProtection {
 public:
  /// Trusts no other origin.
  CrossOriginProtection();
  CrossOriginProtection(const CrossOriginProtection&) = delete;
  CrossOriginProtection& operator=(const CrossOriginProtection&) = delete;
  ~CrossOriginProtection();

  /// Lets requests pass whose Origin is exactly `origin`, in the form "scheme://host[:port]". Fails
  /// for any other form; the error's text says why.
  Error AddTrustedOrigin(std::string_view origin);

  /// Lets requests pass that match `pattern`, a pattern of ServeMux, without a redirect. Throws as
  /// ServeMux::Handle.
  void AddInsecureBypassPattern(std::string_view pattern, CallSite where = CallSite::Here());

  /// Sets the handler that answers refused requests. Default: 403 with the error's text.
  void SetDenyHandler(HandlerArg handler);

  /// None, ErrCrossOrigin or ErrCrossOriginOldBrowser.
  [[nodiscard]] Error Check(const Request& r) const;

  /// Calls `handler` for requests that pass. The CrossOriginProtection must outlive the returned
  /// handler.
  [[nodiscard]] HandlerPtr Handler(HandlerArg handler) const;

 private:
  class Wrapper;
  struct State;

  [[nodiscard]] bool IsExempt(const Request& r) const;

  std::unique_ptr<State> state_;
};

}  // namespace hon::http
