#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "hon/base/assert.h"
#include "hon/h2/field_line.h"

namespace hon::h2::internal {

/// The dynamic table of HPACK (RFC 7541 §2.3.2): a first-in, first-out list of fields, bounded by
/// the sizes of RFC 7541 §4.1. No memory until the first insertion; then as much as its entries
/// need, up to twice the bound.
class DynamicTable {
 public:
  /// Properties of a field beside its texts.
  struct Traits {
    http::HeaderId id = http::HeaderId::kUnknown;
    PseudoField pseudo = PseudoField::kNone;
    uint8_t static_name = 0;  // the index of a static entry with this name, or 0
    bool valid = true;
  };

  explicit DynamicTable(size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Entries; the youngest has index 0.
  [[nodiscard]] size_t Count() const { return count_; }
  /// By the count of RFC 7541 §4.1.
  [[nodiscard]] size_t Bytes() const { return bytes_; }
  [[nodiscard]] size_t BytesMax() const { return bytes_max_; }

  // Views live until the next Insert or SetBytesMax.
  [[nodiscard]] std::string_view Name(size_t index) const {
    const Entry& entry = At(index);
    return entry.traits.static_name != 0 ? StaticName(entry.traits.static_name)
                                         : View(entry.text, entry.name_bytes);
  }
  [[nodiscard]] std::string_view Value(size_t index) const {
    const Entry& entry = At(index);
    const uint32_t stored = entry.traits.static_name != 0 ? 0 : entry.name_bytes;
    return View(entry.text + stored, entry.value_bytes);
  }
  [[nodiscard]] const Traits& TraitsOf(size_t index) const { return At(index).traits; }
  /// The three of them.
  struct Field {
    std::string_view name;
    std::string_view value;
    Traits traits;
  };
  [[nodiscard]] Field Get(size_t index) const {
    const Entry& entry = At(index);
    if (entry.traits.static_name != 0) [[likely]] {
      return {StaticName(entry.traits.static_name), View(entry.text, entry.value_bytes),
              entry.traits};
    }
    return {View(entry.text, entry.name_bytes),
            View(entry.text + entry.name_bytes, entry.value_bytes), entry.traits};
  }

  /// The number of insertions so far, which is also the number of the next entry. The entry at
  /// `index` has the number Inserted() - 1 - index.
  [[nodiscard]] uint32_t Inserted() const { return inserted_; }

  /// Inserts a field in front and evicts entries from the end until it fits. A field larger than
  /// the whole table empties the table, and Insert returns false (RFC 7541 §4.4). `name` and
  /// `value` must not be views of this table.
  bool Insert(std::string_view name, std::string_view value, const Traits& traits);

  /// Evicts entries until `bytes_max` holds.
  void SetBytesMax(size_t bytes_max);

 private:
  struct Entry {
    uint32_t text = 0;  // start of its bytes in text_, counted from the first byte ever stored
    uint32_t name_bytes = 0;
    uint32_t value_bytes = 0;
    Traits traits;
  };

  static std::string_view StaticName(uint8_t index);
  [[nodiscard]] const Entry& At(size_t index) const {
    HON_ASSERT(index < count_);
    return entries_[(inserted_ - 1 - static_cast<uint32_t>(index)) & (entries_.size() - 1)];
  }
  [[nodiscard]] std::string_view View(uint32_t text, size_t bytes) const {
    return {text_.data() + (text - text_base_), bytes};
  }
  void EvictTo(size_t bytes);
  void EvictOldest();
  void MakeRoom(size_t bytes);

  std::vector<Entry> entries_;  // a ring whose size is a power of two
  std::vector<char> text_;      // live texts, oldest first, behind evicted ones
  uint32_t text_base_ = 0;      // the count of the first byte in text_
  uint32_t text_end_ = 0;       // the count of the first byte not stored yet
  uint32_t inserted_ = 0;
  size_t count_ = 0;
  size_t bytes_ = 0;
  size_t bytes_max_;
};

}  // namespace hon::h2::internal
