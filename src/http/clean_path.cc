#include "http/clean_path.h"

#include <algorithm>

namespace hon::http::internal {

Result<std::string_view> CleanPath(std::string_view name, std::span<char> into) {
  // The system would end the name at a NUL.
  if (name.find('\0') != name.npos) return Fail(ErrInvalidPath);
  size_t size = 0;
  while (!name.empty()) {
    const std::string_view element = name.substr(0, name.find('/'));
    name.remove_prefix(std::min(element.size() + 1, name.size()));
    if (element.empty() || element == ".") continue;
    if (element == "..") {
      const size_t slash = std::string_view(into.data(), size).rfind('/');
      size = slash == std::string_view::npos ? 0 : slash;
      continue;
    }
    if (size + 1 + element.size() >= into.size()) return Fail(ErrNotExist);
    if (size > 0) into[size++] = '/';
    size += element.copy(into.data() + size, element.size());
  }
  if (size == 0) into[size++] = '.';
  into[size] = '\0';
  return std::string_view(into.data(), size);
}

Result<std::string_view> CleanRootedPath(std::string_view name, PathBuffer& into) {
  into[0] = '/';
  HON_TRY(const std::string_view clean, CleanPath(name, std::span(into).subspan(1)));
  return std::string_view(into.data(), clean == "." ? 1 : clean.size() + 1);
}

}  // namespace hon::http::internal
