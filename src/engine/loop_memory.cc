#include "engine/loop_memory.h"

#include <algorithm>
#include <string>

#include "base/heap.h"
#include "engine/loop_services.h"
#include "hon/base/guard.h"
#include "hon/fiber/blocking.h"
#include "hon/io/memory_budget.h"

namespace hon::engine {
namespace {

// Interval of checks while memory is scarce.
constexpr Duration kScarceInterval = std::chrono::milliseconds(100);

size_t BytesHeld(netpoll::Connection& c) { return c.Reader().Len() + c.Writer().Len(); }

}  // namespace

LoopMemory::~LoopMemory() {
  if (busy_) services_->shared.busy_loops.fetch_sub(1, std::memory_order_relaxed);
}

void LoopMemory::BeginWork() {
  busy_ = true;
  given_back_ = false;
  quiet_since_ = services_->loop.Now();
  services_->shared.busy_loops.fetch_add(1, std::memory_order_relaxed);
  ArmTimer();
}

void LoopMemory::ArmTimer() {
  const Duration idle_time = services_->shared.idle_trim;
  Duration interval = idle_time == kUnlimited ? kUnlimited : idle_time / 2;
  if (services_->scarce) interval = std::min(interval, kScarceInterval);
  services_->loop.Timers().Arm(*this, DeadlineAfter(services_->loop.Now(), interval));
}

// No exception leaves OnTimer: without memory the next check tries again.
void LoopMemory::OnTimer() {
  static_cast<void>(CallGuarded([this] { Look(); }));
  if (busy_ || services_->served != 0 || services_->scarce) ArmTimer();
}

void LoopMemory::Look() {
  const bool was_scarce = services_->scarce;
  UpdateScarce();
  // Refusing others has not helped: the holders themselves have to go.
  if (was_scarce && services_->scarce) CutShare();
  const TimePoint now = services_->loop.Now();
  const uint64_t work = services_->requests.load(std::memory_order_relaxed) + connections_seen_ +
                        services_->scheduler.Live();
  if (work != work_seen_) {
    work_seen_ = work;
    quiet_since_ = now;
    given_back_ = false;
    if (!busy_) BeginWork();
  } else if (!given_back_ && now - quiet_since_ >= services_->shared.idle_trim / 2) {
    given_back_ = true;
    GiveBack();
  }
}

void LoopMemory::UpdateScarce() {
  io::MemoryBudget* const budget = services_->shared.budget;
  if (budget == nullptr) return;
  services_->scarce = budget->Scarce();
  if (services_->scarce) return;
  budget->Rearm();
  // Blocks that were taken before Rearm have told nobody.
  services_->scarce = budget->Scarce();
}

// No exception leaves Relieve: without memory the next check, which the timer makes, tries again.
void LoopMemory::Relieve() noexcept {
  UpdateScarce();
  ArmTimer();
  const io::MemoryBudget* const budget = services_->shared.budget;
  if (budget != nullptr && budget->Exceeded())
    static_cast<void>(CallGuarded([this] { CutShare(); }));
}

// Frees this loop's share of what is to be freed until a quarter of the budget is left.
void LoopMemory::CutShare() {
  const io::MemoryBudget* const budget = services_->shared.budget;
  io::BlockPool& pool = services_->loop.Blocks();
  pool.Trim();
  const size_t used = std::max<size_t>(budget->Used(), 1);
  const size_t goal = budget->Max() - budget->Max() / 4;
  if (used > goal) {
    const double share = static_cast<double>(pool.Bytes()) / static_cast<double>(used);
    CutHolders(static_cast<size_t>(static_cast<double>(used - goal) * share));
  }
}

// Cuts the connections that hold at least half as much as the largest holder, until `wanted` bytes
// are freed; then the next smaller ones. Returns the bytes that the cut connections held.
size_t LoopMemory::CutHolders(size_t wanted) {
  struct Walk {
    size_t largest = 0;
    size_t least = 0;
    size_t wanted = 0;
    size_t freed = 0;
    size_t cut = 0;
  } walk;
  walk.wanted = wanted;
  while (walk.freed < wanted) {
    walk.largest = 0;
    services_->loop.ForEachConnection(
        [&walk](netpoll::Connection& c) { walk.largest = std::max(walk.largest, BytesHeld(c)); });
    if (walk.largest == 0) break;
    walk.least = (walk.largest + 1) / 2;
    const size_t freed_before = walk.freed;
    services_->loop.ForEachConnection([&walk](netpoll::Connection& c) {
      const size_t held = BytesHeld(c);
      if (held < walk.least || walk.freed >= walk.wanted || !c.IsActive()) return;
      walk.freed += held;
      ++walk.cut;
      c.Close(netpoll::CloseHow::kAbort);
    });
    if (walk.freed == freed_before) break;
  }
  if (walk.cut != 0) {
    const std::string detail = "http: memory is short (WithMemoryBudget): cut " +
                               std::to_string(walk.cut) + " connections that held " +
                               std::to_string(walk.freed) + " bytes";
    services_->engine.Report({.kind = Event::Kind::kListener, .detail = detail});
  }
  return walk.freed;
}

void LoopMemory::GiveBack() {
  services_->exchanges.Trim();
  services_->http2_exchanges.Trim();
  services_->loop.Trim();
  services_->scheduler.Trim();
  if (!std::exchange(busy_, false)) return;
  if (services_->shared.busy_loops.fetch_sub(1, std::memory_order_relaxed) != 1) return;
  // The last loop with work has become idle: nothing of this server uses the heap now. Another
  // thread makes the call, which takes milliseconds for each 100 MiB.
  fiber::Go([] { static_cast<void>(fiber::Blocking([] { TrimHeap(); })); },
            {.scheduler = &services_->scheduler});
}

}  // namespace hon::engine
