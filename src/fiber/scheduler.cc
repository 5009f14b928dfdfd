#include "fiber/scheduler.h"

#include <cxxabi.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "fiber/overflow.h"
#include "fiber/sanitizer_switch.h"
#include "hon/base/assert.h"

// In every C++ runtime of the Itanium ABI, but not in every <cxxabi.h>.
namespace __cxxabiv1 {
struct __cxa_eh_globals;
extern "C" __cxa_eh_globals* __cxa_get_globals() noexcept;
}  // namespace __cxxabiv1

namespace hon::fiber {
namespace {

// Which scheduler a thread runs. Set when a scheduler first resumes something on it.
thread_local Scheduler* current_scheduler = nullptr;

// A pooled stack keeps this much of what it touched.
constexpr size_t kStackBytesKept = 16 * 1024;
// A stack that is free again is looked at after this time, so that one in steady use is looked at
// now and then only: the look is a system call. So many at a time.
constexpr Duration kSweepInterval = std::chrono::milliseconds(250);
constexpr unsigned kStacksPerSweep = 32;
// How long fibers that wake each other may go on before the loop looks after everything else.
constexpr Duration kSlice = std::chrono::microseconds(20);
// The clock is looked at after so many switches, at the latest.
constexpr unsigned kSwitchesPerLook = 64;

}  // namespace

// A Go from another thread.
class Scheduler::Impl::Launch final : public netpoll::Task {
 public:
  Launch(Impl& scheduler, std::function<void()> function, GoOptions options)
      : scheduler_(&scheduler), function_(std::move(function)), options_(std::move(options)) {}
  void Run() override {
    const std::unique_ptr<Launch> self(this);
    scheduler_->Go(std::move(function_), std::move(options_));
  }
  void Discard() override { delete this; }

