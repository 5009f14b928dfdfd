#pragma once

// Tokens, blanks and lists of RFC 9110 §5.6, for heads and trailers.

#include <cstddef>
#include <string_view>

namespace hon::adaptor::internal {

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// `text` without the blanks (OWS) around it.
constexpr std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// Whether `text` equals `lower`, which has no upper-case letter, ignoring ASCII case.
constexpr bool EqualsLower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (ToLower(text[i]) != lower[i]) return false;
  }
  return true;
}

/// Whether `a` and `b` are equal but for ASCII case.
constexpr bool EqualFold(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (ToLower(a[i]) != ToLower(b[i])) return false;
  }
  return true;
}

/// Calls `visit` with each element of a comma-separated list, trimmed; empty ones are skipped.
template <class Visit>
constexpr void ForEachElement(std::string_view list, Visit&& visit) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view element = TrimBlanks(list.substr(0, comma));
    if (!element.empty()) visit(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

/// Whether the list has the element `lower`, in any case.
constexpr bool ListHas(std::string_view list, std::string_view lower) {
  bool found = false;
  ForEachElement(list, [&](std::string_view element) { found |= EqualsLower(element, lower); });
  return found;
}

/// Whether the list has `element`, ignoring the case of both.
constexpr bool ListHasFold(std::string_view list, std::string_view element) {
  bool found = false;
  ForEachElement(list, [&](std::string_view other) { found |= EqualFold(other, element); });
  return found;
}

}  // namespace hon::adaptor::internal
