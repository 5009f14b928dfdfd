#include "http/range.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "http/list.h"

namespace hon::http::internal {
namespace {

// Digits alone (RFC 9110 §14.1.1) whose number fits int64_t.
std::optional<int64_t> ParseNumber(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

enum class Found : uint8_t { kRange, kOutside, kMalformed };

// The last `suffix` bytes. Zero bytes are as unsatisfiable as a start past the end.
Found Suffix(int64_t suffix, int64_t size, ByteRange& out) {
  out.length = std::min(suffix, size);
  out.start = size - out.length;
  return out.length > 0 ? Found::kRange : Found::kOutside;
}

Found ParseOne(std::string_view text, int64_t size, ByteRange& out) {
  const size_t dash = text.find('-');
  if (dash == text.npos) return Found::kMalformed;
  const std::string_view first = TrimBlanks(text.substr(0, dash));
  const std::string_view last = TrimBlanks(text.substr(dash + 1));
  if (first.empty()) {
    const std::optional<int64_t> suffix = ParseNumber(last);
    return suffix ? Suffix(*suffix, size, out) : Found::kMalformed;
  }
  const std::optional<int64_t> start = ParseNumber(first);
  if (!start) return Found::kMalformed;
  if (*start >= size) return Found::kOutside;
  int64_t end = size - 1;
  if (!last.empty()) {
    const std::optional<int64_t> named = ParseNumber(last);
    if (!named || *named < *start) return Found::kMalformed;
    end = std::min(end, *named);
  }
  out = {*start, end - *start + 1};
  return Found::kRange;
}

bool Overlap(const ByteRange& a, const ByteRange& b) {
  return a.start < b.start + b.length && b.start < a.start + a.length;
}

// Whether sending the whole content is cheaper than sending the ranges.
bool TooGreedy(const RangeSet& set, int64_t size) {
  int64_t left = size;
  size_t overlaps = 0;
  for (const ByteRange& range : set) {
    if (range.length > left) return true;
    left -= range.length;
    for (const ByteRange* other = set.begin(); other != &range; ++other) {
      if (Overlap(range, *other) && ++overlaps > kRangeOverlapsMax) return true;
    }
  }
  return false;
}

}  // namespace

void ParseRange(std::string_view field, int64_t size, RangeSet& into) {
  using Verdict = RangeSet::Verdict;
  into.verdict = Verdict::kWhole;
  into.count = 0;
  const size_t equals = std::min(field.find('='), field.size());
  const std::string_view unit = field.substr(0, equals);
  const bool known = EqualFold(unit, "bytes");
  // RFC 9110 §14.2: a field with an unknown range unit is ignored.
  if (field.empty() || (equals < field.size() && IsToken(unit) && !known)) return;
  into.verdict = Verdict::kMalformed;
  if (equals == field.size() || !known) return;
  std::string_view rest = field.substr(equals + 1);
  bool outside = false;
  bool too_many = false;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view text = TrimBlanks(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (text.empty()) continue;
    ByteRange range = {};
    const Found found = ParseOne(text, size, range);
    if (found == Found::kMalformed) return;
    outside = outside || found == Found::kOutside;
    if (found != Found::kRange) continue;
    too_many = too_many || into.count == kRangesMax;
    if (!too_many) into.ranges[into.count++] = range;
  }
  if (into.count > 0) {
    into.verdict = too_many || TooGreedy(into, size) ? Verdict::kWhole : Verdict::kParts;
  } else {
    // Some clients ask for a range of everything they fetch: an empty content is answered as a
    // whole.
    into.verdict = outside && size > 0 ? Verdict::kUnsatisfiable : Verdict::kWhole;
  }
}

std::string_view FormatContentRange(const ByteRange& range, int64_t size, ContentRangeText& into) {
  char* const end = into.data() + into.size();
  char* at = std::copy_n("bytes ", 6, into.data());
  at = std::to_chars(at, end, range.start).ptr;
  *at++ = '-';
  at = std::to_chars(at, end, range.start + range.length - 1).ptr;
  *at++ = '/';
  at = std::to_chars(at, end, size).ptr;
  return {into.data(), static_cast<size_t>(at - into.data())};
}

std::string_view FormatUnsatisfied(int64_t size, ContentRangeText& into) {
  char* at = std::copy_n("bytes */", 8, into.data());
  at = std::to_chars(at, into.data() + into.size(), size).ptr;
  return {into.data(), static_cast<size_t>(at - into.data())};
}

}  // namespace hon::http::internal
