#include "workers/watchdog.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "hon/base/assert.h"
#include "workers/lock_wait.h"
#include "workers/pattern_load.h"
#include "workers/stack_capture.h"

namespace hon::workers {
namespace {

// Looks in one stall time: a stall is noticed late by at most one part of it.
constexpr int kLooksPerStall = 4;
// The watchdog goes to sleep when no handler has run for this long.
constexpr Duration kQuietTime = std::chrono::milliseconds(200);
constexpr Duration kReportInterval = std::chrono::seconds(1);

}  // namespace

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.Joinable()) thread_.Join();
}

Error Watchdog::Watch(const Watched& loop) {
  HON_ASSERT(loop.activity != nullptr && loop.probe != nullptr);
  const std::lock_guard lock(mutex_);
  entries_.push_back({loop, StallDetector(options_.stall_time)});
  if (thread_.Joinable()) return {};
  if (options_.stacks) PrepareStackCapture();
  Result<Thread> thread = Thread::Start({.name = "hon-watchdog"}, [this] { Main(); });
  if (!thread) return std::move(thread.error());
  thread_ = std::move(*thread);
  return {};
}

void Watchdog::Unwatch(const LoopActivity& activity) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !telling_; });
  const size_t erased =
      std::erase_if(entries_, [&](const Entry& entry) { return entry.loop.activity == &activity; });
  HON_ASSERT(erased == 1);
}

void Watchdog::WakeUp() {
  const std::lock_guard lock(mutex_);
  awake_.store(true, std::memory_order_relaxed);
  changed_.notify_all();
}

void Watchdog::Main() {
  const Duration tick = options_.stall_time / kLooksPerStall;
  const auto awake = [this] { return awake_.load(std::memory_order_relaxed); };
  TimePoint busy_until{};
  bool sleeps = false;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (sleeps) changed_.wait(lock, [&] { return awake() || stop_; });
    changed_.wait_for(lock, tick, [this] { return stop_; });
    const TimePoint now = Clock::now();
    if (Look(now)) busy_until = now + kQuietTime;
    TellServers(lock);
    // A further tick passes between awake_ = false and the sleep: a handler that began without
    // seeing awake_ = false is seen by that look.
    sleeps = now >= busy_until && !awake();
    awake_.store(now < busy_until, std::memory_order_relaxed);
  }
}

// True when a handler has run since the last look, or runs.
bool Watchdog::Look(TimePoint now) {
  bool busy = false;
  for (Entry& entry : entries_) {
    const StallDetector::Verdict verdict =
        entry.detector.Look(now, entry.loop.activity->Sequence(), *entry.loop.probe);
    if (verdict != StallDetector::Verdict::kQuiet) busy = true;
    if (verdict == StallDetector::Verdict::kBegan) OnStall(entry, now);
  }
  return busy;
}

void Watchdog::OnStall(const Entry& entry, TimePoint now) {
  http::Route* route = entry.loop.activity->Route();
  if (entry.loop.activity->Sequence() != entry.detector.Sequence())
    return;  // the burst has just ended
  const Duration limit = options_.placement_limit;
  const PatternLoad load(route->runner_word.load(std::memory_order_relaxed));
  route->runner_word.store(load.Moved(limit).Word(), std::memory_order_relaxed);
  Report(entry, *route, now - entry.detector.Since());
}

void Watchdog::Report(const Entry& entry, const http::Route& route, Duration held) {
  const TimePoint now = Clock::now();
  if (now - reported_ < kReportInterval) {
    ++unreported_;
    return;
  }
  reported_ = now;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(held).count();
  std::string detail =
      "http: a handler has held its loop for more than " + std::to_string(ms) + " ms";
  if (const unsigned more = std::exchange(unreported_, 0); more != 0) {
    detail += " (and " + std::to_string(more) + " others since the last report)";
  }
  std::string stack;
  if (options_.stacks) stack = CaptureStack(entry.loop.probe->Id());
  if (WaitsForLock(stack)) {
    detail += "; it waits for a mutex, which a suspended handler of the same loop may hold: ";
    detail += "use fiber::Mutex across waits";
  }
  options_.report({route, detail, stack});
}

// Calls on_held without the lock: the server may start another loop, which calls Watch.
void Watchdog::TellServers(std::unique_lock<std::mutex>& lock) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    const std::function<bool(bool)>* on_held = entries_[i].loop.on_held;
    const auto same_server = [&](const Entry& entry) { return entry.loop.on_held == on_held; };
    const bool held = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return same_server(entry) && entry.detector.Stalled();
    });
    if (held == entries_[i].told_held || on_held == nullptr || !*on_held) continue;
    telling_ = true;
    lock.unlock();
    const bool done = (*on_held)(held);
    lock.lock();
    telling_ = false;
    changed_.notify_all();
    if (!done) continue;
    for (Entry& entry : entries_) {
      if (same_server(entry)) entry.told_held = held;
    }
  }
}

}  // namespace hon::workers