 private:
  Impl* scheduler_;
  std::function<void()> function_;
  GoOptions options_;
};

Scheduler::Impl::Impl(Scheduler& self, netpoll::Loop& loop, Options options)
    : self_(&self), loop_(&loop), options_(options) {}

Scheduler::Impl::~Impl() {
  HON_ASSERT(live_.Get() == 0);
  for (Fiber** list : {&free_, &free_swept_}) {
    while (*list != nullptr) {
      Fiber* fiber = std::exchange(*list, (*list)->next);
      Free(*fiber);
    }
  }
  if (current_scheduler == self_) current_scheduler = nullptr;
}

void Scheduler::Impl::Start(Entry entry, void* argument) {
  HON_ASSERT(running_ == nullptr);
  Fiber& fiber = TakeFiber();
  fiber.entry = entry;
  fiber.argument = argument;
  Resume(fiber);
}

void Scheduler::Impl::Go(std::function<void()> function, GoOptions options) {
  Fiber& fiber = TakeFiber();
  fiber.function = std::move(function);
  fiber.own_context = std::move(options.context);
  fiber.own_name = options.name;
  fiber.ends_with = &fiber.own_context;
  fiber.name = &fiber.own_name;
  fiber.entry = [](void* self) {
    auto& here = *static_cast<Fiber*>(self);
    {
      // Moved out, so that what it holds is destroyed on the fiber, where it may wait.
      const std::function<void()> run = std::exchange(here.function, nullptr);
      run();
    }
    here.own_context = {};
  };
  fiber.argument = &fiber;
  fiber.parked = true;
  Enqueue(fiber);
}

void Scheduler::Impl::GoFromElsewhere(std::function<void()> function, GoOptions options) {
  loop_->Post(*new Launch(*this, std::move(function), std::move(options)));
}

void Scheduler::Impl::Enqueue(Fiber& fiber) {
  HON_DEBUG_ASSERT(!fiber.queued);
  fiber.queued = true;
  fiber.next = nullptr;
  if (ready_last_ == nullptr) {
    ready_first_ = &fiber;
  } else {
    ready_last_->next = &fiber;
  }
  ready_last_ = &fiber;
  if (!std::exchange(deferred_, true)) loop_->Defer(*this);
}

// What is ready runs; what that makes ready runs too while the slice lasts. Then the loop's other
// work gets its share.
void Scheduler::Impl::Run() {
  unsigned switches = ResumeReady();
  unsigned next_look = 0;
  TimePoint end = kNever;
  while (ready_first_ != nullptr) {
    if (switches >= next_look) {
      const TimePoint now = Clock::now();
      if (now >= end) return loop_->Defer(*this);
      if (end == kNever) end = now + kSlice;
      next_look = switches + std::min(switches, kSwitchesPerLook);
    }
    switches += ResumeReady();
  }
  deferred_ = false;
}

unsigned Scheduler::Impl::ResumeReady() {
  unsigned switches = 0;
  Fiber* fiber = std::exchange(ready_first_, nullptr);
  ready_last_ = nullptr;
  for (; fiber != nullptr; ++switches) {
    Fiber* next = fiber->next;
    fiber->queued = false;
    fiber->parked = false;
    Resume(*fiber);
    fiber = next;
  }
  return switches;
}

void Scheduler::Impl::WakeFromElsewhere(Fiber& fiber) {
  if (fiber.remote_wake.exchange(true, std::memory_order_acq_rel)) return;  // on its way
  Fiber* first = remote_.load(std::memory_order_relaxed);
  do {
    fiber.next_remote = first;
    // Acquires too: who finds the list empty posts the task that the loop is done with by then.
  } while (!remote_.compare_exchange_weak(first, &fiber, std::memory_order_acq_rel,
                                          std::memory_order_relaxed));
  if (first == nullptr) loop_->Post(remote_wakes_);
}

void Scheduler::Impl::TakeRemoteWakes() {
  Fiber* fiber = remote_.exchange(nullptr, std::memory_order_acq_rel);
  while (fiber != nullptr) {
    Fiber* next = fiber->next_remote;
    fiber->remote_wake.store(false, std::memory_order_release);
    WakeLocal(*fiber);
    fiber = next;
  }
}

Fiber& Scheduler::Impl::TakeFiber() {
  started_.Add(1);
  live_.Add(1);
  if (live_.Get() > live_max_.Get()) live_max_.Set(live_.Get());
  if (Fiber*& list = free_ != nullptr ? free_ : free_swept_; list != nullptr) {
    Fiber* fiber = std::exchange(list, list->next);
    --free_count_;
    fiber->ended = false;
    return *fiber;
  }
  auto* fiber = new Fiber(*self_, options_.stack_bytes);
  fiber->context =
      boost::context::detail::make_fcontext(fiber->stack.Top(), fiber->stack.Bytes(), &Main);
  fiber->tsan = CreateTsanFiber();
  stacks_.Add(1);
  return *fiber;
}

void Scheduler::Impl::Recycle(Fiber& fiber) {
  live_.Set(live_.Get() - 1);
  fiber.wake_pending = false;
  fiber.ends_with = nullptr;
  fiber.name = nullptr;
  fiber.suspend_hook = nullptr;
  // One that another thread is just waking is looked at once more, by TakeRemoteWakes.
  const bool referred_to = fiber.remote_wake.load(std::memory_order_acquire);
  if (free_count_ >= options_.cached_stacks_max && !referred_to) return Free(fiber);
  fiber.next = free_;
  free_ = &fiber;
  ++free_count_;
  if (!sweeper_.Armed()) loop_->Timers().Arm(sweeper_, loop_->Now() + kSweepInterval);
}

void Scheduler::Impl::Sweep() {
  for (unsigned i = 0; i < kStacksPerSweep && free_ != nullptr; ++i) {
    Fiber* fiber = std::exchange(free_, free_->next);
    if (fiber->stack.ResidentBelow(kStackBytesKept) != 0) {
      fiber->stack.Trim(kStackBytesKept);
      trimmed_.Add(1);
    }
    fiber->next = free_swept_;
    free_swept_ = fiber;
  }
  if (free_ != nullptr) loop_->Timers().Arm(sweeper_, loop_->Now() + netpoll::TimerWheel::kTick);
}

void Scheduler::Impl::Free(Fiber& fiber) {
  DestroyTsanFiber(fiber.tsan);
  stacks_.Set(stacks_.Get() - 1);
  delete &fiber;
}

Stats Scheduler::Impl::GetStats() const {
  return {live_.Get(), live_max_.Get(), stacks_.Get(), started_.Get(), trimmed_.Get()};
}

void Scheduler::Impl::Resume(Fiber& fiber) {
  HON_DEBUG_ASSERT(running_ == nullptr);
  if (current_scheduler != self_) {
    current_scheduler = self_;
    thread_exceptions_ = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
    loop_tsan_ = CurrentTsanFiber();
    WatchForOverflow();
  }
  running_ = &fiber;
  const ExceptionState loop_exceptions = *thread_exceptions_;
  *thread_exceptions_ = fiber.exceptions;
  void* fake_stack = nullptr;
  StartSwitch(&fake_stack, fiber.stack.Bottom(), fiber.stack.Bytes(), fiber.tsan);
  const boost::context::detail::transfer_t from =
      boost::context::detail::jump_fcontext(fiber.context, &fiber);
  FinishSwitch(fake_stack, nullptr, nullptr);
  fiber.context = from.fctx;
  fiber.exceptions = *thread_exceptions_;
  *thread_exceptions_ = loop_exceptions;
  running_ = nullptr;
  if (fiber.ended) Recycle(fiber);
}

void Scheduler::Impl::SwitchOut() {
  Fiber& fiber = *running_;
  if (fiber.suspend_hook != nullptr && !fiber.ended) fiber.suspend_hook(fiber.suspend_argument);
  StartSwitch(&fiber.asan_fake_stack, loop_stack_bottom_, loop_stack_size_, loop_tsan_);
  const boost::context::detail::transfer_t from =
      boost::context::detail::jump_fcontext(loop_context_, nullptr);
  FinishSwitch(fiber.asan_fake_stack, &loop_stack_bottom_, &loop_stack_size_);
  loop_context_ = from.fctx;
}

// The bottom frame of every fiber: runs one entry after the other, so that a pooled fiber starts
// with a single switch.
void Scheduler::Impl::Main(boost::context::detail::transfer_t from) {
  Fiber& fiber = *static_cast<Fiber*>(from.data);
  Impl& scheduler = *fiber.scheduler->impl_;
  FinishSwitch(nullptr, &scheduler.loop_stack_bottom_, &scheduler.loop_stack_size_);
  scheduler.loop_context_ = from.fctx;
  for (;;) {
    fiber.entry(fiber.argument);
    fiber.ended = true;
    scheduler.SwitchOut();
  }
}

Scheduler::Scheduler(netpoll::Loop& loop, Options options)
    : impl_(std::make_unique<Impl>(*this, loop, options)) {}
Scheduler::~Scheduler() = default;
Scheduler* Scheduler::Current() { return current_scheduler; }
void Scheduler::Start(Entry entry, void* argument) { impl_->Start(entry, argument); }
netpoll::Loop& Scheduler::GetLoop() const { return impl_->GetLoop(); }
size_t Scheduler::Live() const { return impl_->GetStats().live; }
size_t Scheduler::Stacks() const { return impl_->GetStats().stacks; }
Stats Scheduler::GetStats() const { return impl_->GetStats(); }

Fiber* Current() {
  return current_scheduler == nullptr ? nullptr : current_scheduler->impl_->Running();
}

void Park() {
  Fiber* fiber = Current();
  HON_ASSERT(fiber != nullptr);
  if (std::exchange(fiber->wake_pending, false)) return;
  fiber->parked = true;
  fiber->scheduler->impl_->SwitchOut();
}

void WakeLocal(Fiber& fiber) {
  if (!fiber.parked) {
    fiber.wake_pending = true;
  } else if (!fiber.queued) {
    fiber.scheduler->impl_->Enqueue(fiber);
  }
}

void Wake(Fiber& fiber) {
  if (fiber.scheduler == current_scheduler) return WakeLocal(fiber);
  fiber.scheduler->impl_->WakeFromElsewhere(fiber);
}

void Yield() {
  Fiber* fiber = Current();
  HON_ASSERT(fiber != nullptr);
  fiber->parked = true;
  fiber->scheduler->impl_->Enqueue(*fiber);
  fiber->scheduler->impl_->SwitchOut();
}

void Go(std::function<void()> function, GoOptions options) {
  if (options.scheduler == nullptr) options.scheduler = current_scheduler;
  Scheduler* scheduler = options.scheduler;
  HON_ASSERT(scheduler != nullptr);
  if (scheduler == current_scheduler) {
    scheduler->impl_->Go(std::move(function), std::move(options));
  } else {
    scheduler->impl_->GoFromElsewhere(std::move(function), std::move(options));
  }
}

void SetContext(const appcontext::Context* context) {
  Fiber* fiber = Current();
  HON_ASSERT(fiber != nullptr);
  fiber->ends_with = context;
}

void SetName(const std::string_view* name) {
  Fiber* fiber = Current();
  HON_ASSERT(fiber != nullptr);
  fiber->name = name;
}

void SetSuspendHook(void (*hook)(void*), void* argument) {
  Fiber* fiber = Current();
  HON_ASSERT(fiber != nullptr);
  fiber->suspend_hook = hook;
  fiber->suspend_argument = argument;
}

const appcontext::Context& CurrentContext() {
  static const appcontext::Context background;
  const Fiber* fiber = Current();
  return fiber == nullptr || fiber->ends_with == nullptr ? background : *fiber->ends_with;
}

}  // namespace hon::fiber
