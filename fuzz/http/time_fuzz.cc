// A date that was read is written and read again to the same second.

#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/http/time.h"

namespace {

namespace http = hon::http;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const hon::Result<http::Time> time = http::ParseTime(text);
  if (!time) return 0;
  const std::string written = http::FormatTime(*time);
  const hon::Result<http::Time> again = http::ParseTime(written);
  HON_ASSERT(again.has_value());
  HON_ASSERT(*again == *time);
  return 0;
}
