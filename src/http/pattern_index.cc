#include "http/pattern_index.h"

#include <algorithm>

namespace hon::http::internal {
namespace {

using Kind = Segment::Kind;

// A segment's kind and text as one key. Kinds other than literals have keys that no literal has.
std::string Describe(const Segment& segment) {
  switch (segment.kind) {
    case Kind::kLiteral:
      return "=" + segment.text;
    case Kind::kSingle:
      return "{}";
    case Kind::kRest:
      return "{...}";
    case Kind::kEnd:
      return "{$}";
  }
  return {};
}

}  // namespace

void PatternIndex::Add(const RouteEntry& entry) {
  all_.push_back(&entry);
  const std::vector<Segment>& segments = entry.pattern.segments;
  for (size_t i = 0; i < segments.size(); ++i) {
    by_segment_[{i, Describe(segments[i])}].push_back(&entry);
  }
}

const PatternIndex::Entries& PatternIndex::At(size_t position, const std::string& what) const {
  static const Entries kNone;
  const auto found = by_segment_.find({position, what});
  return found == by_segment_.end() ? kNone : found->second;
}

// At a segment where one of two overlapping patterns has a literal or {$}, the other has the same
// segment, a wildcard, or an earlier rest. So the list of each such segment of `pattern` holds
// every possible conflict: the shortest list is searched.
std::vector<const PatternIndex::Entries*> PatternIndex::Candidates(const Pattern& pattern) const {
  std::vector<const Entries*> best = {&all_};
  size_t best_size = all_.size();
  std::vector<const Entries*> rests;
  size_t rests_size = 0;
  for (size_t i = 0; i < pattern.segments.size(); ++i) {
    rests.push_back(&At(i, "{...}"));
    rests_size += rests.back()->size();
    const Segment& segment = pattern.segments[i];
    if (segment.kind != Kind::kLiteral && segment.kind != Kind::kEnd) continue;
    const Entries& same = At(i, Describe(segment));
    const Entries& singles = At(i, "{}");
    const size_t size = rests_size + same.size() + singles.size();
    if (size >= best_size) continue;
    best_size = size;
    best = rests;
    best.push_back(&same);
    best.push_back(&singles);
  }
  return best;
}

const RouteEntry* PatternIndex::FindConflict(const Pattern& pattern) const {
  for (const Entries* entries : Candidates(pattern)) {
    for (const RouteEntry* entry : *entries) {
      if (Conflict(pattern, entry->pattern)) return entry;
    }
  }
  return nullptr;
}

}  // namespace hon::http::internal
