#pragma once

#include <cstddef>
#include <string_view>

namespace hon::http {

/// How many bytes of content DetectContentType looks at.
inline constexpr size_t kSniffBytes = 512;

/// The media type of `data` by its first 512 bytes (WHATWG MIME Sniffing, as far as Go follows
/// it). Never empty: "application/octet-stream" when nothing fits, plain text for no data at all.
/// The view is of static text.
[[nodiscard]] std::string_view DetectContentType(std::string_view data);

}  // namespace hon::http
