#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <utility>

namespace hon::io {

/// Counts the memory of the blocks of several pools (BlockPool::SetBudget) against a limit. The
/// limit refuses nothing by itself: who owns the budget sheds load. Must outlive the pools. Any
/// thread.
class MemoryBudget {
 public:
  /// `on_excess` is called when more than `bytes_max` bytes are in use, by the thread that has
  /// taken the last block, from inside of that call, so the hook may do no more than post. The next
  /// call follows after Rearm only. An exception that leaves the hook is dropped.
  MemoryBudget(size_t bytes_max, std::function<void()> on_excess)
      : bytes_max_(bytes_max), on_excess_(std::move(on_excess)) {}

  /// Bytes of all blocks, free ones that pools keep included.
  [[nodiscard]] size_t Used() const { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] size_t Max() const { return bytes_max_; }
  [[nodiscard]] bool Exceeded() const { return Used() > bytes_max_; }
  /// Less than an eighth is left: new work is to be refused.
  [[nodiscard]] bool Scarce() const { return Used() > bytes_max_ - bytes_max_ / 8; }
  /// Lets `on_excess` be called again.
  void Rearm() { told_.store(false, std::memory_order_relaxed); }

 private:
  friend class BlockPool;
  void Take(size_t bytes) noexcept {
    const size_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes > bytes_max_) [[unlikely]]
      TellExcess();
  }
  void GiveBack(size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  void TellExcess() noexcept {
    if (told_.exchange(true, std::memory_order_relaxed)) return;
    try {
      on_excess_();
    } catch (...) {  // no memory to post with: the next block tries again
      Rearm();
    }
  }

  const size_t bytes_max_;
  const std::function<void()> on_excess_;
  std::atomic<size_t> used_{0};
  std::atomic<bool> told_{false};
};

}  // namespace hon::io
