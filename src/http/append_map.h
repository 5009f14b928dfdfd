#pragma once

// A hash map that only grows, read by any thread without a lock while one thread adds to it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace hon::http::internal {

/// A quick hash without a secret key: peers look names up and never add keys, so that they cannot
/// make keys collide.
inline uint32_t HashBytes(std::string_view text) {
  constexpr uint64_t kFactor = 0x9E3779B97F4A7C15ULL;
  const char* at = text.data();
  size_t left = text.size();
  uint64_t hash = left;
  while (left >= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    hash = (hash ^ word) * kFactor;
    hash ^= hash >> 32;
    at += 8;
    left -= 8;
  }
  uint64_t tail = 0;
  if (left >= 4) {
    uint32_t low;
    uint32_t high;
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + left - 4, 4);
    tail = uint64_t{high} << 32 | low;
  } else if (left > 0) {
    const auto byte = [at](size_t i) { return uint64_t{static_cast<unsigned char>(at[i])}; };
    tail = byte(0) | byte(left / 2) << 8 | byte(left - 1) << 16;
  }
  hash = (hash ^ tail) * kFactor;
  return static_cast<uint32_t>(hash >> 32);
}

/// Whether `a` and `b` hold the same bytes. Keys are short: this is quicker than a call of memcmp.
inline bool SameBytes(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  size_t left = a.size();
  const char* x = a.data();
  const char* y = b.data();
  const auto differ = [](const char* one, const char* other, auto word) {
    auto second = word;
    std::memcpy(&word, one, sizeof word);
    std::memcpy(&second, other, sizeof second);
    return word != second;
  };
  for (; left > 8; left -= 8, x += 8, y += 8) {
    if (differ(x, y, uint64_t{})) return false;
  }
  // The last bytes are compared by two words that may overlap.
  if (left == 8) return !differ(x, y, uint64_t{});
  if (left >= 4)
    return !differ(x, y, uint32_t{}) && !differ(x + left - 4, y + left - 4, uint32_t{});
  for (size_t i = 0; i < left; ++i) {
    if (x[i] != y[i]) return false;
  }
  return true;
}

/// T has `const std::string key`. Items never move and live as long as the map.
template <class T>
class AppendMap {
 public:
  AppendMap() = default;
  AppendMap(const AppendMap&) = delete;
  AppendMap& operator=(const AppendMap&) = delete;

  /// Any thread, any time.
  [[nodiscard]] T* Find(std::string_view key) const noexcept {
    const Table* table = table_.load(std::memory_order_acquire);
    if (table == nullptr) return nullptr;
    const uint32_t hash = HashBytes(key);
    for (size_t i = hash & table->mask;; i = (i + 1) & table->mask) {
      const Slot& slot = table->slots[i];
      T* item = slot.item.load(std::memory_order_acquire);
      if (item == nullptr) return nullptr;
      if (slot.hash == hash && SameBytes(item->key, key)) return item;
    }
  }

  /// Calls `f` with each item. Any thread, any time.
  template <class F>
  void ForEach(F f) const {
    const Table* table = table_.load(std::memory_order_acquire);
    for (size_t i = 0; table != nullptr && i <= table->mask; ++i) {
      if (const T* item = table->slots[i].item.load(std::memory_order_acquire)) f(*item);
    }
  }

  /// One thread at a time. The key is new. `item` becomes visible to readers as a whole.
  T* Insert(std::unique_ptr<T> item) {
    T* added = item.get();
    items_.push_back(std::move(item));
    if (tables_.empty() || items_.size() * 2 > tables_.back()->mask + 1) {
      Grow();
    } else {
      Put(*tables_.back(), added);
    }
    return added;
  }

 private:
  struct Slot {
    std::atomic<T*> item{nullptr};
    uint32_t hash = 0;  // written before `item`, read after it
  };
  struct Table {
    explicit Table(size_t size) : mask(size - 1), slots(new Slot[size]) {}
    size_t mask;
    std::unique_ptr<Slot[]> slots;  // at least half of them free, so that every search ends
  };

  static void Put(Table& table, T* item) {
    const uint32_t hash = HashBytes(item->key);
    size_t i = hash & table.mask;
    while (table.slots[i].item.load(std::memory_order_relaxed) != nullptr) {
      i = (i + 1) & table.mask;
    }
    table.slots[i].hash = hash;
    table.slots[i].item.store(item, std::memory_order_release);
  }

  void Grow() {
    const size_t size = tables_.empty() ? 4 : (tables_.back()->mask + 1) * 2;
    auto table = std::make_unique<Table>(size);
    for (const auto& item : items_) Put(*table, item.get());
    tables_.push_back(std::move(table));
    table_.store(tables_.back().get(), std::memory_order_release);
  }

  std::atomic<const Table*> table_{nullptr};
  std::vector<std::unique_ptr<Table>> tables_;  // old ones too: a reader may still be in them
  std::vector<std::unique_ptr<T>> items_;
};

}  // namespace hon::http::internal
