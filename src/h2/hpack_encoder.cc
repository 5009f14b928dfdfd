#include "hon/h2/hpack_encoder.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "h2/dynamic_table.h"
#include "h2/hpack_integer.h"
#include "h2/short_text.h"
#include "h2/static_table.h"
#include "hon/base/assert.h"
#include "hon/h2/huffman.h"
#include "http/token.h"

namespace hon::h2 {

using http::HeaderId;
using internal::DynamicTable;
using internal::kStaticIndexes;
using internal::kStaticTable;
using internal::WriteInteger;

namespace {

constexpr unsigned char kIndexed = 0x80;
constexpr unsigned char kIncremental = 0x40;
constexpr unsigned char kNeverIndexed = 0x10;
constexpr unsigned char kWithoutIndexing = 0x00;
constexpr unsigned char kSizeUpdate = 0x20;

// A short cookie or credential could be guessed byte by byte from the sizes of blocks that repeat
// it (RFC 7541 §7.1.3).
constexpr size_t kShortCookieBytes = 20;
// An entry that takes most of the table would evict everything else.
constexpr size_t kEntryShareMax = 2;  // of the table: one half

// Fields whose values seldom repeat on one connection.
constexpr bool VariesByMessage(HeaderId id) {
  switch (id) {
    case HeaderId::kAge:
    case HeaderId::kContentRange:
    case HeaderId::kETag:
    case HeaderId::kIfMatch:
    case HeaderId::kIfModifiedSince:
    case HeaderId::kIfNoneMatch:
    case HeaderId::kIfRange:
    case HeaderId::kIfUnmodifiedSince:
    case HeaderId::kLastModified:
    case HeaderId::kLocation:
    case HeaderId::kRange:
    case HeaderId::kSetCookie:
      return true;
    default:
      return false;
  }
}

constexpr bool IsCredential(HeaderId id, size_t value_bytes) {
  return id == HeaderId::kAuthorization || id == HeaderId::kProxyAuthorization ||
         (id == HeaderId::kCookie && value_bytes < kShortCookieBytes);
}

uint32_t Hash(std::string_view name, uint8_t static_name, std::string_view value) {
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;
  uint64_t hash = static_name + (value.size() << 8);
  const auto mix = [&hash](std::string_view text) {
    while (text.size() >= 8) {
      uint64_t word;
      std::memcpy(&word, text.data(), 8);
      hash = (hash ^ word) * kMultiplier;
      hash ^= hash >> 32;
      text.remove_prefix(8);
    }
    uint64_t word = text.size();
    if (!text.empty()) std::memcpy(&word, text.data(), text.size());
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 32;
  };
  if (static_name == 0) mix(name);
  mix(value);
  return static_cast<uint32_t>(hash);
}

bool EqualsInLowerCase(std::string_view lower, std::string_view text) {
  if (lower.size() != text.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (lower[i] != http::internal::ToLower(text[i])) return false;
  }
  return true;
}

// A string literal (RFC 7541 §5.2): Huffman-coded where that is shorter.
char* WriteString(char* to, std::string_view text) {
  const size_t encoded = HuffmanEncodedBytes(text);
  if (encoded < text.size()) {
    to = WriteInteger(to, 0x80, 7, static_cast<uint32_t>(encoded));
    return HuffmanEncode(text, to);
  }
  to = WriteInteger(to, 0, 7, static_cast<uint32_t>(text.size()));
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

// A literal representation; `lower` is the name when no static entry has it.
char* WriteLiteral(char* to, unsigned char kind, uint8_t static_name, std::string_view lower,
                   std::string_view value) {
  to = WriteInteger(to, kind, kind == kIncremental ? 6 : 4, static_name);
  if (static_name == 0) to = WriteString(to, lower);
  return WriteString(to, value);
}

}  // namespace

/// The dynamic table and a hash index over it. Entries of one bucket are chained from the youngest
/// to the oldest, by their numbers; a chain ends at the first number that was evicted.
struct HpackEncoder::Table {
  static constexpr size_t kBuckets = 64;

  struct Link {
    uint32_t hash = 0;
    uint32_t older = 0;  // number + 1 of the next in the bucket; 0: none
  };

  explicit Table(size_t bytes_max) : fields(bytes_max) {}

