#pragma once

// Finds the next byte of a class in a head, classifying 64 bytes at a time.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "hon/adaptor/scan_level.h"

namespace hon::adaptor::internal {

class HeadCursor {
 public:
  HeadCursor(const char* end, ScanFunction scan) : end_(end), scan_(scan) {}

  [[nodiscard]] const char* End() const { return end_; }

  /// Classifies the first block, which begins at `from` and before End(), in the caller's frame.
  void Begin(const char* from) { Classify(from); }

  /// The first byte at or after `from` that is in the class, or End(). `from` must not decrease.
  template <uint64_t ScanMasks::*kClass>
  const char* Find(const char* from) {
    if (from < block_end_) [[likely]] {
      const uint64_t bits = masks_.*kClass >> (from - block_);
      if (bits != 0) [[likely]]
        return from + std::countr_zero(bits);
    }
    return FindFurther(from, kClass);
  }

 private:
  // Apart, so that the caller keeps its registers where no block is to be classified.
  [[gnu::noinline]] const char* FindFurther(const char* from, uint64_t ScanMasks::*kind) {
    if (from < block_end_) from = block_end_;
    while (from != end_) {
      Classify(from);
      if (const uint64_t bits = masks_.*kind; bits != 0) return from + std::countr_zero(bits);
      from = block_end_;
    }
    return end_;
  }

  void Classify(const char* from) {
    const size_t left = static_cast<size_t>(end_ - from);
    const size_t size = left < 64 ? left : 64;
    scan_(from, size, masks_);
    block_ = from;
    block_end_ = from + size;
  }

  const char* block_ = nullptr;
  const char* block_end_ = nullptr;
  const char* end_;
  ScanFunction scan_;
  ScanMasks masks_;
};

}  // namespace hon::adaptor::internal
