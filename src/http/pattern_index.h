#pragma once

// Narrows down the registered patterns that a new pattern could conflict with, so that registering
// n patterns does not compare n * n.

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "http/routing_tree.h"

namespace hon::http::internal {

/// Not thread-safe.
class PatternIndex {
 public:
  void Add(const RouteEntry& entry);

  /// A registered entry that `pattern` conflicts with, or null.
  [[nodiscard]] const RouteEntry* FindConflict(const Pattern& pattern) const;

 private:
  using Entries = std::vector<const RouteEntry*>;
  using SegmentKey = std::pair<size_t, std::string>;  // index of a segment, and its description

  [[nodiscard]] const Entries& At(size_t position, const std::string& what) const;
  [[nodiscard]] std::vector<const Entries*> Candidates(const Pattern& pattern) const;

  Entries all_;
  std::map<SegmentKey, Entries> by_segment_;
};

}  // namespace hon::http::internal
