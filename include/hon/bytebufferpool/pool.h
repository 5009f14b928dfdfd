#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "hon/bytebufferpool/byte_buffer.h"

namespace hon::bytebufferpool {

/// Sizes are counted in classes of 64 bytes, 128, ... up to 32 MiB and more.
inline constexpr size_t kSizeClasses = 20;
inline constexpr size_t kSmallestClassBytes = 64;
/// Returns of one class after which the pool calibrates its sizes.
inline constexpr uint64_t kCalibrateCallsThreshold = 42'000;
/// Share of all returns that kept buffers should serve; buffers of larger classes are not kept.
inline constexpr double kMaxPercentile = 0.95;

/// A self-calibrating pool. Thread-safe. Must outlive what it handed out.
class Pool {
 public:
  /// Keeps at most `kept_max` free buffers, none that is larger than `kept_bytes_max`.
  explicit Pool(size_t kept_max = 1024, size_t kept_bytes_max = SIZE_MAX)
      : kept_max_(kept_max), kept_bytes_max_(kept_bytes_max) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// A buffer that goes back to its pool by itself.
  class Handle {
   public:
    Handle() = default;
    Handle(Pool& pool, std::unique_ptr<ByteBuffer> buffer)
        : pool_(&pool), buffer_(std::move(buffer)) {}
    Handle(Handle&&) noexcept = default;
    Handle& operator=(Handle&& other) noexcept {
      std::swap(pool_, other.pool_);
      std::swap(buffer_, other.buffer_);
      return *this;
    }
    ~Handle() {
      if (buffer_ != nullptr) pool_->Put(std::move(buffer_));
    }
    ByteBuffer& operator*() const { return *buffer_; }
    ByteBuffer* operator->() const { return buffer_.get(); }
    explicit operator bool() const { return buffer_ != nullptr; }

   private:
    Pool* pool_ = nullptr;
    std::unique_ptr<ByteBuffer> buffer_;
  };

  /// An empty buffer, with room for what has lately been usual.
  [[nodiscard]] Handle Get();
  /// Takes back any ByteBuffer: counts its length, and keeps the buffer unless it is larger than
  /// the calibrated maximum.
  void Put(std::unique_ptr<ByteBuffer> buffer);

  /// The calibrated sizes; 0 before the first calibration.
  [[nodiscard]] size_t DefaultSize() const { return default_size_.load(std::memory_order_relaxed); }
  [[nodiscard]] size_t MaxSize() const { return max_size_.load(std::memory_order_relaxed); }

 private:
  void Calibrate();

  std::array<std::atomic<uint64_t>, kSizeClasses> calls_{};
  std::atomic<bool> calibrating_{false};
  std::atomic<size_t> default_size_{0};
  std::atomic<size_t> max_size_{0};
  std::mutex mutex_;
  std::vector<std::unique_ptr<ByteBuffer>> free_;
  const size_t kept_max_;
  const size_t kept_bytes_max_;
};

}  // namespace hon::bytebufferpool
