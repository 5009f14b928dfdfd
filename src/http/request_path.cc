#include "http/request_path.h"

#include <cstddef>

namespace hon::http::internal {
namespace {

// Whether cleaning would leave `path` unchanged.
bool IsClean(std::string_view path) {
  while (path.size() > 1) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment.empty() || segment == "." || segment == "..") return false;
    path.remove_prefix(segment.size());
  }
  return true;
}

}  // namespace

RequestPath OtherPathOf(const url::URL& url, std::string& scratch) {
  RequestPath path{url.Path, false, true};
  if (!url.RawPath.empty()) {
    path.text = url.EscapedPathView(scratch);
    path.escaped = true;
  }
  if (path.text.empty() || path.text.front() != '/') {
    path.clean = false;
    if (path.text.empty()) return path;
    std::string rooted = "/";
    rooted.append(path.text);
    scratch.swap(rooted);
    path.text = scratch;
    return path;
  }
  path.clean = IsPlain(path.text) || IsClean(path.text);
  return path;
}

std::string Escaped(RequestPath path) {
  if (path.escaped) return std::string(path.text);
  url::URL url;
  url.Path.assign(path.text);
  return url.EscapedPath();
}

std::string_view StripPort(std::string_view host) {
  if (host.starts_with('[')) {
    const size_t close = host.find(']');
    const size_t colon = host.rfind(':');
    return close != std::string_view::npos && close + 1 == colon ? host.substr(0, colon) : host;
  }
  // By calls of memchr: find_first_of makes one for each byte.
  const size_t colon = host.find(':');
  if (colon == std::string_view::npos || host.find(':', colon + 1) != std::string_view::npos ||
      host.find('[') != std::string_view::npos || host.find(']') != std::string_view::npos) {
    return host;
  }
  return host.substr(0, colon);
}

}  // namespace hon::http::internal
