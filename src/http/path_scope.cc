#include "http/path_scope.h"

#include "http/request_path.h"

namespace hon::http::internal {

PathScope::PathScope(Request& r, size_t path_bytes, size_t raw_bytes)
    : r_(r),
      path_(r.Own(r.URL.Path)),
      raw_path_(r.Own(r.URL.RawPath)),
      mount_prefix_(r.mount_prefix_) {
  std::string prefix(mount_prefix_);
  prefix += raw_path_.empty() ? Escaped({path_.substr(0, path_bytes), false, true})
                              : std::string(raw_path_.substr(0, raw_bytes));
  r.mount_prefix_ = r.Own(prefix);
  r.URL.Path.erase(0, path_bytes);
  r.URL.RawPath.erase(0, raw_bytes);
}

PathScope::~PathScope() {
  r_.URL.Path.assign(path_);
  r_.URL.RawPath.assign(raw_path_);
  r_.mount_prefix_ = mount_prefix_;
}

}  // namespace hon::http::internal
