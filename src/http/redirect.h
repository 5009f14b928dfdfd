#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/http/request.h"
#include "hon/http/response.h"

namespace hon::http::internal {

/// The demands of a redirect's status (RFC 9110 §15.4).
struct RedirectPlan {
  bool follow = false;
  bool keep_body = false;  // method and body stay
  std::string_view method;
};
[[nodiscard]] RedirectPlan PlanRedirect(std::string_view method, int status);

/// Whether both URLs have the same scheme, host and port (RFC 6454 §4), ignoring the case of hosts.
[[nodiscard]] bool SameOrigin(const url::URL& a, const url::URL& b);

/// Whether `name` is a field that holds credentials or cookies.
[[nodiscard]] bool IsCredential(std::string_view name);

/// Whether `name` describes the body that a redirect to GET drops (RFC 9110 §15.4).
[[nodiscard]] bool DescribesBody(std::string_view name);

/// The Referer of a request to `next` after one to `last`, "" for none: no userinfo, no fragment,
/// no Referer from https to http, and only the origin for another origin.
[[nodiscard]] std::string RefererFor(const url::URL& last, const url::URL& next);

/// "user:***@" in place of a password, for messages.
[[nodiscard]] std::string WithoutPassword(const url::URL& url);

}  // namespace hon::http::internal
