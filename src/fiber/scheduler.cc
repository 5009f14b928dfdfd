#include "fiber/scheduler.h"

#include <cxxabi.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "fiber/overflow.h"
#include "fiber/sanitizer_switch.h"
#include "hon/base/assert.h"
#include "hon/base/flatten.h"

// Part of every C++ runtime of the Itanium ABI, but not of every <cxxabi.h>.
namespace __cxxabiv1 {
struct __cxa_eh_globals;
extern "C" __cxa_eh_globals* __cxa_get_globals() noexcept;
}  // namespace __cxxabiv1

namespace hon::fiber {
namespace {

// Time limit for fibers that wake each other, before the loop does its other work.
constexpr Duration kSlice = std::chrono::microseconds(20);
// The most switches between two reads of the clock.
constexpr unsigned kSwitchesPerLook = 64;

}  // namespace

constinit thread_local Scheduler::Impl* Scheduler::Impl::of_thread = nullptr;

// A call of Go on another thread.
class Scheduler::Impl::Launch final : public netpoll::Task {
 public:
  Launch(Impl& scheduler, std::function<void()> function, GoOptions options)
      : scheduler_(&scheduler), function_(std::move(function)), options_(std::move(options)) {}
  void Run() override {
    const std::unique_ptr<Launch> self(this);
    scheduler_->Go(std::move(function_), std::move(options_));
  }
  void Discard() override { delete this; }
  [[nodiscard]] bool IsOf(const Impl& scheduler) const { return scheduler_ == &scheduler; }