  // The index of the youngest entry with this static name where that has the value, else Count().
  [[nodiscard]] size_t FindYoungest(uint8_t static_name, std::string_view value) const {
    const uint32_t next = youngest[static_name];  // 0 gives an index past every entry
    const size_t index = fields.Inserted() - next;
    if (index >= fields.Count()) return fields.Count();
    const DynamicTable::Field field = fields.Get(index);
    const bool found =
        field.traits.static_name == static_name && internal::Same(field.value, value);
    return found ? index : fields.Count();
  }

  // The index of a field among the entries, or Count() when there is none.
  [[nodiscard]] size_t Find(uint32_t hash, std::string_view name, uint8_t static_name,
                            std::string_view value) const {
    uint32_t next = buckets[hash % kBuckets];
    while (next != 0) {
      const size_t index = fields.Inserted() - next;  // number is next - 1
      if (index >= fields.Count()) break;
      const Link& link = links[(next - 1) & (links.size() - 1)];
      if (link.hash == hash && fields.TraitsOf(index).static_name == static_name &&
          fields.Value(index) == value &&
          (static_name != 0 || EqualsInLowerCase(fields.Name(index), name))) {
        return index;
      }
      next = link.older;
    }
    return fields.Count();
  }

  void Insert(uint32_t hash, std::string_view lower, uint8_t static_name, std::string_view value) {
    const uint32_t number = fields.Inserted();
    const DynamicTable::Traits traits{HeaderId::kUnknown, PseudoField::kNone, static_name, true};
    if (!fields.Insert(lower, value, traits)) return;
    if (fields.Count() > links.size()) {
      std::vector<Link> larger(std::max<size_t>(8, links.size() * 2));
      for (size_t i = 1; i < fields.Count() && !links.empty(); ++i) {
        const uint32_t older = number - static_cast<uint32_t>(i);
        larger[older & (larger.size() - 1)] = links[older & (links.size() - 1)];
      }
      links.swap(larger);
    }
    uint32_t& bucket = buckets[hash % kBuckets];
    links[number & (links.size() - 1)] = {hash, bucket};
    bucket = number + 1;
    youngest[static_name] = number + 1;
  }

