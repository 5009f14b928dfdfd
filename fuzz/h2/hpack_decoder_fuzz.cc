// HPACK: decoded field lists survive the encoder and decode to the same; the blocks after them stay
// in step.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/assert.h"
#include "hon/h2/hpack_decoder.h"
#include "hon/h2/hpack_encoder.h"

namespace {

using namespace hon;
using namespace hon::h2;

void RoundTrip(const std::vector<FieldLine>& lines, HpackEncoder& encoder, HpackDecoder& decoder) {
  size_t bytes = HpackEncoder::kBlockOverheadBytes;
  for (const FieldLine& line : lines) {
    bytes += HpackEncoder::FieldBytesMax(line.name.size(), line.value.size());
  }
  std::string block(bytes, '\0');
  char* to = encoder.Begin(block.data());
  std::vector<const FieldLine*> sent;
  for (const FieldLine& line : lines) {
    if (!line.valid || line.pseudo != PseudoField::kNone) continue;
    to = encoder.WriteField(to, line.name, line.value, line.id, line.sensitive);
    sent.push_back(&line);
  }
  const auto size = static_cast<size_t>(to - block.data());
  HON_ASSERT(size <= block.size());
  block.resize(size);
  Arena arena;
  std::vector<FieldLine> got;
  HON_ASSERT(!decoder.Decode(block, {SIZE_MAX, SIZE_MAX}, arena, got).violation);
  HON_ASSERT(got.size() == sent.size());
  for (size_t i = 0; i < got.size(); ++i) {
    HON_ASSERT(got[i].name == sent[i]->name && got[i].value == sent[i]->value);
    HON_ASSERT(got[i].id == sent[i]->id && got[i].valid);
    HON_ASSERT(!sent[i]->sensitive || got[i].sensitive);
  }
  HON_ASSERT(encoder.TableBytes() == decoder.TableBytes());
}

}  // namespace

// The first byte of each block is its length.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  HpackDecoder decoder;
  HpackEncoder encoder;
  HpackDecoder peer;
  while (!rest.empty()) {
    const size_t length = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    // Memory of the exact size, so that AddressSanitizer detects a read past its end.
    const std::string block(rest.substr(0, length));
    rest.remove_prefix(block.size());
    const FieldLimits limits{16, 4096};
    Arena arena;
    std::vector<FieldLine> lines;
    const DecodedBlock decoded = decoder.Decode(block, limits, arena, lines);
    HON_ASSERT(decoder.TableBytes() <= HpackDecoder::kTableBytesMax);
    HON_ASSERT(lines.size() <= limits.fields_max);
    HON_ASSERT(decoded.too_large || lines.size() == decoded.fields);
    if (decoded.violation) break;
    if (length % 7 == 3) encoder.SetTableBytesMax(length * 20);
    RoundTrip(lines, encoder, peer);
  }
  return 0;
}
