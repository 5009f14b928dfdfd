#include "fiber/fiber_pool.h"

#include <new>
#include <utility>

#include "fiber/sanitizer_switch.h"
#include "hon/base/assert.h"

namespace hon::fiber {
namespace {

// A free stack keeps this much of what it touched.
constexpr size_t kStackBytesKept = 16 * 1024;
// At a time, so that the loop is not held.
constexpr unsigned kStacksPerSweep = 32;
constexpr unsigned kSlabsPerSweep = 8;
constexpr unsigned kSlabsLookedAt = 256;

}  // namespace

FiberPool::FiberPool(Scheduler::Impl& owner, netpoll::Loop& loop, const Options& options, Main main)
    : owner_(&owner), loop_(&loop), options_(&options), main_(main) {}

FiberPool::~FiberPool() {
  Disarm();
  for (const auto& slab : slabs_) {
    HON_ASSERT(slab->lives == 0);
    slab->ForEach([](Fiber& fiber) {
      if (fiber.holds != kNothing) DestroyTsanFiber(fiber.tsan);
    });
  }
}

// The warmest first.
Fiber& FiberPool::TakeColder() {
  Fiber* fiber = lists_[kSome].First();
  if (fiber == nullptr) fiber = lists_[kNothing].First();
  if (fiber == nullptr) return Make();
  lists_[fiber->holds].Remove(*fiber);
  if (fiber->holds == kNothing) Begin(*fiber);
  Use(*fiber);
  return *fiber;
}

Fiber& FiberPool::Make() {
  if (newest_ == nullptr || newest_->Full()) {
    slabs_.push_back(std::make_unique<FiberSlab>(options_->stack_bytes));
    ++slabs_unused_;
    newest_ = slabs_.back().get();
  }
  Fiber& fiber = newest_->Make(*owner_);
  Begin(fiber);
  stacks_.Add(1);
  Use(fiber);
  return fiber;
}

// On a stack that holds nothing yet, or no more.
void FiberPool::Begin(Fiber& fiber) {
  fiber.context =
      boost::context::detail::make_fcontext(fiber.stack.Top(), fiber.stack.Bytes(), main_);
  fiber.stack_bottom = fiber.stack.Bottom();
  fiber.stack_bytes = fiber.stack.Bytes();
  fiber.asan_fake_stack = nullptr;
  fiber.exceptions = {};
  fiber.tsan = CreateTsanFiber();
}

void FiberPool::Add(Fiber& fiber, Holds holds) {
  fiber.holds = holds;
  lists_[holds].Push(fiber);
}

// --- What is too much.

void FiberPool::OnTimer() {
  FreeSlabs();
  TrimUsed();
  TrimSurplus();
  if (HasMore()) loop_->Timers().Arm(*this, loop_->Now() + netpoll::TimerWheel::kTick);
}

bool FiberPool::HasMore() const {
  const size_t wanted = options_->cached_stacks_max;
  return lists_[kAll].First() != nullptr || Cached() > wanted ||
         (slabs_unused_ != 0 && Free() > wanted);
}

// Whole slabs of which nothing lives, while more is free than is wanted.
void FiberPool::FreeSlabs() {
  unsigned freed = 0;
  for (unsigned i = 0; i < kSlabsLookedAt && freed < kSlabsPerSweep; ++i) {
    if (slabs_unused_ == 0 || Free() <= options_->cached_stacks_max) return;
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
  bool referred_to = false;
  // One that another thread is just waking is looked at once more, by TakeRemoteWakes.
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

// What went deep.
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

// Where a slab is used in part, its free stacks keep their addresses alone.
void FiberPool::TrimSurplus() {
  for (unsigned i = 0; i < kStacksPerSweep && Cached() > options_->cached_stacks_max; ++i) {
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
