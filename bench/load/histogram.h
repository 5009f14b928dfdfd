#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace hon::load {

/// Counts times in nanoseconds, in buckets that are at most 1.6 % wide.
class Histogram {
 public:
  void Add(uint64_t nanoseconds) {
    ++counts_[Index(nanoseconds)];
    ++total_;
    sum_ += nanoseconds;
    max_ = std::max(max_, nanoseconds);
  }

  [[nodiscard]] uint64_t Total() const { return total_; }
  [[nodiscard]] uint64_t Max() const { return max_; }
  [[nodiscard]] double Mean() const {
    return total_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(total_);
  }

  /// The time that `fraction` of all samples do not exceed: the end of its bucket.
  [[nodiscard]] uint64_t Quantile(double fraction) const {
    const auto wanted = static_cast<uint64_t>(std::ceil(fraction * static_cast<double>(total_)));
    uint64_t seen = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= wanted && seen != 0) return std::min(End(i), max_);
    }
    return max_;
  }

 private:
  static constexpr unsigned kBits = 6;  // 64 buckets for each power of two
  static constexpr uint64_t kLinear = 1U << kBits;

  static size_t Index(uint64_t value) {
    if (value < kLinear) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
    return (shift + 1) * kLinear + (value >> shift) - kLinear;
  }
  static uint64_t End(size_t index) {
    if (index < kLinear) return index;
    const uint64_t shift = index / kLinear - 1;
    return ((index % kLinear + kLinear + 1) << shift) - 1;
  }

  std::array<uint64_t, (64 - kBits + 1) * kLinear> counts_{};
  uint64_t total_ = 0;
  uint64_t sum_ = 0;
  uint64_t max_ = 0;
};

}  // namespace hon::load
