#include "hon/h2/hpack_decoder.h"

#include <cstring>
#include <utility>

#include "h2/dynamic_table.h"
#include "h2/hpack_integer.h"
#include "h2/static_table.h"
#include "hon/base/assert.h"
#include "hon/h2/huffman.h"

namespace hon::h2 {

using internal::DynamicTable;
using internal::kStaticTable;
using internal::ReadInteger;
using internal::StaticEntry;

namespace {

constexpr unsigned char kHuffmanBit = 0x80;

constexpr Violation Broken(std::string_view reason) {
  return ConnectionError(ErrorCode::kCompressionError, reason);
}

}  // namespace

/// The state of one call of Decode.
struct HpackDecoder::Step {
  std::string_view in;
  const FieldLimits& limits;
  Arena& arena;
  std::vector<FieldLine>& into;
  DecodedBlock result;

  // Counts a field. Returns false past a limit: the field is decoded, but not kept.
  bool Count(size_t name_bytes, size_t value_bytes) {
    ++result.fields;
    result.list_bytes += name_bytes + value_bytes + kFieldOverheadBytes;
    if (result.fields > limits.fields_max || result.list_bytes > limits.list_bytes_max) {
      result.too_large = true;
    }
    return !result.too_large;
  }

  // A string literal (RFC 7541 §5.2) as a copy in the arena.
  Violation ReadString(std::string_view& text) {
    if (in.empty()) return Broken("block ends before a string");
    const bool huffman = (static_cast<unsigned char>(in.front()) & kHuffmanBit) != 0;
    const std::optional<uint32_t> size = ReadInteger(in, 7);
    if (!size) return Broken("length of a string is too large or truncated");
    if (*size > in.size()) return Broken("string is longer than the block");
    const std::string_view raw = in.substr(0, *size);
    in.remove_prefix(*size);
    if (!huffman || raw.empty()) {
      text = arena.Copy(raw);
      return {};
    }
    char* const to = static_cast<char*>(arena.Allocate(HuffmanDecodedMax(raw.size())));
    const std::optional<size_t> decoded = HuffmanDecode(raw, to);
    if (!decoded) return Broken("invalid Huffman code");
    text = {to, *decoded};
    return {};
  }
};

HpackDecoder::HpackDecoder(size_t table_bytes_max) : table_bytes_max_(table_bytes_max) {}
HpackDecoder::~HpackDecoder() = default;
HpackDecoder::HpackDecoder(HpackDecoder&&) noexcept = default;
HpackDecoder& HpackDecoder::operator=(HpackDecoder&&) noexcept = default;

size_t HpackDecoder::TableBytes() const { return table_ == nullptr ? 0 : table_->Bytes(); }

DecodedBlock HpackDecoder::Decode(std::string_view block, const FieldLimits& limits, Arena& arena,
                                  std::vector<FieldLine>& into) {
  Step step{block, limits, arena, into, {}};
  bool update_allowed = true;
  while (!step.in.empty()) {
    const auto first = static_cast<unsigned char>(step.in.front());
    Violation violation;
    if ((first & 0x80U) != 0) {
      violation = DecodeIndexed(step);
    } else if ((first & 0x40U) != 0) {
      violation = DecodeLiteral(step, 6);
    } else if ((first & 0x20U) == 0) {
      violation = DecodeLiteral(step, 4);
    } else if (update_allowed) {
      violation = DecodeSizeUpdate(step);
      if (!violation) continue;
    } else {
      violation = Broken("table size update after a field");
    }
    if (violation) {
      step.result.violation = violation;
      break;
    }
    update_allowed = false;  // RFC 7541 §4.2: only at the beginning of a block
  }
  return step.result;
}

// RFC 7541 §6.3.
Violation HpackDecoder::DecodeSizeUpdate(Step& step) {
  const std::optional<uint32_t> size = ReadInteger(step.in, 5);
  if (!size || *size > table_bytes_max_) return Broken("table size above the setting");
  if (table_ == nullptr) {
    // An empty table of any size is the same until the first insertion; then the size matters.
    if (*size == table_bytes_max_) return {};
    table_ = std::make_unique<DynamicTable>(*size);
  } else {
    table_->SetBytesMax(*size);
  }
  return {};
}

// RFC 7541 §6.1.
Violation HpackDecoder::DecodeIndexed(Step& step) {
  const std::optional<uint32_t> index = ReadInteger(step.in, 7);
  if (!index || *index == 0) return Broken("index is 0 or too large");
  if (*index <= kStaticTable.size()) {
    const StaticEntry& entry = kStaticTable[*index - 1];
    if (step.Count(entry.name.size(), entry.value.size())) {
      step.into.push_back({entry.name, entry.value, entry.id, entry.pseudo});
    }
    return {};
  }
  const size_t dynamic = *index - kStaticTable.size() - 1;
  if (table_ == nullptr || dynamic >= table_->Count()) return Broken("index past the table");
  const DynamicTable::Traits& traits = table_->TraitsOf(dynamic);
  const std::string_view name = table_->Name(dynamic);
  const std::string_view value = table_->Value(dynamic);
  if (step.Count(name.size(), value.size())) {
    step.into.push_back({traits.static_name != 0 ? name : step.arena.Copy(name),
                         step.arena.Copy(value), traits.id, traits.pseudo, traits.valid});
  }
  return {};
}

// RFC 7541 §6.2: with incremental indexing (a prefix of 6 bits), or without and never (4 bits).
Violation HpackDecoder::DecodeLiteral(Step& step, unsigned prefix_bits) {
  const bool insert = prefix_bits == 6;
  const auto first = static_cast<unsigned char>(step.in.front());
  const std::optional<uint32_t> index = ReadInteger(step.in, prefix_bits);
  if (!index) return Broken("index too large");
  FieldLine field;
  DynamicTable::Traits traits;
  field.sensitive = !insert && (first & 0x10U) != 0;
  if (*index == 0) {
    if (const Violation violation = step.ReadString(field.name)) return violation;
    traits.id = http::FindHeaderId(field.name);
    traits.pseudo = FindPseudoField(field.name);
    traits.valid = IsFieldName(field.name);
    traits.static_name = internal::kStaticIndexes[static_cast<size_t>(traits.id)];
    // The static table's spelling may replace this one only where both are the same bytes.
    if (!traits.valid) traits.static_name = 0;
  } else if (*index <= kStaticTable.size()) {
    const StaticEntry& entry = kStaticTable[*index - 1];
    field.name = entry.name;
    traits = {entry.id, entry.pseudo, static_cast<uint8_t>(*index), true};
  } else {
    const size_t dynamic = *index - kStaticTable.size() - 1;
    if (table_ == nullptr || dynamic >= table_->Count()) return Broken("index past the table");
    traits = table_->TraitsOf(dynamic);
    field.name = table_->Name(dynamic);
    if (traits.static_name == 0) field.name = step.arena.Copy(field.name);
    traits.valid = IsFieldName(field.name);
  }
  if (const Violation violation = step.ReadString(field.value)) return violation;
  traits.valid = traits.valid && IsFieldValue(field.value);
  if (insert) {
    if (table_ == nullptr) table_ = std::make_unique<DynamicTable>(table_bytes_max_);
    table_->Insert(field.name, field.value, traits);
  }
  field.id = traits.id;
  field.pseudo = traits.pseudo;
  field.valid = traits.valid;
  if (step.Count(field.name.size(), field.value.size())) step.into.push_back(field);
  return {};
}

}  // namespace hon::h2
