#include "hon/h2/hpack_decoder.h"

#include <array>
#include <cstring>
#include <utility>

#include "h2/dynamic_table.h"
#include "h2/hpack_integer.h"
#include "h2/static_table.h"
#include "hon/base/assert.h"
#include "hon/base/flatten.h"
#include "hon/base/short_copy.h"
#include "hon/h2/huffman.h"

namespace hon::h2 {

using internal::DynamicTable;
using internal::kStaticTable;
using internal::ReadInteger;
using internal::StaticEntry;

namespace {

constexpr unsigned char kHuffmanBit = 0x80;

// The static table as the lines that its indexes stand for.
constexpr std::array<FieldLine, kStaticTable.size()> MakeStaticLines() {
  std::array<FieldLine, kStaticTable.size()> lines;
  for (size_t i = 0; i < lines.size(); ++i) {
    const StaticEntry& entry = kStaticTable[i];
    lines[i] = {entry.name, entry.value, entry.id, entry.pseudo};
  }
  return lines;
}
constexpr auto kStaticLines = MakeStaticLines();

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
    if (result.fields > limits.fields_max || result.list_bytes > limits.list_bytes_max) [[unlikely]]
      result.too_large = true;
    return !result.too_large;
  }

  // The field of an index (RFC 7541 §2.3.3). Texts of the table are copied.
  [[gnu::always_inline]] Fault TakeIndexed(uint32_t index, const DynamicTable* table) {
    if (index <= kStaticTable.size()) {
      if (index == 0) return "index is 0";
      const FieldLine& line = kStaticLines[index - 1];
      if (Count(line.name.size(), line.value.size())) [[likely]]
        into.push_back(line);
      return nullptr;
    }
    const size_t dynamic = index - kStaticTable.size() - 1;
    if (table == nullptr || dynamic >= table->Count()) return "index past the table";
    DynamicTable::Field field = table->Get(dynamic);
    if (!Count(field.name.size(), field.value.size())) [[unlikely]]
      return nullptr;
    if (field.traits.static_name == 0) field.name = CopyShort(field.name, arena);
    into.push_back({field.name, CopyShort(field.value, arena), field.traits.id, field.traits.pseudo,
                    field.traits.valid});
    return nullptr;
  }

  // The fields of indexes of one byte at the front: nearly all of a warm connection's.
  [[gnu::always_inline]] Fault TakeShortIndexes(const DynamicTable* table) {
    constexpr unsigned char kIndexedBit = 0x80;
    constexpr unsigned char kLongIndex = 0xff;
    const char* at = in.data();
    const char* const end = at + in.size();
    Fault fault = nullptr;
    for (; at != end && fault == nullptr; ++at) {
      const auto first = static_cast<unsigned char>(*at);
      if (first < kIndexedBit || first == kLongIndex) break;
      fault = TakeIndexed(first & 0x7fU, table);
    }
    in.remove_prefix(static_cast<size_t>(at - in.data()));
    return fault;
  }

  // A string literal (RFC 7541 §5.2) as a copy in the arena.
  Fault ReadString(std::string_view& text) {
    if (in.empty()) return "block ends before a string";
    const bool huffman = (static_cast<unsigned char>(in.front()) & kHuffmanBit) != 0;
    const std::optional<uint32_t> size = ReadInteger(in, 7);
    if (!size) return "length of a string is too large or truncated";
    if (*size > in.size()) return "string is longer than the block";
    const std::string_view raw = in.substr(0, *size);
    in.remove_prefix(*size);
    if (!huffman || raw.empty()) {
      text = arena.Copy(raw);
      return nullptr;
    }
    char* const to = static_cast<char*>(arena.Allocate(HuffmanDecodedMax(raw.size())));
    const std::optional<size_t> decoded = HuffmanDecode(raw, to);
    if (!decoded) return "invalid Huffman code";
    text = {to, *decoded};
    return nullptr;
  }
};

HpackDecoder::HpackDecoder(size_t table_bytes_max)
    : table_bytes_max_(static_cast<uint32_t>(table_bytes_max)) {}
