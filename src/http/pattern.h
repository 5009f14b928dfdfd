#pragma once

// Patterns of ServeMux, "[METHOD ][HOST]/[PATH]", and how two of them relate.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"

namespace hon::http::internal {

/// One part of a pattern's path, between two slashes.
struct Segment {
  enum class Kind : uint8_t {
    kLiteral,  // matches `text`, decoded
    kSingle,   // {name}: one segment that is not empty
    kRest,     // {name...}, or a slash at the end (then without a name): the rest of the path
    kEnd,      // {$}: a slash at the end, and nothing after it
  };
  Kind kind = Kind::kLiteral;
  std::string text;  // the literal, or the wildcard's name

  bool operator==(const Segment&) const = default;
};

struct Pattern {
  std::string text;    // as registered
  std::string method;  // "" for all
  std::string host;    // normalised, "" for all
  std::vector<Segment> segments;
  bool unclean = false;    // only a path that has not been cleaned can match
  bool has_names = false;  // some wildcard has a name

  [[nodiscard]] bool EndsInRest() const { return segments.back().kind == Segment::Kind::kRest; }
};

/// Reads a pattern. Errors have Go's texts: "at offset 3: empty wildcard".
/// `allow_unclean`: paths are not cleaned before they are matched.
Result<Pattern> ParsePattern(std::string_view text, bool allow_unclean);

/// `host` in lower case and without the brackets of an IPv6 address, as patterns and requests are
/// compared. Writes to `into` only if there is something to change.
std::string_view NormaliseHost(std::string_view host, std::string& into);

/// The relation of the requests that two patterns match. Two bits: the first pattern matches some
/// that the second does not, and the other way round.
enum class Relation : uint8_t {
  kEquivalent = 0,
  kMoreGeneral = 1,
  kMoreSpecific = 2,
  kOverlaps = 3,
  kDisjoint = 4,  // no request matches both
};

Relation ComparePaths(const Pattern& a, const Pattern& b);
Relation ComparePathsAndMethods(const Pattern& a, const Pattern& b);

/// Whether some request matches both, and neither takes precedence.
bool Conflict(const Pattern& a, const Pattern& b);

/// Explains why two patterns conflict.
std::string DescribeConflict(const Pattern& a, const Pattern& b);

}  // namespace hon::http::internal
