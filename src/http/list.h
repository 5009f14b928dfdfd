#pragma once

#include <algorithm>
#include <string_view>

#include "http/token.h"

namespace hon::http::internal {

constexpr std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Whether a comma-separated list has `element`, compared without case.
constexpr bool ListHasFold(std::string_view list, std::string_view element) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (EqualFold(TrimBlanks(list.substr(0, comma)), element)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace hon::http::internal