HpackDecoder::~HpackDecoder() = default;
HpackDecoder::HpackDecoder(HpackDecoder&&) noexcept = default;
HpackDecoder& HpackDecoder::operator=(HpackDecoder&&) noexcept = default;

size_t HpackDecoder::TableBytes() const { return table_ == nullptr ? 0 : table_->Bytes(); }

HON_NO_CANARY DecodedBlock HpackDecoder::Decode(std::string_view block, const FieldLimits& limits,
                                                Arena& arena, std::vector<FieldLine>& into) {
  Step step{block, limits, arena, into, {}};
  bool update_allowed = true;  // RFC 7541 §4.2: only at the beginning of a block
  while (!step.in.empty()) {
    const auto first = static_cast<unsigned char>(step.in.front());
    Fault fault = nullptr;
    if ((first & 0x80U) != 0) {
      fault = first == 0xff ? DecodeLongIndex(step) : step.TakeShortIndexes(table_.get());
    } else if ((first & 0x40U) != 0) {
      fault = DecodeLiteral(step, 6);
    } else if ((first & 0x20U) == 0) {
      fault = DecodeLiteral(step, 4);
    } else if (update_allowed) {
      fault = DecodeSizeUpdate(step);
      if (fault == nullptr) continue;
    } else {
      fault = "table size update after a field";
    }
    if (fault != nullptr) [[unlikely]] {
      step.result.violation = ConnectionError(ErrorCode::kCompressionError, fault);
      break;
    }
    update_allowed = false;
  }
  return step.result;
}

// RFC 7541 §6.3.
HpackDecoder::Fault HpackDecoder::DecodeSizeUpdate(Step& step) {
  const std::optional<uint32_t> size = ReadInteger(step.in, 5);
  if (!size || *size > table_bytes_max_) return "table size above the setting";
  ++table_changes_;
  if (table_ == nullptr) {
    // An empty table of any size is the same until the first insertion; then the size matters.
    if (*size == table_bytes_max_) return nullptr;
    table_ = std::make_unique<DynamicTable>(*size);
  } else {
    table_->SetBytesMax(*size);
  }
  return nullptr;
}

// RFC 7541 §6.1, an index of several bytes.
HpackDecoder::Fault HpackDecoder::DecodeLongIndex(Step& step) {
  const std::optional<uint32_t> index = ReadInteger(step.in, 7);
  if (!index) return "index is too large or truncated";
  return step.TakeIndexed(*index, table_.get());
}

// RFC 7541 §6.2: with incremental indexing (a prefix of 6 bits), or without and never (4 bits).
HpackDecoder::Fault HpackDecoder::DecodeLiteral(Step& step, unsigned prefix_bits) {
  const bool insert = prefix_bits == 6;
  const auto first = static_cast<unsigned char>(step.in.front());
  const std::optional<uint32_t> index = ReadInteger(step.in, prefix_bits);
  if (!index) return "index too large";
  FieldLine field;
  DynamicTable::Traits traits;
  field.sensitive = !insert && (first & 0x10U) != 0;
  if (*index == 0) {
    if (const Fault fault = step.ReadString(field.name); fault != nullptr) return fault;
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
    if (table_ == nullptr || dynamic >= table_->Count()) return "index past the table";
    traits = table_->TraitsOf(dynamic);
    field.name = table_->Name(dynamic);
    if (traits.static_name == 0) field.name = step.arena.Copy(field.name);
    traits.valid = IsFieldName(field.name);
  }
  if (const Fault fault = step.ReadString(field.value); fault != nullptr) return fault;
  traits.valid = traits.valid && IsFieldValue(field.value);
  if (insert) {
    if (table_ == nullptr) table_ = std::make_unique<DynamicTable>(table_bytes_max_);
    table_->Insert(field.name, field.value, traits);
    ++table_changes_;
  }
  field.id = traits.id;
  field.pseudo = traits.pseudo;
  field.valid = traits.valid;
  if (step.Count(field.name.size(), field.value.size())) step.into.push_back(field);
  return nullptr;
}

}  // namespace hon::h2
