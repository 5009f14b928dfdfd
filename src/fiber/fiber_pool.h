#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "fiber/fiber_impl.h"
#include "hon/base/assert.h"
#include "hon/netpoll/loop.h"
#include "hon/netpoll/timer.h"

namespace hon::fiber {

/// A counter that one thread writes and any thread reads.
class Counter {
 public:
  void Set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  void Add(uint64_t more) { Set(Get() + more); }
  [[nodiscard]] uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

/// The memory of several stacks, allocated at once, and the fibers on them.
class FiberSlab {
 public:
  explicit FiberSlab(size_t bytes) : memory_(bytes) {}

  [[nodiscard]] bool Full() const { return made_ == memory_.Stacks(); }
  /// Makes one more fiber.
  Fiber& Make(Scheduler::Impl& owner) {
    HON_ASSERT(!Full());
    Fiber& fiber = fibers_[made_].emplace(owner, memory_.Make(made_));
    fiber.slab = this;
    ++made_;
    return fiber;
  }
  template <class F>
  void ForEach(F&& visit) {
    for (size_t i = 0; i < made_; ++i) visit(*fibers_[i]);
  }

  size_t lives = 0;  // fibers that are not free

 private:
  StackSlab memory_;
  size_t made_ = 0;
  std::array<std::optional<Fiber>, StackSlab::kStacksMax> fibers_;
};

/// The fibers of one scheduler, running and free ones. Take and GiveBack make no system call while
/// there are free fibers. Memory of surplus free fibers goes back to the system later, a little at
/// each turn of the loop.
class FiberPool final : private netpoll::Timer {
 public:
  /// The function that each fiber runs.
  using Main = void (*)(boost::context::detail::transfer_t);

  FiberPool(Scheduler::Impl& owner, netpoll::Loop& loop, const Options& options, Main main);
  /// Every fiber must have been given back.
  ~FiberPool() override;
  FiberPool(const FiberPool&) = delete;
  FiberPool& operator=(const FiberPool&) = delete;

  // On the loop's thread.

  /// Throws std::bad_alloc when the system has no memory for a stack.
  [[nodiscard]] Fiber& Take() {
    Fiber* fiber = lists_[kAll].First();
    if (fiber == nullptr) return TakeColder();
    lists_[kAll].Remove(*fiber);
    Use(*fiber);
    return *fiber;
  }
  /// The fiber has ended.
  void GiveBack(Fiber& fiber) {
    HON_ASSERT(fiber.slab->lives != 0);
    fiber.holds = kAll;
    lists_[kAll].Push(fiber);
    if (--fiber.slab->lives == 0) ++slabs_unused_;
    if (!Armed()) loop_->Timers().Arm(*this, loop_->Now() + kSweepInterval);
  }

  /// Frees the memory of all free fibers, a little in each of the next turns.
  void Trim();

  // Any thread.

  /// Stacks that exist, those of free fibers included.
  [[nodiscard]] uint64_t Stacks() const { return stacks_.Get(); }
  /// Times that a free fiber's stack gave memory back.
  [[nodiscard]] uint64_t Trimmed() const { return trimmed_.Get(); }

 private:
  /// The memory of a free fiber's stack.
  enum Holds : uint8_t {
    kAll,      // as the last function left it
    kSome,     // at most kStackBytesKept
    kNothing,  // none
    kKinds,
  };

  /// Free fibers, last in first out.
  class List {
   public:
    [[nodiscard]] Fiber* First() const { return first_; }
    [[nodiscard]] size_t Size() const { return size_; }
    void Push(Fiber& fiber) {
      fiber.previous = nullptr;
      fiber.next = first_;
      if (first_ != nullptr) first_->previous = &fiber;
      first_ = &fiber;
      ++size_;
    }
    void Remove(Fiber& fiber) {
      HON_ASSERT(size_ != 0);
      (fiber.previous != nullptr ? fiber.previous->next : first_) = fiber.next;
      if (fiber.next != nullptr) fiber.next->previous = fiber.previous;
      --size_;
    }

   private:
    Fiber* first_ = nullptr;
    size_t size_ = 0;
  };

  // Interval of checking free stacks. A check is a system call, so a stack in steady use must not
  // be checked each time that its fiber ends.
  static constexpr Duration kSweepInterval = std::chrono::milliseconds(250);

  void OnTimer() override;
  void Use(Fiber& fiber) {
    if (fiber.slab->lives++ == 0) --slabs_unused_;
  }
  Fiber& TakeColder();
  void Add(Fiber& fiber, Holds holds);
  void AddSlab();
  Fiber& Make();
  void Begin(Fiber& fiber);
  [[nodiscard]] size_t Cached() const { return lists_[kAll].Size() + lists_[kSome].Size(); }
  [[nodiscard]] size_t Free() const { return Cached() + lists_[kNothing].Size(); }
  void FreeSlabs();
  bool TryFree(size_t place);
  void TrimUsed();
  void TrimSurplus();
  [[nodiscard]] bool HasMore() const;
  [[nodiscard]] size_t CachedMax() const {
    return sweeps_to_nothing_ != 0 ? 0 : options_->cached_stacks_max;
  }

  Scheduler::Impl* owner_;
  netpoll::Loop* loop_;
  const Options* options_;
  Main main_;
  std::array<List, kKinds> lists_;
  std::vector<std::unique_ptr<FiberSlab>> slabs_;
  size_t slabs_unused_ = 0;  // slabs without a live fiber
  size_t slab_looked_at_ = 0;
  size_t sweeps_to_nothing_ = 0;  // sweeps after Trim, which keep no memory
  FiberSlab* newest_ = nullptr;   // may have room for more fibers
  Counter stacks_;
  Counter trimmed_;
};

}  // namespace hon::fiber
