#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <utility>

namespace hon::io {

/// The limit of a MemoryBudget does not sink below this where an allocation fails: so few blocks
/// are not what has used up the memory.
inline constexpr size_t kMemoryBudgetFailedMin = size_t{1} << 20;

/// Counts the memory of the blocks of several pools (BlockPool::SetBudget) against a limit. No
/// allocation is refused: the owner of the budget sheds load. Must outlive the pools. Any thread.
class MemoryBudget {
 public:
  /// `on_excess` is called when memory is scarce (Scarce), by the thread that has taken the last
  /// block, inside of that call; so `on_excess` may only post a task, and should not need memory
  /// for that. The next call follows only after Rearm. An exception that leaves the hook is
  /// dropped.
  MemoryBudget(size_t bytes_max, std::function<void()> on_excess)
      : bytes_max_(bytes_max), limit_(bytes_max), on_excess_(std::move(on_excess)) {}

  /// Bytes of all blocks, including the free blocks that pools keep.
  [[nodiscard]] size_t Used() const { return used_.load(std::memory_order_relaxed); }
  /// The limit: `bytes_max`, or less since an allocation has failed.
  [[nodiscard]] size_t Max() const { return limit_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool Exceeded() const { return Used() > Max(); }
  /// Whether less than an eighth is left: the owner should refuse new work.
  [[nodiscard]] bool Scarce() const { return Used() > ScarceFrom(); }
  /// Allows the next call of `on_excess`. The limit is `bytes_max` again.
  void Rearm() {
    limit_.store(bytes_max_, std::memory_order_relaxed);
    told_.store(false, std::memory_order_relaxed);
  }

 private:
  friend class BlockPool;
  void Take(size_t bytes) noexcept {
    const size_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes > ScarceFrom()) [[unlikely]]
      TellExcess();
  }
  // The system has less memory than the limit. Until Rearm the limit is an eighth below what is
  // used now, so that the owner makes room.
  void Failed() noexcept {
    const size_t used = Used();
    const size_t limit = std::max(used - used / 8, kMemoryBudgetFailedMin);
    if (limit < Max()) limit_.store(limit, std::memory_order_relaxed);
    TellExcess();
  }
  [[nodiscard]] size_t ScarceFrom() const {
    const size_t limit = Max();
    return limit - limit / 8;
  }
  void GiveBack(size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  void TellExcess() noexcept {
    if (told_.exchange(true, std::memory_order_relaxed)) return;
    try {
      on_excess_();
    } catch (...) {  // no memory for the post: the next block tries again
      Rearm();
    }
  }

  const size_t bytes_max_;
  std::atomic<size_t> limit_;
  const std::function<void()> on_excess_;
  std::atomic<size_t> used_{0};
  std::atomic<bool> told_{false};
};

}  // namespace hon::io
