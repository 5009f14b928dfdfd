// Ranges stay inside their content, and an answer never sends more than it declares.

#include <cstdint>
#include <cstring>
#include <string_view>

#include "hon/base/assert.h"
#include "http/range.h"

namespace {

using hon::http::internal::ByteRange;
using hon::http::internal::RangeSet;

}  // namespace

// The first eight bytes are the content's size.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint64_t bits = 0;
  if (size < sizeof bits) return 0;
  std::memcpy(&bits, data, sizeof bits);
  const auto content = static_cast<int64_t>(bits & INT64_MAX);
  const std::string_view field(reinterpret_cast<const char*>(data) + sizeof bits,
                               size - sizeof bits);
  RangeSet set;
  hon::http::internal::ParseRange(field, content, set);
  if (set.verdict != RangeSet::Verdict::kParts) return 0;
  HON_ASSERT(set.count > 0 && set.count <= hon::http::kRangesMax);
  int64_t left = content;
  for (const ByteRange& range : set) {
    HON_ASSERT(range.start >= 0 && range.start < content);
    HON_ASSERT(range.length > 0 && range.length <= content - range.start);
    HON_ASSERT(range.length <= left);
    left -= range.length;
    hon::http::internal::ContentRangeText text;
    HON_ASSERT(FormatContentRange(range, content, text).size() <= text.size());
  }
  return 0;
}