 private:
  Impl* scheduler_;
  std::function<void()> function_;
  GoOptions options_;
};

// The switch, hottest first. Inline, because an exported function of a shared library would not be
// inlined otherwise.

inline void Scheduler::Impl::Enqueue(Fiber& fiber) {
  HON_ASSERT(!fiber.queued);
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

// The next fiber to run, or null when the loop must run.
inline Fiber* Scheduler::Impl::TakeReady() {
  if (round_ == nullptr) {
    if (ready_first_ == nullptr || SliceOver()) return nullptr;
    round_ = std::exchange(ready_first_, nullptr);
    ready_last_ = nullptr;
  }
  Fiber* fiber = std::exchange(round_, round_->next);
  HON_ASSERT(fiber->queued && fiber->parked);
  fiber->queued = false;
  fiber->parked = false;
  ++switches_;
  return fiber;
}

inline void Scheduler::Impl::Arrive(ExecutionStack& here, boost::context::detail::transfer_t from) {
  ExecutionStack& left = *static_cast<ExecutionStack*>(from.data);
  FinishSwitch(here.asan_fake_stack, &left.stack_bottom, &left.stack_bytes);
  left.context = from.fctx;
  if (ended_ != nullptr) Recycle(*std::exchange(ended_, nullptr));
}

// Returns at a switch back to `from`.
inline void Scheduler::Impl::Switch(ExecutionStack& from, ExecutionStack& to) {
  from.exceptions.caught = std::exchange(thread_exceptions_->caught, to.exceptions.caught);
  from.exceptions.uncaught = std::exchange(thread_exceptions_->uncaught, to.exceptions.uncaught);
  StartSwitch(&from.asan_fake_stack, to.stack_bottom, to.stack_bytes, to.tsan);
  Arrive(from, jump_(to.context, &from));
}

// A jump that notifies AddressSanitizer, for a program that is checked while this code is not. A
// function of its own and not a condition, so that other programs pay nothing.
boost::context::detail::transfer_t Scheduler::Impl::JumpTold(
    boost::context::detail::fcontext_t context, void* from) {
  Impl& scheduler = *of_thread;
  ExecutionStack& here = *static_cast<ExecutionStack*>(from);
  const ExecutionStack& to =
      scheduler.running_ != nullptr ? *scheduler.running_ : scheduler.loop_stack_;
  StartSwitchOutside(&here.asan_fake_stack, to.stack_bottom, to.stack_bytes);
  const auto back = boost::context::detail::jump_fcontext(context, from);
  ExecutionStack& left = *static_cast<ExecutionStack*>(back.data);
  FinishSwitchOutside(here.asan_fake_stack, &left.stack_bottom, &left.stack_bytes);
  return back;
}

inline void Scheduler::Impl::Leave(Fiber& fiber) {
  Fiber* next = in_run_ ? TakeReady() : nullptr;
  if (next == &fiber) return;
  running_ = next;  // another fiber is ready, or none
  Switch(fiber, next != nullptr ? *next : loop_stack_);
}

inline void Scheduler::Impl::SwitchOut() {
  Fiber& fiber = *running_;
  HON_ASSERT(fiber.parked);
  if (fiber.hooks.before_suspend != nullptr) fiber.hooks.before_suspend(fiber.hooks.argument);
  Leave(fiber);
  if (fiber.hooks.after_resume != nullptr) fiber.hooks.after_resume(fiber.hooks.argument);
}

inline void Scheduler::Impl::Park() {
  if (std::exchange(running_->wake_pending, false)) return;
  running_->parked = true;
  SwitchOut();
}

inline void Scheduler::Impl::Yield() {
  HON_ASSERT(!running_->parked);
  running_->parked = true;
  Enqueue(*running_);
  SwitchOut();
}

inline void Scheduler::Impl::WakeLocal(Fiber& fiber) {
  if (!fiber.parked) {
    fiber.wake_pending = true;
  } else if (!fiber.queued) {
    Enqueue(fiber);
  }
}

inline void Scheduler::Impl::Resume(Fiber& fiber) {
  HON_ASSERT(running_ == nullptr);
  if (of_thread != this) BindToThread();
  running_ = &fiber;
  Switch(loop_stack_, fiber);
}

Scheduler::Impl::Impl(Scheduler& self, netpoll::Loop& loop, Options options)
    : self_(&self), loop_(&loop), options_(options) {}

Scheduler::Impl::~Impl() {
  HON_ASSERT(live_.Get() == 0);
  // A wake or a Go that another thread has posted: no fiber is left, or will be, that it concerns.
  loop_->DiscardPosted([this](netpoll::Task& task) {
    if (&task == &remote_wakes_) return true;
    const auto* launch = dynamic_cast<const Launch*>(&task);
    return launch != nullptr && launch->IsOf(*this);
  });
  if (of_thread == this) of_thread = nullptr;
}

inline void Scheduler::Impl::Start(Entry entry, void* argument, const Attributes& attributes) {
  HON_ASSERT(running_ == nullptr);
  Fiber& fiber = TakeFiber();
  fiber.entry = entry;
  fiber.argument = argument;
  fiber.Set(attributes);
  Resume(fiber);
}

void Scheduler::Impl::Go(std::function<void()> function, GoOptions options) {
  Fiber& fiber = TakeFiber();
  fiber.function = std::move(function);
  fiber.own_context = std::move(options.context);
  fiber.own_name = options.name;
  fiber.Set({.context = &fiber.own_context, .name = &fiber.own_name});
  fiber.entry = [](void* self) {
    auto& here = *static_cast<Fiber*>(self);
    {
      // Moved out, so that the function's captures are destroyed on the fiber, where destructors
      // may wait.
      const std::function<void()> run = std::exchange(here.function, nullptr);
      run();
    }
    here.own_context = {};
  };
  fiber.argument = &fiber;
  HON_ASSERT(!fiber.parked && !fiber.queued);
  fiber.parked = true;
  Enqueue(fiber);
}

void Scheduler::Impl::GoFromElsewhere(std::function<void()> function, GoOptions options) {
  loop_->Post(*new Launch(*this, std::move(function), std::move(options)));
}

// Runs the ready fibers, and while the slice lasts also the ones that they make ready. Then the
// loop does its other work. A fiber that suspends switches to the next one directly.
void Scheduler::Impl::Run() {
  HON_ASSERT(deferred_ && !in_run_ && round_ == nullptr);
  in_run_ = true;
  switches_ = 0;
  next_look_ = 0;
  slice_end_ = kNever;
  round_ = std::exchange(ready_first_, nullptr);
  ready_last_ = nullptr;
  while (Fiber* fiber = TakeReady()) Resume(*fiber);
  in_run_ = false;
  deferred_ = ready_first_ != nullptr;
  if (deferred_) loop_->Defer(*this);
}

// The slice begins at the end of the first round: a single round does not read the clock.
bool Scheduler::Impl::SliceOver() {
  if (switches_ < next_look_) return false;
  const TimePoint now = Clock::now();
  if (now >= slice_end_) return true;
  if (slice_end_ == kNever) slice_end_ = now + kSlice;
  next_look_ = switches_ + std::min(switches_, kSwitchesPerLook);
  return false;
}

void Scheduler::Impl::WakeFromElsewhere(Fiber& fiber) {
  if (fiber.remote_wake.exchange(true, std::memory_order_acq_rel))
    return;  // a wake-up is already
             // pending
  Fiber* first = remote_.load(std::memory_order_relaxed);
  do {
    fiber.next_remote = first;
    // Acquires too: a thread that finds the list empty posts the task, which the loop has finished
    // by then.
  } while (!remote_.compare_exchange_weak(first, &fiber, std::memory_order_acq_rel,
                                          std::memory_order_relaxed));
  if (first == nullptr) loop_->Post(remote_wakes_);
}

void Scheduler::Impl::TakeRemoteWakes() {
  Fiber* fiber = remote_.exchange(nullptr, std::memory_order_acq_rel);
  while (fiber != nullptr) {
    HON_ASSERT(fiber->scheduler == this);
    Fiber* next = fiber->next_remote;
    fiber->remote_wake.store(false, std::memory_order_release);
    WakeLocal(*fiber);
    fiber = next;
  }
}

inline Fiber& Scheduler::Impl::TakeFiber() {
  Fiber& fiber = pool_.Take();
  started_.Add(1);
  live_.Add(1);
  if (live_.Get() > live_max_.Get()) live_max_.Set(live_.Get());
  return fiber;
}

inline void Scheduler::Impl::Recycle(Fiber& fiber) {
  HON_ASSERT(live_.Get() != 0 && !fiber.queued);
  live_.Set(live_.Get() - 1);
  fiber.wake_pending = false;
  pool_.GiveBack(fiber);
}

Stats Scheduler::Impl::GetStats() const {
  return {live_.Get(), live_max_.Get(), pool_.Stacks(), started_.Get(), pool_.Trimmed()};
}

BlockingPool& Scheduler::Impl::Blocking() {
  if (options_.blocking != nullptr) return *options_.blocking;
  if (blocking_ == nullptr) blocking_ = std::make_unique<BlockingPool>();
  return *blocking_;
}

void Scheduler::Impl::BindToThread() {
  of_thread = this;
  thread_exceptions_ = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
  loop_stack_.tsan = CurrentTsanFiber();
  WatchForOverflow();
}

// The bottom frame of every fiber: runs one entry after the other, so that a pooled fiber starts
// with a single switch.
void Scheduler::Impl::Main(boost::context::detail::transfer_t from) {
  Impl& scheduler = *of_thread;
  Fiber& fiber = *scheduler.running_;
  ExecutionStack& left = *static_cast<ExecutionStack*>(from.data);
  FinishSwitchOutside(nullptr, &left.stack_bottom, &left.stack_bytes);
  scheduler.Arrive(fiber, from);
  for (;;) {
    fiber.entry(fiber.argument);
    HON_ASSERT(scheduler.running_ == &fiber && scheduler.ended_ == nullptr);
    scheduler.ended_ = &fiber;
    scheduler.Leave(fiber);
  }
}

Scheduler::Scheduler(netpoll::Loop& loop, Options options)
    : impl_(std::make_unique<Impl>(*this, loop, options)) {}
Scheduler::~Scheduler() = default;
Scheduler* Scheduler::Current() {
  return Impl::of_thread == nullptr ? nullptr : &Impl::of_thread->Self();
}
void Scheduler::Start(Entry entry, void* argument) { impl_->Start(entry, argument, {}); }
HON_NO_CANARY void Scheduler::Start(Entry entry, void* argument, const Attributes& attributes) {
  impl_->Start(entry, argument, attributes);
}
netpoll::Loop& Scheduler::GetLoop() const { return impl_->GetLoop(); }
const Options& Scheduler::GetOptions() const { return impl_->GetOptions(); }
size_t Scheduler::Live() const { return impl_->GetStats().live; }
size_t Scheduler::Stacks() const { return impl_->GetStats().stacks; }
Stats Scheduler::GetStats() const { return impl_->GetStats(); }
void Scheduler::Trim() { impl_->Trim(); }
BlockingPool& Scheduler::Blocking() { return impl_->Blocking(); }

Fiber* Current() {
  const Scheduler::Impl* here = Scheduler::Impl::of_thread;
  return here == nullptr ? nullptr : here->Running();
}

void Park() {
  Scheduler::Impl* here = Scheduler::Impl::of_thread;
  HON_ASSERT(here != nullptr && here->Running() != nullptr);
  here->Park();
}

void Yield() {
  Scheduler::Impl* here = Scheduler::Impl::of_thread;
  HON_ASSERT(here != nullptr && here->Running() != nullptr);
  here->Yield();
}

void WakeLocal(Fiber& fiber) { fiber.scheduler->WakeLocal(fiber); }

void Wake(Fiber& fiber) {
  if (fiber.scheduler == Scheduler::Impl::of_thread) {
    fiber.scheduler->WakeLocal(fiber);
  } else {
    fiber.scheduler->WakeFromElsewhere(fiber);
  }
}

void Go(std::function<void()> function, GoOptions options) {
  Scheduler::Impl* here = Scheduler::Impl::of_thread;
  Scheduler::Impl* there = options.scheduler != nullptr ? options.scheduler->impl_.get() : here;
  HON_ASSERT(there != nullptr);
  if (there == here) {
    here->Go(std::move(function), std::move(options));
  } else {
    there->GoFromElsewhere(std::move(function), std::move(options));
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

void SetAttributes(const Attributes& attributes) {
  Fiber* fiber = Current();
  HON_ASSERT(fiber != nullptr);
  fiber->Set(attributes);
}

void SetSwitchHooks(const SwitchHooks& hooks) {
  Fiber* fiber = Current();
  HON_ASSERT(fiber != nullptr);
  fiber->hooks = hooks;
}

SwitchHooks CurrentSwitchHooks() {
  const Fiber* fiber = Current();
  return fiber == nullptr ? SwitchHooks() : fiber->hooks;
}

const appcontext::Context& CurrentContext() {
  static const appcontext::Context background;
  const Fiber* fiber = Current();
  return fiber == nullptr || fiber->ends_with == nullptr ? background : *fiber->ends_with;
}

}  // namespace hon::fiber
