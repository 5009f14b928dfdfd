#pragma once

// Whole answers in one call: errors, "not found", redirects.

#include <string>
#include <string_view>

#include "hon/http/handler.h"
#include "hon/http/status.h"

namespace hon::http {

/// Answers `code` (RFC 9110 §15) with `message` and a newline as plain text: Go's http.Error, under
/// a name that hon::Error leaves free. Removes Content-Length; other fields that were set stay.
/// Throws std::invalid_argument for a code outside 100..999.
void ReplyError(ResponseWriter& w, std::string_view message, int code);

/// Answers 404 "404 page not found" (RFC 9110 §15.5.5).
void NotFound(ResponseWriter& w, Request& r);

/// NotFound as a handler.
[[nodiscard]] HandlerPtr NotFoundHandler();

/// Answers `code` (3xx, RFC 9110 §15.4; not checked) with Location `url`. A relative path is
/// resolved against the request's and cleaned; anything with a scheme or a host is left alone.
/// Bytes past ASCII are escaped. A GET without a Content-Type gets a short HTML body.
void Redirect(ResponseWriter& w, Request& r, std::string_view url, int code);

/// Redirect as a handler.
[[nodiscard]] HandlerPtr RedirectHandler(std::string url, int code);

}  // namespace hon::http
