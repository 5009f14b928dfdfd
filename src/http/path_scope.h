#pragma once

#include <string>
#include <string_view>

#include "hon/http/request.h"

namespace hon::http::internal {

/// A scope in which a Request's path lacks its first bytes. Allocates only in the Request's own
/// memory.
class PathScope {
 public:
  /// Cuts `path_bytes` of URL.Path and `raw_bytes` of URL.RawPath.
  PathScope(Request& r, size_t path_bytes, size_t raw_bytes);
  PathScope(const PathScope&) = delete;
  PathScope& operator=(const PathScope&) = delete;
  ~PathScope();

 private:
  Request& r_;
  const std::string_view path_;
  const std::string_view raw_path_;
  const std::string_view mount_prefix_;
};

}  // namespace hon::http::internal
