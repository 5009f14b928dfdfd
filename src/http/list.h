#pragma once

// Comma-separated lists in field values (RFC 9110 §5.6.1).

#include <algorithm>
#include <string_view>

#include "hon/http/header.h"
#include "http/token.h"

namespace hon::http::internal {

/// `text` without the blanks (OWS) around it.
constexpr std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Calls `visit` with each element of a list, trimmed, until a call returns true; returns whether
/// one has. Empty elements are skipped.
template <class Visit>
constexpr bool AnyElement(std::string_view list, Visit&& visit) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view element = TrimBlanks(list.substr(0, comma));
    if (!element.empty() && visit(element)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

/// Calls `visit` with each element of a list, trimmed. Empty elements are skipped.
template <class Visit>
constexpr void ForEachElement(std::string_view list, Visit&& visit) {
  AnyElement(list, [&](std::string_view element) {
    visit(element);
    return false;
  });
}

/// Whether a list has `element`, compared without case.
constexpr bool ListHasFold(std::string_view list, std::string_view element) {
  return AnyElement(list, [&](std::string_view other) { return EqualFold(other, element); });
}

/// Whether a line of the field `name` lists `element` (RFC 9110 §5.3), compared without case.
inline bool FieldLists(const Header& header, std::string_view name, std::string_view element) {
  return std::any_of(header.begin(), header.end(), [&](const Header::Field& field) {
    return EqualFold(field.name, name) && ListHasFold(field.value, element);
  });
}

}  // namespace hon::http::internal
