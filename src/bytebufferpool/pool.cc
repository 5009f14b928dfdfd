#include "hon/bytebufferpool/pool.h"

#include <algorithm>
#include <bit>

namespace hon::bytebufferpool {
namespace {

size_t ClassOf(size_t length) {
  const size_t units = (length + kSmallestClassBytes - 1) / kSmallestClassBytes;
  const auto size_class = static_cast<size_t>(units <= 1 ? 0 : std::bit_width(units - 1));
  return std::min(size_class, kSizeClasses - 1);
}

}  // namespace

Pool::Handle Pool::Get() {
  std::unique_ptr<ByteBuffer> buffer;
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      buffer = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (buffer == nullptr) {
    buffer = std::make_unique<ByteBuffer>();
    buffer->Reserve(DefaultSize());
  }
  return Handle(*this, std::move(buffer));
}

void Pool::Put(std::unique_ptr<ByteBuffer> buffer) {
  const uint64_t calls = calls_[ClassOf(buffer->Len())].fetch_add(1, std::memory_order_relaxed) + 1;
  if (calls > kCalibrateCallsThreshold) Calibrate();
  const size_t max_size = MaxSize();
  if (max_size != 0 && buffer->Cap() > max_size) return;
  if (buffer->Cap() > kept_bytes_max_) return;
  buffer->Reset();
  std::lock_guard lock(mutex_);
  if (free_.size() < kept_max_) free_.push_back(std::move(buffer));
}

// The commonest class becomes the default size; the largest class that is needed to cover
// kMaxPercentile of all returns, the commonest first, is the largest worth keeping.
void Pool::Calibrate() {
  if (calibrating_.exchange(true, std::memory_order_acquire)) return;
  struct Count {
    uint64_t calls;
    size_t size;
  };
  std::array<Count, kSizeClasses> counts{};
  uint64_t all = 0;
  for (size_t i = 0; i < kSizeClasses; ++i) {
    counts[i] = {calls_[i].exchange(0, std::memory_order_relaxed), kSmallestClassBytes << i};
    all += counts[i].calls;
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const Count& a, const Count& b) { return a.calls > b.calls; });
  const auto enough = static_cast<uint64_t>(static_cast<double>(all) * kMaxPercentile);
  uint64_t covered = 0;
  size_t max_size = counts[0].size;
  for (const Count& count : counts) {
    if (covered > enough) break;
    covered += count.calls;
    max_size = std::max(max_size, count.size);
  }
  default_size_.store(counts[0].size, std::memory_order_relaxed);
  max_size_.store(max_size, std::memory_order_relaxed);
  calibrating_.store(false, std::memory_order_release);
}

}  // namespace hon::bytebufferpool
