#pragma once

// Tokens, blanks and lists of RFC 9110 §5.6, for heads and trailers.

#include <cstddef>
#include <string_view>

#include "http/list.h"

namespace hon::adaptor::internal {

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

using http::internal::EqualFold;
using http::internal::ForEachElement;
using http::internal::ListHasFold;
using http::internal::ToLower;
using http::internal::TrimBlanks;

/// Whether `text` equals `lower`, which has no upper-case letter, ignoring ASCII case.
constexpr bool EqualsLower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (ToLower(text[i]) != lower[i]) return false;
  }
  return true;
}

/// Whether the list has the element `lower`, in any case.
constexpr bool ListHas(std::string_view list, std::string_view lower) {
  return http::internal::AnyElement(
      list, [&](std::string_view element) { return EqualsLower(element, lower); });
}

}  // namespace hon::adaptor::internal
