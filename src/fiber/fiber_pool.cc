#include "fiber/fiber_pool.h"

#include <new>
#include <utility>

#include "fiber/sanitizer_switch.h"
#include "hon/base/assert.h"
#include "hon/base/guard.h"

namespace hon::fiber {
namespace {

// Memory that a free stack keeps at most.
constexpr size_t kStackBytesKept = 16 * 1024;
// Limits of one sweep, so that a sweep does not hold the loop.
constexpr unsigned kStacksPerSweep = 32;
constexpr unsigned kSlabsPerSweep = 8;
constexpr unsigned kSlabsLookedAt = 256;

}  // namespace

FiberPool::FiberPool(Scheduler::Impl& owner, netpoll::Loop& loop, const Options& options, Main main)
    : owner_(&owner), loop_(&loop), options_(&options), main_(main) {
  // Address space alone, so that a loop serves where the system refuses more later on.
  static_cast<void>(CallGuarded([this] { AddSlab(); }));
}

FiberPool::~FiberPool() {
  Disarm();
  for (const auto& slab : slabs_) {
    HON_ASSERT(slab->lives == 0);
    slab->ForEach([](Fiber& fiber) {
      if (fiber.holds != kNothing) DestroyTsanFiber(fiber.tsan);
    });
  }
}

// Takes the free fiber that was given back last; makes one when none is free.
Fiber& FiberPool::TakeColder() {
  Fiber* fiber = lists_[kSome].First();
  if (fiber == nullptr) fiber = lists_[kNothing].First();
  if (fiber == nullptr) return Make();
  lists_[fiber->holds].Remove(*fiber);
  if (fiber->holds == kNothing) Begin(*fiber);
  Use(*fiber);
  return *fiber;
}

void FiberPool::AddSlab() {
  slabs_.push_back(std::make_unique<FiberSlab>(options_->stack_bytes));
  ++slabs_unused_;
  newest_ = slabs_.back().get();
}

Fiber& FiberPool::Make() {
  if (newest_ == nullptr || newest_->Full()) AddSlab();
  Fiber& fiber = newest_->Make(*owner_);
  Begin(fiber);
  stacks_.Add(1);
  Use(fiber);
  return fiber;
}

// Makes the first frame of a fiber on an unused stack.
void FiberPool::Begin(Fiber& fiber) {
  HON_ASSERT(fiber.stack.Bytes() != 0);
  fiber.context =
      boost::context::detail::make_fcontext(fiber.stack.Top(), fiber.stack.Bytes(), main_);
  fiber.stack_bottom = fiber.stack.Bottom();
  fiber.stack_bytes = fiber.stack.Bytes();
  fiber.asan_fake_stack = nullptr;
  fiber.exceptions = {};
  fiber.tsan = CreateTsanFiber();
}

void FiberPool::Add(Fiber& fiber, Holds holds) {
  HON_ASSERT(holds < kKinds);
  fiber.holds = holds;
  lists_[holds].Push(fiber);
}

// --- Surplus memory.

void FiberPool::OnTimer() {
  FreeSlabs();
  TrimUsed();
  TrimSurplus();
  if (sweeps_to_nothing_ != 0) --sweeps_to_nothing_;
  if (HasMore()) loop_->Timers().Arm(*this, loop_->Now() + netpoll::TimerWheel::kTick);
}

// The number of sweeps is bounded: the free fibers of a busy loop would be trimmed without end.
void FiberPool::Trim() {
  sweeps_to_nothing_ = Free() / kStacksPerSweep + slabs_.size() / kSlabsPerSweep + 2;
  loop_->Timers().Arm(*this, loop_->Now() + netpoll::TimerWheel::kTick);
}

bool FiberPool::HasMore() const {
  const size_t wanted = CachedMax();
  return lists_[kAll].First() != nullptr || Cached() > wanted ||
         (slabs_unused_ != 0 && Free() > wanted);
}

// Frees slabs without a live fiber, while more fibers are free than the maximum.
void FiberPool::FreeSlabs() {
  unsigned freed = 0;
  for (unsigned i = 0; i < kSlabsLookedAt && freed < kSlabsPerSweep; ++i) {
    if (slabs_unused_ == 0 || Free() <= CachedMax()) return;
    if (slab_looked_at_ >= slabs_.size()) slab_looked_at_ = 0;
    if (TryFree(slab_looked_at_)) {
      ++freed;
    } else {
      ++slab_looked_at_;
    }
  }
}

bool FiberPool::TryFree(size_t place) {
  FiberSlab& slab = *slabs_[place];
  if (slab.lives != 0) return false;
  HON_ASSERT(slabs_unused_ != 0);
  bool referred_to = false;
  // TakeRemoteWakes will still visit a fiber with a spurious wake-up from another thread.
  slab.ForEach([&](const Fiber& fiber) {
    referred_to |= fiber.remote_wake.load(std::memory_order_acquire);
  });
  if (referred_to) return false;
  slab.ForEach([this](Fiber& fiber) {
    lists_[fiber.holds].Remove(fiber);
    if (fiber.holds != kNothing) DestroyTsanFiber(fiber.tsan);
    stacks_.Set(stacks_.Get() - 1);
  });
  --slabs_unused_;
  if (newest_ == &slab) newest_ = nullptr;
  std::swap(slabs_[place], slabs_.back());
  slabs_.pop_back();
  return true;
}

// Frees the memory that functions have used beyond kStackBytesKept on free stacks.
void FiberPool::TrimUsed() {
  for (unsigned i = 0; i < kStacksPerSweep && lists_[kAll].First() != nullptr; ++i) {
    Fiber& fiber = *lists_[kAll].First();
    lists_[kAll].Remove(fiber);
    if (fiber.stack.ResidentBelow(kStackBytesKept) != 0) {
      fiber.stack.Trim(kStackBytesKept);
      trimmed_.Add(1);
    }
    Add(fiber, kSome);
  }
}

// Frees all memory of surplus free stacks. The slab has live fibers, so the address range stays.
void FiberPool::TrimSurplus() {
  for (unsigned i = 0; i < kStacksPerSweep && Cached() > CachedMax(); ++i) {
    Fiber* fiber = lists_[kSome].First();
    if (fiber == nullptr) return;
    lists_[kSome].Remove(*fiber);
    fiber->stack.Trim(0);
    DestroyTsanFiber(fiber->tsan);
    trimmed_.Add(1);
    Add(*fiber, kNothing);
  }
}

}  // namespace hon::fiber
