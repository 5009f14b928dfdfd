#include "http/mounted_handler.h"

#include <algorithm>
#include <string_view>

#include "http/path_scope.h"

namespace hon::http::internal {
namespace {

// How many bytes the first `segments` segments of `path` take, slashes before them included.
size_t SegmentBytes(std::string_view path, size_t segments) {
  size_t bytes = 0;
  for (; segments > 0; --segments) bytes = std::min(path.find('/', bytes + 1), path.size());
  return bytes;
}

}  // namespace

void MountedHandler::ServeHTTP(ResponseWriter& w, Request& r) {
  // "%2F" is a slash in Path but not in RawPath: the same text must be cut from both.
  const size_t raw_bytes = SegmentBytes(r.URL.RawPath, segments_);
  size_t path_bytes = SegmentBytes(r.URL.Path, segments_);
  url::URL cut;
  if (raw_bytes > 0 && !cut.SetEscapedPath(std::string_view(r.URL.RawPath).substr(0, raw_bytes))) {
    path_bytes = cut.Path.size();
  }
  const PathScope scope(r, path_bytes, raw_bytes);
  handler_->ServeHTTP(w, r);
}

}  // namespace hon::http::internal
