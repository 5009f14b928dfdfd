#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "hon/http/header.h"

namespace hon::adaptor::internal {

inline constexpr size_t kFieldsSortedInPlace = 32;

/// Calls `visit(field)` for the fields of `header`, sorted bytewise by name, as Go writes them;
/// fields of one name stay in order. Allocates past kFieldsSortedInPlace fields.
template <class Visit>
void ForEachSorted(const http::Header& header, Visit&& visit) {
  using Pointer = const http::Header::Field*;
  const size_t count = header.Len();
  if (count == 1) return visit(*header.begin());
  std::array<Pointer, kFieldsSortedInPlace> few;
  std::vector<Pointer> many;
  if (count > few.size()) many.resize(count);
  Pointer* const begin = count > few.size() ? many.data() : few.data();
  Pointer* end = begin;
  for (const http::Header::Field& field : header) {
    // By insertion: there is a handful, and mostly in order.
    Pointer* hole = end++;
    if (count <= few.size()) {
      for (; hole != begin && field.name < hole[-1]->name; --hole) *hole = hole[-1];
    }
    *hole = &field;
  }
  if (count > few.size()) {
    std::stable_sort(begin, end, [](Pointer a, Pointer b) { return a->name < b->name; });
  }
  for (Pointer* at = begin; at != end; ++at) visit(**at);
}

}  // namespace hon::adaptor::internal
