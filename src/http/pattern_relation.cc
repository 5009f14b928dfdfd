#include <algorithm>

#include "hon/base/quote.h"
#include "http/pattern.h"

namespace hon::http::internal {
namespace {

using Kind = Segment::Kind;

Relation Combine(Relation a, Relation b) {
  if (a == Relation::kDisjoint || b == Relation::kDisjoint) return Relation::kDisjoint;
  return static_cast<Relation>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}

// Whether {x} matches the text of `segment`.
bool FitsSingle(const Segment& segment) {
  return segment.kind == Kind::kLiteral && !segment.text.empty();
}

Relation CompareSegments(const Segment& a, const Segment& b) {
  if (a.kind == b.kind) {
    const bool same = a.kind != Kind::kLiteral || a.text == b.text;
    return same ? Relation::kEquivalent : Relation::kDisjoint;
  }
  if (a.kind == Kind::kRest) return Relation::kMoreGeneral;
  if (b.kind == Kind::kRest) return Relation::kMoreSpecific;
  if (a.kind == Kind::kSingle && FitsSingle(b)) return Relation::kMoreGeneral;
  if (b.kind == Kind::kSingle && FitsSingle(a)) return Relation::kMoreSpecific;
  return Relation::kDisjoint;
}

// "" matches every method, and GET matches HEAD too.
Relation CompareMethods(std::string_view a, std::string_view b) {
  if (a == b) return Relation::kEquivalent;
  if (a.empty() || (a == "GET" && b == "HEAD")) return Relation::kMoreGeneral;
  if (b.empty() || (b == "GET" && a == "HEAD")) return Relation::kMoreSpecific;
  return Relation::kDisjoint;
}

void AppendExample(std::string& path, const Segment& segment) {
  path += '/';
  if (segment.kind == Kind::kLiteral || segment.kind == Kind::kSingle) path += segment.text;
}

void AppendExamples(std::string& path, const std::vector<Segment>& segments, size_t from) {
  for (size_t i = from; i < segments.size(); ++i) AppendExample(path, segments[i]);
}

// A path that both match; they overlap.
std::string CommonPath(const Pattern& a, const Pattern& b) {
  std::string path;
  const size_t shared = std::min(a.segments.size(), b.segments.size());
  for (size_t i = 0; i < shared; ++i) {
    const Kind kind = a.segments[i].kind;
    const bool wild = kind == Kind::kSingle || kind == Kind::kRest;
    AppendExample(path, wild ? b.segments[i] : a.segments[i]);
  }
  AppendExamples(path, a.segments, shared);
  AppendExamples(path, b.segments, shared);
  return path;
}

// A path that `a` matches and `b` does not; they overlap.
std::string DifferencePath(const Pattern& a, const Pattern& b) {
  std::string path;
  const size_t shared = std::min(a.segments.size(), b.segments.size());
  for (size_t i = 0; i < shared; ++i) {
    const Segment& mine = a.segments[i];
    const Segment& theirs = b.segments[i];
    if (mine.kind == Kind::kRest) {
      // The path that ends in a slash here differs, unless the other pattern matches exactly that
      // path: then a path with any segment differs.
      path += '/';
      if (theirs.kind == Kind::kEnd) path += mine.text.empty() ? "x" : mine.text;
      return path;
    }
    AppendExample(path, mine);
    const bool same_text =
        mine.kind == Kind::kSingle && theirs.kind == Kind::kLiteral && mine.text == theirs.text;
    if (same_text) path += 'x';
  }
  AppendExamples(path, a.segments, shared);
  AppendExamples(path, b.segments, shared);
  return path;
}

}  // namespace

Relation ComparePaths(const Pattern& a, const Pattern& b) {
  Relation relation = Relation::kEquivalent;
  const size_t shared = std::min(a.segments.size(), b.segments.size());
  for (size_t i = 0; i < shared && relation != Relation::kDisjoint; ++i) {
    relation = Combine(relation, CompareSegments(a.segments[i], b.segments[i]));
  }
  if (a.segments.size() == b.segments.size()) return relation;
  // The longer pattern has paths in common with the shorter one only if the latter ends in a rest.
  const bool a_is_shorter = a.segments.size() < b.segments.size();
  if (!(a_is_shorter ? a : b).EndsInRest()) return Relation::kDisjoint;
  return Combine(relation, a_is_shorter ? Relation::kMoreGeneral : Relation::kMoreSpecific);
}

Relation ComparePathsAndMethods(const Pattern& a, const Pattern& b) {
  const Relation methods = CompareMethods(a.method, b.method);
  return methods == Relation::kDisjoint ? methods : Combine(methods, ComparePaths(a, b));
}

bool Conflict(const Pattern& a, const Pattern& b) {
  // A host takes precedence over none, and two hosts match no request in common.
  if (a.host != b.host) return false;
  const Relation relation = ComparePathsAndMethods(a, b);
  return relation == Relation::kEquivalent || relation == Relation::kOverlaps;
}

std::string DescribeConflict(const Pattern& a, const Pattern& b) {
  const std::string& x = a.text;
  const std::string& y = b.text;
  if (ComparePathsAndMethods(a, b) == Relation::kEquivalent) {
    return x + " matches the same requests as " + y;
  }
  if (ComparePaths(a, b) == Relation::kOverlaps) {
    return x + " and " + y + " both match some paths, like " + Quote(CommonPath(a, b)) +
           ".\nBut neither is more specific than the other.\n" + x + " matches " +
           Quote(DifferencePath(a, b)) + ", but " + y + " doesn't.\n" + y + " matches " +
           Quote(DifferencePath(b, a)) + ", but " + x + " doesn't.";
  }
  if (CompareMethods(a.method, b.method) == Relation::kMoreGeneral) {
    return x + " matches more methods than " + y + ", but has a more specific path pattern";
  }
  return x + " matches fewer methods than " + y + ", but has a more general path pattern";
}

}  // namespace hon::http::internal
