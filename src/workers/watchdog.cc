#include "workers/watchdog.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "hon/base/assert.h"
#include "hon/base/guard.h"
#include "workers/lock_wait.h"
#include "workers/pattern_load.h"
#include "workers/stack_capture.h"

namespace hon::workers {
namespace {

// Looks in one stall time: a stall is noticed late by at most one part of it.
constexpr int kLooksPerStall = 4;
// The watchdog goes to sleep when no handler has run for this long, and no turn for a stall time.
constexpr Duration kQuietTime = std::chrono::milliseconds(200);
constexpr Duration kReportInterval = std::chrono::seconds(1);

std::string Milliseconds(Duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) +
         " ms";
}

std::string_view WhatRuns(netpoll::TurnStep step) {
  switch (step) {
    case netpoll::TurnStep::kEvents:
      return "acts on events of connections";
    case netpoll::TurnStep::kTimers:
      return "runs timers";
    case netpoll::TurnStep::kTasks:
      return "runs fibers and tasks";
    case netpoll::TurnStep::kOutput:
      return "sends output";
  }
  return {};
}

}  // namespace

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.Joinable()) thread_.Join();
}

Error Watchdog::Watch(const Watched& watched) {
  HON_ASSERT(watched.loop != nullptr && watched.activity != nullptr && watched.probe != nullptr);
  watched.loop->SetTurnHook([this] { WakeUp(); });
  const std::lock_guard lock(mutex_);
  entries_.push_back(
      {watched, StallDetector(options_.stall_time), TurnDetector(options_.stall_time)});
  awaits_turns_ = false;
  changed_.notify_all();
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
  const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& e) { return e.watched.activity == &activity; });
  HON_ASSERT(entry != entries_.end());
  entry->watched.loop->SetTurnHook({});
  entries_.erase(entry);
}

// A loop's turn begins, as AwaitTurns has asked to be told.
void Watchdog::WakeUp() {
  const std::lock_guard lock(mutex_);
  awaits_turns_ = false;
  changed_.notify_all();
}

void Watchdog::AwaitTurns() {
  for (const Entry& entry : entries_) entry.watched.loop->NotifyOfTurn();
  awaits_turns_ = true;
}

void Watchdog::Main() {
  const Duration tick = options_.stall_time / kLooksPerStall;
  TimePoint busy_until{};
  std::unique_lock lock(mutex_);
  while (!stop_) {
    changed_.wait_for(lock, tick, [this] { return stop_; });
    const TimePoint now = Clock::now();
    busy_until = std::max(busy_until, now + Look(now));
    TellServers(lock);
    if (now < busy_until) continue;
    // Loops are asked one look before the thread sleeps: a turn that has begun without seeing the
    // request is seen by that look.
    if (!awaits_turns_) {
      AwaitTurns();
      continue;
    }
    changed_.wait(lock, [this] { return !awaits_turns_ || stop_; });
  }
}

// For how long the thread is to go on looking: the longer one where a handler runs, or has run
// since the last look; zero where all loops wait.
Duration Watchdog::Look(TimePoint now) {
  Duration busy{};
  for (Entry& entry : entries_) {
    const ThreadProbe& probe = *entry.watched.probe;
    const uint64_t sequence = entry.watched.activity->Sequence();
    const StallDetector::Verdict handler = entry.handler.Look(now, sequence, probe);
    const TurnDetector::Verdict turn =
        entry.turn.Look(now, entry.watched.loop->TurnBegan(), sequence, probe);
    if (handler == StallDetector::Verdict::kBegan) {
      static_cast<void>(CallGuarded([&] { OnHandlerStall(entry, now); }));
    } else if (turn == TurnDetector::Verdict::kBegan) {
      static_cast<void>(CallGuarded([&] { OnTurnStall(entry, now); }));
    }
    if (entry.handler.Stalled()) entry.turn.Excuse(now, probe);
    if (handler != StallDetector::Verdict::kQuiet) {
      busy = kQuietTime;
    } else if (turn != TurnDetector::Verdict::kQuiet) {
      busy = std::max(busy, options_.stall_time);
    }
  }
  return busy;
}

void Watchdog::OnHandlerStall(const Entry& entry, TimePoint now) {
  http::Route* route = entry.watched.activity->Route();
  if (entry.watched.activity->Sequence() != entry.handler.Sequence())
    return;  // the burst has just ended
  const Duration limit = options_.placement_limit;
  const PatternLoad load(route->runner_word.load(std::memory_order_relaxed));
  route->runner_word.store(load.Moved(limit).Word(), std::memory_order_relaxed);
  Report(entry, route->pattern,
         "http: a handler has held its loop for more than " +
             Milliseconds(now - entry.handler.Since()));
}

void Watchdog::OnTurnStall(Entry& entry, TimePoint now) {
  const netpoll::TurnStep step = entry.watched.loop->CurrentStep();
  if (entry.watched.loop->TurnBegan() != entry.turn.Turn()) return entry.turn.Withdraw();
  std::string detail = "http: a loop has taken no events for more than ";
  detail += Milliseconds(now - entry.turn.Since());
  detail += " while no handler holds it: it ";
  detail += WhatRuns(step);
  Report(entry, {}, std::move(detail));
}

void Watchdog::Report(const Entry& entry, std::string_view pattern, std::string detail) {
  const TimePoint now = Clock::now();
  if (now - reported_ < kReportInterval) {
    ++unreported_;
    return;
  }
  reported_ = now;
  if (const unsigned more = std::exchange(unreported_, 0); more != 0) {
    detail += " (and " + std::to_string(more) + " others since the last report)";
  }
  std::string stack;
  if (options_.stacks) stack = CaptureStack(entry.watched.probe->Id());
  if (WaitsForLock(stack)) {
    detail += "; it waits for a mutex, which a suspended handler of the same loop may hold: ";
    detail += "use fiber::Mutex across waits";
  }
  options_.report({pattern, detail, stack});
}

// Calls on_held without the lock: the server may start another loop, which calls Watch.
void Watchdog::TellServers(std::unique_lock<std::mutex>& lock) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    const std::function<bool(bool)>* on_held = entries_[i].watched.on_held;
    const auto same_server = [&](const Entry& entry) { return entry.watched.on_held == on_held; };
    const bool held = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return same_server(entry) && entry.Held();
    });
    if (held == entries_[i].told_held || on_held == nullptr || !*on_held) continue;
    telling_ = true;
    lock.unlock();
    bool done = true;  // without memory for a standby loop, connections wait for the held loop
    static_cast<void>(CallGuarded([&] { done = (*on_held)(held); }));
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
