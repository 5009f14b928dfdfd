#include "http/boundary.h"

#include <cstddef>
#include <string_view>

#include "http/random_bytes.h"

namespace hon::http::internal {

std::string RandomBoundary() {
  constexpr size_t kBoundaryDigits = 60;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string boundary;
  boundary.reserve(kBoundaryDigits);
  for (const char c : RandomBytes(kBoundaryDigits / 2)) {
    const auto byte = static_cast<unsigned char>(c);
    boundary += kHex[byte >> 4];
    boundary += kHex[byte & 15];
  }
  return boundary;
}

}  // namespace hon::http::internal
