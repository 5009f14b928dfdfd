#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/error.h"

namespace hon::url {

/// More than kQueryParametersMax pieces between "&": nothing was parsed.
inline constexpr Sentinel ErrTooManyParameters{"number of URL query parameters exceeded limit"};
/// A piece holds a bare ";", which some peers take for "&": the piece is dropped.
inline constexpr Sentinel ErrSemicolon{"invalid semicolon separator in query"};

/// The pieces of one query that are parsed.
inline constexpr size_t kQueryParametersMax = 10'000;

/// Keys with lists of values, as Go's url.Values; for queries and forms. Owns its text, which is
/// decoded. Keys are case-sensitive. One thread at a time changes it. Parsing has a limit on the
/// number of values, adding has none.
/// Iteration is in the order of the keys: `for (const auto& [key, list] : values)`.
class Values {
 public:
  using List = std::vector<std::string>;
  using Map = std::map<std::string, List, std::less<>>;

  /// The first value of `key`, or "". The view ends when the key is changed.
  [[nodiscard]] std::string_view Get(std::string_view key) const&;
  /// All values of `key`, in the order they were added; empty when there are none. The reference
  /// ends with the key.
  [[nodiscard]] const List& All(std::string_view key) const&;
  /// The same of Values that end with the expression, as in r.URL.Query().Get("q"): copies.
  [[nodiscard]] std::string Get(std::string_view key) &&;
  [[nodiscard]] List All(std::string_view key) &&;
  [[nodiscard]] bool Has(std::string_view key) const;

  /// Replaces the values of `key` by one.
  void Set(std::string_view key, std::string_view value);
  /// Appends to the values of `key`.
  void Add(std::string_view key, std::string_view value);
  /// Removes all values of `key`.
  void Del(std::string_view key);

  /// Go's `v[key]`: the list, made when missing.
  List& operator[](std::string_view key);

  /// How many keys there are.
  [[nodiscard]] size_t Len() const { return map_.size(); }
  [[nodiscard]] bool Empty() const { return map_.empty(); }
  void Clear() { map_.clear(); }

  [[nodiscard]] Map::const_iterator begin() const { return map_.begin(); }
  [[nodiscard]] Map::const_iterator end() const { return map_.end(); }

  /// "bar=baz&foo=quux", sorted by key, escaped as QueryEscape does.
  [[nodiscard]] std::string Encode() const;

  bool operator==(const Values&) const = default;

 private:
  Map map_;
};

/// Adds the pairs of `query`, which has no "?", to `into`. Pieces are split at "&"; one that holds
/// ";" or a bad escape is dropped, the rest is still added. Returns ErrTooManyParameters (then
/// nothing was added), else ErrSemicolon when a piece held one, else the first ErrEscape.
Error ParseQueryInto(std::string_view query, Values& into);

/// Go's ParseQuery: the values that could be read, and the first error.
struct ParsedQuery {
  Values values;
  Error err;
};
[[nodiscard]] ParsedQuery ParseQuery(std::string_view query);

}  // namespace hon::url
