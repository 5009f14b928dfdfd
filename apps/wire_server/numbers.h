#pragma once

#include <charconv>
#include <cstdint>
#include <optional>

#include "hon/http/request.h"

namespace hon::wire {

/// The path's wildcard `name` as a number of plain digits within [min, max], or none.
inline std::optional<int64_t> NumberIn(const http::Request& r, std::string_view name, int64_t min,
                                       int64_t max) {
  const std::string_view text = r.PathValue(name);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < min || value > max) return std::nullopt;
  return value;
}

}  // namespace hon::wire
