#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "hon/http/header.h"

namespace hon::adaptor::internal {

inline constexpr size_t kFieldsSortedInPlace = 32;

/// ForEachSorted past kFieldsSortedInPlace fields: allocates.
template <class Visit>
void ForEachOfManySorted(const http::Header& header, Visit& visit) {
  std::vector<const http::Header::Field*> sorted;
  sorted.reserve(header.Len());
  for (const http::Header::Field& field : header) sorted.push_back(&field);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return a->name < b->name; });
  for (const http::Header::Field* field : sorted) visit(*field);
}

/// Calls `visit(field)` for the fields of `header`, sorted bytewise by name, as Go writes them;
/// fields of one name stay in order.
template <class Visit>
void ForEachSorted(const http::Header& header, Visit&& visit) {
  if (header.Len() > kFieldsSortedInPlace) return ForEachOfManySorted(header, visit);
  // Insertion sort: the fields are few and mostly in order.
  std::array<const http::Header::Field*, kFieldsSortedInPlace> sorted;
  auto end = sorted.begin();
  for (const http::Header::Field& field : header) {
    auto hole = end++;
    for (; hole != sorted.begin() && field.name < hole[-1]->name; --hole) *hole = hole[-1];
    *hole = &field;
  }
  for (auto at = sorted.begin(); at != end; ++at) visit(**at);
}

}  // namespace hon::adaptor::internal
