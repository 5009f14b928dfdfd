#pragma once

// The path of a request as muxes match it.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "hon/base/eight_bytes.h"
#include "hon/url/url.h"

namespace hon::http::internal {

/// A path whose slashes separate segments. When URL.RawPath is empty, no slash or dot of the
/// decoded path was escaped, and the decoded path is taken; otherwise the escaped form is needed.
struct RequestPath {
  std::string_view text;  // begins with "/", or is empty
  bool escaped = false;   // segments are percent-encoded
  bool clean = true;      // no "//", "." or ".."
};

/// Whether no "/" is followed by "/" or "."; most clean paths are so. Tests eight places at once: a
/// byte of `miss` is zero where a slash is followed by a slash or dot, which differ in the last bit
/// only.
inline bool IsPlain(std::string_view path) {
  constexpr uint64_t kSlashes = kEachByte * '/';
  const auto load = [](const char* at) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
  };
  const auto clashes = [&](const char* at) {
    const uint64_t miss = (load(at) ^ kSlashes) | ((load(at + 1) | kEachByte) ^ kSlashes);
    return ZeroBytes(miss) != 0;
  };
  const char* at = path.data();
  size_t left = path.size();
  bool plain = true;
  if (left > 8) {
    for (; left > 16; left -= 8, at += 8) plain &= !clashes(at);
    plain &= !clashes(at);
    return plain && !clashes(at + left - 9);
  }
  for (; left > 1; --left, ++at) plain &= at[0] != '/' || (at[1] != '/' && at[1] != '.');
  return plain;
}

/// Whether PathOf(url) is url.Path, and plain.
inline bool IsPlain(const url::URL& url) {
  const std::string_view path = url.Path;
  return url.RawPath.empty() && path.starts_with('/') && IsPlain(path);
}

/// The path of `url`: a view of `url`, or of `scratch` when the path does not begin with "/".
RequestPath PathOf(const url::URL& url, std::string& scratch);

/// `path` in escaped form.
std::string Escaped(RequestPath path);

/// `host` without ":port", as Go's net.SplitHostPort sees it; unchanged when it is malformed.
std::string_view StripPort(std::string_view host);

/// Makes `host` NormaliseHost(StripPort(host)) where that needs no copy. Returns false, and changes
/// nothing, for other hosts: with an upper-case letter, with brackets, with a port that is not a
/// number.
bool TakePortOffPlain(std::string_view& host);

}  // namespace hon::http::internal