  DynamicTable fields;
  std::vector<Link> links;  // by number; a ring whose size is a power of two
  std::array<uint32_t, kBuckets> buckets{};
  // By static name: the number + 1 of the youngest entry; 0: none. Entries may be evicted.
  std::array<uint32_t, kStaticTable.size() + 1> youngest{};
};

HpackEncoder::HpackEncoder() = default;
HpackEncoder::~HpackEncoder() = default;
HpackEncoder::HpackEncoder(HpackEncoder&&) noexcept = default;
HpackEncoder& HpackEncoder::operator=(HpackEncoder&&) noexcept = default;

size_t HpackEncoder::TableBytes() const { return table_ == nullptr ? 0 : table_->fields.Bytes(); }

HpackEncoder::Table& HpackEncoder::MakeTable() {
  if (table_ == nullptr) table_ = std::make_unique<Table>(table_bytes_max_);
  return *table_;
}

void HpackEncoder::SetTableBytesMax(size_t bytes_max) {
  bytes_max = std::min(bytes_max, kTableBytesMax);
  if (!update_wanted_) {
    if (bytes_max == table_bytes_max_) return;
    update_wanted_ = true;
    update_lowest_ = bytes_max;
  }
  update_lowest_ = std::min(update_lowest_, bytes_max);
  update_last_ = bytes_max;
  ++table_changes_;
}

char* HpackEncoder::Begin(char* to) {
  if (!update_wanted_) return to;
  update_wanted_ = false;
  ++table_changes_;
  // The lowest size first, since the decoder has evicted for that one too (RFC 7541 §4.2).
  if (update_lowest_ < update_last_) {
    to = WriteInteger(to, kSizeUpdate, 5, static_cast<uint32_t>(update_lowest_));
    if (table_ != nullptr) table_->fields.SetBytesMax(update_lowest_);
  }
  to = WriteInteger(to, kSizeUpdate, 5, static_cast<uint32_t>(update_last_));
  if (table_ != nullptr) table_->fields.SetBytesMax(update_last_);
  table_bytes_max_ = update_last_;
  return to;
}

char* HpackEncoder::WriteStatus(char* to, int status) {
  HON_ASSERT(status >= 100 && status <= 999);
  constexpr uint8_t kStatus200 = 8;  // of the static table
  if (status == 200) [[likely]]
    return WriteInteger(to, kIndexed, 7, kStatus200);
  const std::array<char, 3> digits = {static_cast<char>('0' + status / 100),
                                      static_cast<char>('0' + status / 10 % 10),
                                      static_cast<char>('0' + status % 10)};
  return WritePseudo(to, PseudoField::kStatus, {digits.data(), digits.size()});
}

char* HpackEncoder::WritePseudo(char* to, PseudoField pseudo, std::string_view value) {
  if (pseudo == PseudoField::kProtocol) {
    return WriteLiteral(to, kWithoutIndexing, 0, ":protocol", value);
  }
  uint8_t named = 0;
  constexpr uint8_t kPseudoEntries = 14;  // at the start of the static table
  for (uint8_t i = 1; i <= kPseudoEntries; ++i) {
    const internal::StaticEntry& entry = kStaticTable[i - 1U];
    if (entry.pseudo != pseudo) continue;
    if (entry.value == value && !value.empty()) return WriteInteger(to, kIndexed, 7, i);
    if (named == 0) named = i;
  }
  HON_ASSERT(named != 0);
  if (pseudo == PseudoField::kPath) return WriteLiteral(to, kWithoutIndexing, named, {}, value);
  return WriteIndexedOrInsert(to, kStaticTable[named - 1U].name, value, named);
}

// The index of a field whose name is in the static table, and whose value is that of the last entry
// of the name; null for every other field. A field that must not be in the table never is.
[[gnu::always_inline]] inline char* HpackEncoder::WriteRepeated(char* to, HeaderId id,
                                                                std::string_view value) const {
  const uint8_t static_name = kStaticIndexes[static_cast<size_t>(id)];
  if (static_name == 0 || table_ == nullptr) return nullptr;
  const size_t index = table_->FindYoungest(static_name, value);
  if (index == table_->fields.Count()) return nullptr;
  return WriteInteger(to, kIndexed, 7, static_cast<uint32_t>(kStaticTable.size() + 1 + index));
}

char* HpackEncoder::WriteField(char* to, HeaderId id, std::string_view value) {
  char* const end = WriteRepeated(to, id, value);
  return end != nullptr ? end : WriteOther(to, http::HeaderName(id), value, id, false);
}

char* HpackEncoder::WriteField(char* to, std::string_view name, std::string_view value, HeaderId id,
                               bool sensitive) {
  char* const end = sensitive ? nullptr : WriteRepeated(to, id, value);
  return end != nullptr ? end : WriteOther(to, name, value, id, sensitive);
}

char* HpackEncoder::WriteOther(char* to, std::string_view name, std::string_view value, HeaderId id,
                               bool sensitive) {
  const uint8_t static_name = kStaticIndexes[static_cast<size_t>(id)];
  if (!sensitive && !IsCredential(id, value.size())) {
    if (!VariesByMessage(id)) return WriteIndexedOrInsert(to, name, value, static_name);
    if (static_name != 0) return WriteLiteral(to, kWithoutIndexing, static_name, {}, value);
  }
  const unsigned char kind =
      sensitive || IsCredential(id, value.size()) ? kNeverIndexed : kWithoutIndexing;
  if (static_name != 0) return WriteLiteral(to, kind, static_name, {}, value);
  return WriteLiteral(to, kind, 0, LowerCase(name), value);
}

std::string_view HpackEncoder::LowerCase(std::string_view name) {
  lower_.assign(name);
  for (char& c : lower_) c = http::internal::ToLower(c);
  return lower_;
}

char* HpackEncoder::WriteIndexedOrInsert(char* to, std::string_view name, std::string_view value,
                                         uint8_t static_name) {
  if (static_name != 0 && kStaticTable[static_name - 1U].value == value && !value.empty()) {
    return WriteInteger(to, kIndexed, 7, static_name);  // "accept-encoding: gzip, deflate"
  }
  const uint32_t hash = Hash(name, static_name, value);
  if (table_ != nullptr) {
    const size_t index = table_->Find(hash, name, static_name, value);
    if (index < table_->fields.Count()) {
      return WriteInteger(to, kIndexed, 7, static_cast<uint32_t>(kStaticTable.size() + 1 + index));
    }
  }
  const bool worth =
      (name.size() + value.size() + kFieldOverheadBytes) * kEntryShareMax <= table_bytes_max_;
  const std::string_view lower = static_name == 0 ? LowerCase(name) : std::string_view();
  if (!worth) return WriteLiteral(to, kWithoutIndexing, static_name, lower, value);
  ++table_changes_;
  MakeTable().Insert(hash, static_name != 0 ? kStaticTable[static_name - 1U].name : lower,
                     static_name, value);
  return WriteLiteral(to, kIncremental, static_name, lower, value);
}

}  // namespace hon::h2
