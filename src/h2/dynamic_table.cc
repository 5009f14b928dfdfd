#include "h2/dynamic_table.h"

#include <algorithm>
#include <cstring>

#include "h2/static_table.h"

namespace hon::h2::internal {
namespace {

constexpr size_t kEntriesMin = 8;
constexpr size_t kTextBytesMin = 256;

}  // namespace

std::string_view DynamicTable::StaticName(uint8_t index) { return kStaticTable[index - 1U].name; }

bool DynamicTable::Insert(std::string_view name, std::string_view value, const Traits& traits) {
  const size_t size = name.size() + value.size() + kFieldOverheadBytes;
  if (size > bytes_max_) {
    EvictTo(0);
    return false;
  }
  EvictTo(bytes_max_ - size);
  if (count_ == entries_.size()) {
    std::vector<Entry> larger(std::max(kEntriesMin, entries_.size() * 2));
    for (size_t i = 0; i < count_; ++i) {
      larger[(inserted_ - 1 - static_cast<uint32_t>(i)) & (larger.size() - 1)] = At(i);
    }
    entries_.swap(larger);
  }
  const std::string_view stored = traits.static_name != 0 ? std::string_view() : name;
  MakeRoom(stored.size() + value.size());
  char* const at = text_.data() + (text_end_ - text_base_);
  if (!stored.empty()) std::memcpy(at, stored.data(), stored.size());
  if (!value.empty()) std::memcpy(at + stored.size(), value.data(), value.size());
  entries_[inserted_ & (entries_.size() - 1)] = {text_end_, static_cast<uint32_t>(name.size()),
                                                 static_cast<uint32_t>(value.size()), traits};
  text_end_ += static_cast<uint32_t>(stored.size() + value.size());
  ++inserted_;
  ++count_;
  bytes_ += size;
  return true;
}

void DynamicTable::SetBytesMax(size_t bytes_max) {
  bytes_max_ = bytes_max;
  EvictTo(bytes_max);
}

void DynamicTable::EvictTo(size_t bytes) {
  while (bytes_ > bytes) EvictOldest();
}

void DynamicTable::EvictOldest() {
  const Entry& oldest = At(count_ - 1);
  const size_t size = size_t{oldest.name_bytes} + oldest.value_bytes + kFieldOverheadBytes;
  HON_ASSERT(bytes_ >= size);
  bytes_ -= size;
  --count_;
}

// Makes room for `bytes` behind the stored texts. Texts of evicted entries, in front, are dropped
// when they are at least as large as the live ones, so that each byte is moved once on average.
void DynamicTable::MakeRoom(size_t bytes) {
  const size_t used = text_end_ - text_base_;
  if (text_.size() - used >= bytes) return;
  const uint32_t live_begin = count_ == 0 ? text_end_ : At(count_ - 1).text;
  const size_t live = text_end_ - live_begin;
  const size_t dead = live_begin - text_base_;
  if (dead < live || text_.size() - live < bytes) {
    const size_t doubled = std::min(text_.size() * 2, bytes_max_ * 2);
    std::vector<char> larger(std::max({kTextBytesMin, doubled, live + bytes}));
    if (live != 0) std::memcpy(larger.data(), text_.data() + dead, live);
    text_.swap(larger);
  } else if (live != 0) {
    std::memmove(text_.data(), text_.data() + dead, live);
  }
  text_base_ = live_begin;
}

}  // namespace hon::h2::internal
