#pragma once

// One block of HPACK, decoded to texts that a test may keep.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/base/arena.h"
#include "hon/h2/hpack_decoder.h"

namespace hon::h2::testing {

using Fields = std::vector<std::pair<std::string, std::string>>;

inline constexpr FieldLimits kLimits;

struct Decoded {
  Fields fields;
  DecodedBlock block;
};

inline Decoded Decode(HpackDecoder& decoder, std::string_view block,
                      const FieldLimits& limits = kLimits) {
  Arena arena;
  std::vector<FieldLine> lines;
  Decoded decoded;
  const std::string copy(block);
  decoded.block = decoder.Decode(copy, limits, arena, lines);
  for (const FieldLine& line : lines) decoded.fields.emplace_back(line.name, line.value);
  return decoded;
}

}  // namespace hon::h2::testing
