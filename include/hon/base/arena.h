#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/base/sanitizer.h"

namespace hon {

/// A bump allocator for text and small arrays that share one lifetime. Reset keeps the first chunk,
/// so that a warm arena allocates nothing. Not thread-safe. Views live until Reset, Clear or
/// destruction.
class Arena {
 public:
  Arena() noexcept = default;
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;
  ~Arena();

  /// `size` bytes aligned to `align` (a power of two, at most 16).
  [[nodiscard]] void* Allocate(size_t size, size_t align = 1) {
    HON_ASSERT(align != 0 && (align & (align - 1)) == 0 && align <= 16);
    const size_t padding = (0 - reinterpret_cast<uintptr_t>(next_)) & (align - 1);
    if (next_ == nullptr || static_cast<size_t>(end_ - next_) < padding + size) {
      return Grow(size, align);
    }
    char* place = next_ + padding;
    next_ = place + size;
    Unpoison(place, size);
    return place;
  }

  /// Copies `text` and returns the copy.
  [[nodiscard]] std::string_view Copy(std::string_view text);

  /// Ends every view handed out and keeps the first chunk (poisoned until reused).
  void Reset() noexcept {
    if (next_ == first_) return;
    if (has_older_) return ResetChunks();
    Poison(first_, static_cast<size_t>(end_ - first_));
    next_ = first_;
  }

  /// Ends every view and gives all memory back.
  void Clear() noexcept;

 private:
  struct Chunk;
  void* Grow(size_t size, size_t align);
  void ResetChunks() noexcept;

  Chunk* chunk_ = nullptr;  // newest first; the oldest is the one kept by Reset
  char* first_ = nullptr;   // where the first chunk begins: `next_` of an arena that is reset
  char* next_ = nullptr;
  char* end_ = nullptr;
  bool has_older_ = false;  // chunk_ is not the first
};

}  // namespace hon
