#pragma once

// Field lines of a head or a trailer section (RFC 9112 §5), strictly: CRLF, no folding, no blank
// around a name.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "adaptor/ascii.h"
#include "adaptor/head_cursor.h"
#include "hon/adaptor/head_parser.h"

namespace hon::adaptor::internal {

/// The progress of a pass over lines.
struct Pass {
  HeadStatus status = HeadStatus::kIncomplete;
  Refusal refusal = Refusal::kNone;
  const char* at = nullptr;  // kDone: behind the last byte; else: the line that is not judged, or
                             // bad
};

inline Pass Incomplete(const char* line) { return {HeadStatus::kIncomplete, Refusal::kNone, line}; }

/// A line is judged once its end has arrived: until then it is incomplete, however bad.
inline Pass Judge(const char* line, const char* end, Refusal refusal) {
  if (std::memchr(line, '\n', static_cast<size_t>(end - line)) == nullptr) return Incomplete(line);
  return {HeadStatus::kBad, refusal, line};
}

/// The refusal for a line whose name does not end with a colon. Go distinguishes a space in the
/// name from other faults.
Refusal WhyBadName(const char* line, const char* end);

/// Reads the field lines from `line` to the empty one and calls `take(name, value)` for each, the
/// value without the blanks around it.
template <class Take>
Pass ParseFieldLines(HeadCursor& cursor, const char* line, Take&& take) {
  const char* const end = cursor.End();
  for (;;) {
    const char* name_end = cursor.Find<&ScanMasks::no_token>(line);
    if (name_end == end) return Incomplete(line);
    if (*name_end != ':' || name_end == line) [[unlikely]] {
      if (name_end != line || *line != '\r') return Judge(line, end, WhyBadName(line, end));
      if (line + 1 == end) return Incomplete(line);
      if (line[1] != '\n') return Judge(line, end, Refusal::kBadRequest);
      return {HeadStatus::kDone, Refusal::kNone, line + 2};
    }
    const char* value = name_end + 1;
    if (end - value >= 2 && value[0] == ' ' && value[1] > ' ') [[likely]] {
      ++value;  // the usual blank
    } else {
      while (value != end && IsBlank(*value)) ++value;
    }
    const char* value_end = cursor.Find<&ScanMasks::control>(value);
    if (end - value_end < 2) {
      if (value_end == end || *value_end == '\r') return Incomplete(line);
      return Judge(line, end, Refusal::kBadRequest);
    }
    if (value_end[0] != '\r' || value_end[1] != '\n') [[unlikely]] {
      return Judge(line, end, Refusal::kBadRequest);
    }
    const char* const next = value_end + 2;
    while (value_end != value && IsBlank(value_end[-1])) --value_end;
    take(std::string_view(line, static_cast<size_t>(name_end - line)),
         std::string_view(value, static_cast<size_t>(value_end - value)));
    line = next;
  }
}

}  // namespace hon::adaptor::internal
