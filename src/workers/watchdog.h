#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/base/thread.h"
#include "hon/base/time.h"
#include "hon/netpoll/loop.h"
#include "workers/loop_activity.h"
#include "workers/stall_detector.h"
#include "workers/thread_probe.h"
#include "workers/turn_detector.h"

namespace hon::workers {

/// A loop that has been held for longer than the stall time, by a handler or by a turn without one.
/// The views end with the call that passes this.
struct Stall {
  std::string_view pattern;  // of the handler; empty where no handler ran
  std::string_view detail;
  std::string_view stack;  // innermost function first; empty where there is none
};

/// A thread that notices when a loop is held: by a handler, or by anything else that a turn of the
/// loop runs. The watchdog then moves the handler's pattern to the workers, tells the server (which
/// starts its standby loop), and reports the stall, at most once a second. The thread sleeps while
/// all loops wait for events.
class Watchdog {
 public:
  struct Options {
    Duration stall_time{};       // of StallDetector and TurnDetector
    Duration placement_limit{};  // of PatternLoad
    bool stacks = false;         // whether reports have the stack of the loop's thread
    std::function<void(const Stall&)> report;
  };

  /// One loop, as its thread has registered it.
  struct Watched {
    netpoll::Loop* loop;
    const LoopActivity* activity;
    const ThreadProbe* probe;
    /// Called when a first loop of the server is held and when no loop is held any more; called
    /// again at each look until it returns true. The same address means the same server.
    const std::function<bool(bool any_held)>* on_held;
  };

  explicit Watchdog(Options options) : options_(std::move(options)) {}
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // On the loop's thread.

  /// Watches `loop` until Unwatch is called with its activity. The error is that of the watchdog's
  /// thread: nobody looks then; the next call tries to start it again.
  [[nodiscard]] Error Watch(const Watched& loop);
  /// Waits for a call of `on_held` that is under way.
  void Unwatch(const LoopActivity& activity);

 private:
  struct Entry {
    Watched watched;
    StallDetector handler;
    TurnDetector turn;
    bool told_held = false;  // the last argument of on_held

    [[nodiscard]] bool Held() const { return handler.Stalled() || turn.Stalled(); }
  };

  void WakeUp();
  void Main();
  void AwaitTurns();
  [[nodiscard]] Duration Look(TimePoint now);
  void OnHandlerStall(const Entry& entry, TimePoint now);
  void OnTurnStall(Entry& entry, TimePoint now);
  void Report(const Entry& entry, std::string_view pattern, std::string detail);
  void TellServers(std::unique_lock<std::mutex>& lock);

  const Options options_;
  std::mutex mutex_;  // guards the members below
  std::condition_variable changed_;
  std::vector<Entry> entries_;
  bool awaits_turns_ = false;  // every loop has been asked to tell of its next turn, and none has
  bool stop_ = false;
  bool telling_ = false;  // on_held is being called
  TimePoint reported_{};
  unsigned unreported_ = 0;
  Thread thread_;  // started by the first Watch
};

}  // namespace hon::workers
