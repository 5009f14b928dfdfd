#pragma once

// Finds the next byte of a class in a head, classifying 64 bytes at a time.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "hon/adaptor/scan_level.h"

namespace hon::adaptor::internal {

class HeadCursor {
 public:
  /// `masks` is memory that the cursor uses while it lives. The kernels get its address; outside of
  /// the cursor, it lets the rest of the cursor stay in registers.
  HeadCursor(const char* end, ScanFunction scan, ScanMasks& masks)
      : end_(end), scan_(scan), masks_(&masks) {}

  [[nodiscard]] const char* End() const { return end_; }

  /// The first byte at or after `from` that is in the class, or End(). `from` must not decrease.
  template <uint64_t ScanMasks::*kClass>
  const char* Find(const char* from) {
    for (;;) {
      if (from >= block_end_) {
        if (from == end_) return end_;
        Load(from);
      }
      const uint64_t bits = masks_->*kClass >> (from - block_);
      if (bits != 0) return from + std::countr_zero(bits);
      from = block_end_;
    }
  }

 private:
  void Load(const char* at) {
    const size_t left = static_cast<size_t>(end_ - at);
    const size_t size = left < 64 ? left : 64;
    scan_(at, size, *masks_);
    block_ = at;
    block_end_ = at + size;
  }

  const char* block_ = nullptr;
  const char* block_end_ = nullptr;
  const char* end_;
  ScanFunction scan_;
  ScanMasks* masks_;
};

}  // namespace hon::adaptor::internal
