#include "http/random_bytes.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace hon::http::internal {

std::string RandomBytes(size_t count) {
  std::random_device random;
  std::string bytes(count, '\0');
  for (size_t at = 0; at < count;) {
    const unsigned word = random();
    const size_t size = std::min(sizeof word, count - at);
    std::memcpy(bytes.data() + at, &word, size);
    at += size;
  }
  return bytes;
}

}  // namespace hon::http::internal
