// A media type that was read is written and read again to the same.

#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/http/mime.h"

namespace {

namespace mime = hon::mime;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const hon::Result<mime::MediaType> media = mime::ParseMediaType(text);
  if (!media) return 0;
  HON_ASSERT(media->params.size() <= mime::kMediaParametersMax);
  const std::string written = mime::FormatMediaType(media->type, media->params);
  if (written.empty()) return 0;  // a continued parameter may have no name
  const hon::Result<mime::MediaType> again = mime::ParseMediaType(written);
  HON_ASSERT(again.has_value());
  HON_ASSERT(again->type == media->type);
  HON_ASSERT(again->params == media->params);
  return 0;
}
