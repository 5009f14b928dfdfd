#include "http/request_path.h"

#include <cstddef>
#include <cstdint>

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

// Whether any byte of `word` is from ":" to "]". The addition carries into the high bit of a byte
// from its lower bound on; seven bits a byte are added, so that no carry leaves it.
bool HasDelimiter(uint64_t word) {
  const uint64_t low = word & ~kEachHighBit;
  const uint64_t from_colon = low + kEachByte * (0x80 - ':');
  const uint64_t behind_bracket = low + kEachByte * (0x80 - (']' + 1));
  return (from_colon & ~behind_bracket & ~word & kEachHighBit) != 0;
}

// Whether `name` has a ":", a bracket or an upper-case letter; or one of ";<=>?@\", which no host
// has.
bool HasNameDelimiter(std::string_view name) { return AnyWord(name, 'a', HasDelimiter); }

}  // namespace

RequestPath PathOf(const url::URL& url, std::string& scratch) {
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

bool TakePortOffPlain(std::string_view& host) {
  size_t size = host.size();
  while (size != 0 && host[size - 1] >= '0' && host[size - 1] <= '9') --size;
  const bool port = size != 0 && host[size - 1] == ':';
  size = port ? size - 1 : host.size();
  if (HasNameDelimiter(host.substr(0, size))) return false;
  host = host.substr(0, size);
  return true;
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
