#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "adaptor/ascii.h"

namespace hon::adaptor::internal {

/// A Content-Length value: decimal digits only (RFC 9110 §8.6), below 2^63; -1 for all else.
constexpr int64_t ParseDecimal(std::string_view digits) {
  if (digits.empty()) return -1;
  int64_t value = 0;
  for (const char c : digits) {
    if (!IsDigit(c)) return -1;
    const int64_t digit = c - '0';
    if (value > (std::numeric_limits<int64_t>::max() - digit) / 10) return -1;
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace hon::adaptor::internal
