#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <utility>

namespace hon::io {

/// Counts the memory of the blocks of several pools (BlockPool::SetBudget) against a limit. No
/// allocation is refused: the owner of the budget sheds load. Must outlive the pools. Any thread.
class MemoryBudget {
 public:
  /// `on_excess` is called when memory is scarce (Scarce), by the thread that has taken the last
  /// block, inside of that call; so `on_excess` may only post a task. The next call follows only
  /// after Rearm. An exception that leaves the hook is dropped.
  MemoryBudget(size_t bytes_max, std::function<void()> on_excess)
      : bytes_max_(bytes_max), on_excess_(std::move(on_excess)) {}

  /// Bytes of all blocks, including the free blocks that pools keep.
  [[nodiscard]] size_t Used() const { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] size_t Max() const { return bytes_max_; }
  [[nodiscard]] bool Exceeded() const { return Used() > bytes_max_; }
  /// Whether less than an eighth is left: the owner should refuse new work.
  [[nodiscard]] bool Scarce() const { return Used() > bytes_max_ - bytes_max_ / 8; }
  /// Allows the next call of `on_excess`.
  void Rearm() { told_.store(false, std::memory_order_relaxed); }

 private:
  friend class BlockPool;
  void Take(size_t bytes) noexcept {
    const size_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes > bytes_max_ - bytes_max_ / 8) [[unlikely]]
      TellExcess();
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
  const std::function<void()> on_excess_;
  std::atomic<size_t> used_{0};
  std::atomic<bool> told_{false};
};

}  // namespace hon::io
