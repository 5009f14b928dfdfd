#include "hon/url/path.h"

#include <algorithm>

namespace hon::url {

void CleanPath(std::string_view path, std::string& into) {
  const bool ends_in_slash = !path.empty() && path.back() == '/';
  into.clear();
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(segment.size() + 1, path.size()));
    if (segment == "..") {
      const size_t slash = into.rfind('/');
      into.resize(slash == std::string::npos ? 0 : slash);
    } else if (!segment.empty() && segment != ".") {
      into.append(1, '/').append(segment);
    }
  }
  if (into.empty() || ends_in_slash) into += '/';
}

std::string CleanPath(std::string_view path) {
  std::string clean;
  CleanPath(path, clean);
  return clean;
}

}  // namespace hon::url
