#pragma once

// One block of HPACK, written from texts, and decoded to texts that a test may keep.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/base/arena.h"
#include "hon/h2/hpack_decoder.h"
#include "hon/h2/hpack_encoder.h"

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

/// One block of `fields`; `never_indexed` is asked for each that is no pseudo-field.
template <class NeverIndexed>
std::string Encode(HpackEncoder& encoder, const Fields& fields, NeverIndexed never_indexed) {
  size_t bytes = HpackEncoder::kBlockOverheadBytes;
  for (const auto& [name, value] : fields) {
    bytes += HpackEncoder::FieldBytesMax(name.size(), value.size());
  }
  std::string block(bytes, '\0');
  char* to = encoder.Begin(block.data());
  for (const auto& [name, value] : fields) {
    const PseudoField pseudo = FindPseudoField(name);
    to = pseudo == PseudoField::kNone
             ? encoder.WriteField(to, name, value, http::FindHeaderId(name), never_indexed())
             : encoder.WritePseudo(to, pseudo, value);
  }
  block.resize(static_cast<size_t>(to - block.data()));
  return block;
}
inline std::string Encode(HpackEncoder& encoder, const Fields& fields) {
  return Encode(encoder, fields, [] { return false; });
}

}  // namespace hon::h2::testing
