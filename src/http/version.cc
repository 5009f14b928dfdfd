#include "hon/http/version.h"

namespace hon::http {

std::optional<Version> ParseHTTPVersion(std::string_view text) {
  constexpr std::string_view kShape = "HTTP/d.d";
  if (text.size() != kShape.size()) return std::nullopt;
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool fits = kShape[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == kShape[i];
    if (!fits) return std::nullopt;
  }
  return Version{text[5] - '0', text[7] - '0'};
}

}  // namespace hon::http
