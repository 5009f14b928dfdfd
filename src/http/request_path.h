#pragma once

// The path of a request as muxes look at it.

#include <string>
#include <string_view>

#include "hon/url/url.h"

namespace hon::http::internal {

/// A path whose slashes part segments. When URL.RawPath is empty, no slash or dot of the decoded
/// path was escaped, so that can be taken as it is; else the escaped form is needed.
struct RequestPath {
  std::string_view text;  // begins with "/", or is empty
  bool escaped = false;   // segments are percent-encoded
  bool clean = true;      // no "//", "." or ".."
};

/// The path of `url`; views it, or `scratch` when it does not begin with "/".
RequestPath PathOf(const url::URL& url, std::string& scratch);

/// `path` in escaped form.
std::string Escaped(RequestPath path);

/// `host` without ":port", as Go's net.SplitHostPort sees it; unchanged when it is malformed.
std::string_view StripPort(std::string_view host);

}  // namespace hon::http::internal
