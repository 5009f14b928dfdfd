#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hon/http/file_server.h"

namespace hon::http::internal {

/// `length` bytes from `start` on.
struct ByteRange {
  int64_t start;
  int64_t length;
};

/// The ranges of a Range field.
struct RangeSet {
  enum class Verdict : uint8_t {
    kWhole,          // no field, an empty list, or a field that must be ignored: send everything
    kParts,          // send `ranges`, at least one
    kMalformed,      // 416
    kUnsatisfiable,  // 416, with the length of the content
  };
  Verdict verdict = Verdict::kWhole;
  size_t count = 0;
  std::array<ByteRange, kRangesMax> ranges;

  [[nodiscard]] const ByteRange* begin() const { return ranges.data(); }
  [[nodiscard]] const ByteRange* end() const { return ranges.data() + count; }
};

/// Reads a Range field's value (RFC 9110 §14.2) for content of `size` bytes into `into`.
void ParseRange(std::string_view field, int64_t size, RangeSet& into);

/// Room for "bytes start-end/size" with the largest numbers.
using ContentRangeText = std::array<char, 72>;

/// "bytes start-end/size" (RFC 9110 §14.4), written into `into`.
[[nodiscard]] std::string_view FormatContentRange(const ByteRange& range, int64_t size,
                                                  ContentRangeText& into);
/// "bytes */size".
[[nodiscard]] std::string_view FormatUnsatisfied(int64_t size, ContentRangeText& into);

}  // namespace hon::http::internal
