#pragma once

// HPACK (RFC 7541), the writing side: fields in, field blocks out.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hon/h2/field_line.h"
#include "hon/http/known_headers.h"

namespace hon::h2 {

/// The encoding state of one connection and direction. Blocks must reach the peer in the order of
/// their encoding. The dynamic table takes no memory before the first field that is worth an entry.
class HpackEncoder {
 public:
  /// The largest table, even if the peer allows more: a larger one costs both sides memory for
  /// every connection.
  static constexpr size_t kTableBytesMax = 4096;

  HpackEncoder();
  ~HpackEncoder();
  HpackEncoder(HpackEncoder&&) noexcept;
  HpackEncoder& operator=(HpackEncoder&&) noexcept;

  /// Sets the peer's SETTINGS_HEADER_TABLE_SIZE; the next block begins with the table size update
  /// (RFC 7541 §4.2).
  void SetTableBytesMax(size_t bytes_max);

  /// The most bytes of a block: kBlockOverheadBytes, and FieldBytesMax for each of its fields.
  static constexpr size_t kBlockOverheadBytes = 10;  // two table size updates
  [[nodiscard]] static constexpr size_t FieldBytesMax(size_t name_bytes, size_t value_bytes) {
    return 1 + 5 + name_bytes + 5 + value_bytes;
  }

  /// Begins a block at `to`, which has room for all of it. Returns the end of the written bytes.
  char* Begin(char* to);
  /// Writes a response's `:status` of three digits.
  char* WriteStatus(char* to, int status);
  /// Writes a pseudo-header field of a request.
  char* WritePseudo(char* to, PseudoField pseudo, std::string_view value);
  /// Writes a field. `name` in any case is sent in lower case; `id` is its HeaderId. Credentials
  /// are sent as never indexed (RFC 7541 §7.1.3); fields whose values seldom repeat are not put
  /// into the table. A `sensitive` field is never indexed either.
  char* WriteField(char* to, std::string_view name, std::string_view value, http::HeaderId id,
                   bool sensitive = false);

  /// The same for a field of this id.
  char* WriteField(char* to, http::HeaderId id, std::string_view value);

  /// Bytes in the dynamic table, by the count of RFC 7541 §4.1.
  [[nodiscard]] size_t TableBytes() const;
  /// Insertions into the dynamic table and changes of its size so far, those of the next block
  /// included. Between two equal numbers the same fields become the same block.
  [[nodiscard]] uint32_t TableChanges() const { return table_changes_; }

 private:
  struct Table;

  [[nodiscard]] Table& MakeTable();
  char* WriteRepeated(char* to, http::HeaderId id, std::string_view value) const;
  char* WriteOther(char* to, std::string_view name, std::string_view value, http::HeaderId id,
                   bool sensitive);
  char* WriteIndexedOrInsert(char* to, std::string_view name, std::string_view value,
                             uint8_t static_name);

  [[nodiscard]] std::string_view LowerCase(std::string_view name);

  std::unique_ptr<Table> table_;
  std::string lower_;                        // the name that is being written
  size_t table_bytes_max_ = kTableBytesMax;  // in force
  size_t update_lowest_ = kTableBytesMax;    // the lowest and the last of the sizes that the next
  size_t update_last_ = kTableBytesMax;      // block announces
  uint32_t table_changes_ = 0;
  bool update_wanted_ = false;
};

}  // namespace hon::h2
