#pragma once

// HPACK (RFC 7541), the reading side: field blocks in, field lines out.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "hon/base/arena.h"
#include "hon/h2/field_line.h"
#include "hon/h2/frame.h"

namespace hon::h2 {

namespace internal {
class DynamicTable;
}  // namespace internal

/// Limits of one field section. A section past a limit is still decoded to its end, since the
/// dynamic table depends on it (RFC 7541 §2.2), but its further fields are dropped.
struct FieldLimits {
  size_t fields_max = 500;
  /// Bytes of names and values, and kFieldOverheadBytes for each (SETTINGS_MAX_HEADER_LIST_SIZE).
  size_t list_bytes_max = 1024 * 1024;
};

/// The outcome of decoding a block.
struct DecodedBlock {
  Violation violation;    // COMPRESSION_ERROR: the connection cannot go on
  size_t fields = 0;      // including dropped fields
  size_t list_bytes = 0;  // by the count of FieldLimits
  bool too_large = false;
};

/// The decoding state of one connection and direction. The dynamic table takes no memory before the
/// peer inserts a field.
class HpackDecoder {
 public:
  /// The SETTINGS_HEADER_TABLE_SIZE that this side has announced, or its default.
  static constexpr size_t kTableBytesMax = 4096;

  explicit HpackDecoder(size_t table_bytes_max = kTableBytesMax);
  ~HpackDecoder();
  HpackDecoder(HpackDecoder&&) noexcept;
  HpackDecoder& operator=(HpackDecoder&&) noexcept;

  /// Decodes one whole field block (all fragments joined) and appends its fields to `into`. Texts
  /// are static or in `arena`, and live as long as `arena`; texts of the table are copied, since a
  /// later block may evict them. Allocates nothing when `arena` and `into` are warm and the block
  /// inserts nothing that makes the table grow.
  [[nodiscard]] DecodedBlock Decode(std::string_view block, const FieldLimits& limits, Arena& arena,
                                    std::vector<FieldLine>& into);

  /// Bytes in the dynamic table, by the count of RFC 7541 §4.1.
  [[nodiscard]] size_t TableBytes() const;
  /// Insertions into the dynamic table and changes of its size so far. Between two equal numbers
  /// the same block stands for the same fields.
  [[nodiscard]] uint32_t TableChanges() const { return table_changes_; }

 private:
  struct Step;
  using Fault = const char*;  // why a block is broken, as a static text; null where it is not

  [[nodiscard]] Fault DecodeSizeUpdate(Step& step);
  [[nodiscard]] Fault DecodeLongIndex(Step& step);
  [[nodiscard]] Fault DecodeLiteral(Step& step, unsigned prefix_bits);

  uint32_t table_bytes_max_;
  uint32_t table_changes_ = 0;
  std::unique_ptr<internal::DynamicTable> table_;
};

}  // namespace hon::h2
