#include "http/boundary.h"

#include <cstddef>
#include <random>
#include <string_view>

namespace hon::http::internal {

std::string RandomBoundary() {
  constexpr size_t kBoundaryDigits = 60;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::random_device random;
  std::string boundary(kBoundaryDigits, '0');
  unsigned int bits = 0;
  for (size_t i = 0; i < kBoundaryDigits; ++i) {
    if (i % 8 == 0) bits = random();
    boundary[i] = kHex[bits & 15];
    bits >>= 4;
  }
  return boundary;
}

}  // namespace hon::http::internal
