#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/base/thread.h"
#include "hon/base/time.h"
#include "hon/http/handler.h"
#include "workers/loop_activity.h"
#include "workers/stall_detector.h"
#include "workers/thread_probe.h"

namespace hon::workers {

/// A loop that a handler has held for longer than the stall time. The references end with the call
/// that passes this.
struct Stall {
  const http::Route& route;
  std::string_view detail;
  std::string_view stack;  // innermost function first; empty where there is none
};

/// A thread that notices when a handler holds a loop. The watchdog then moves the handler's pattern
/// to the workers, tells the server (which starts its standby loop), and reports the stall, at most
/// once a second. The thread sleeps while no handler runs on a loop.
class Watchdog {
 public:
  struct Options {
    Duration stall_time{};       // a handler that holds its loop for longer has stalled it
    Duration placement_limit{};  // of PatternLoad
    bool stacks = false;         // whether reports have the stack of the loop's thread
    std::function<void(const Stall&)> report;
  };

  /// One loop, as its thread has registered it.
  struct Watched {
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
  /// To be called after LoopActivity::BeginHandler: wakes a sleeping watchdog.
  void NoteHandler() {
    if (!awake_.load(std::memory_order_relaxed)) [[unlikely]]
      WakeUp();
  }

 private:
  struct Entry {
    Watched loop;
    StallDetector detector;
    bool told_held = false;  // the last argument of on_held
  };

  void WakeUp();
  void Main();
  [[nodiscard]] bool Look(TimePoint now);
  void OnStall(const Entry& entry, TimePoint now);
  void Report(const Entry& entry, const http::Route& route, Duration held);
  void TellServers(std::unique_lock<std::mutex>& lock);

  const Options options_;
  std::atomic<bool> awake_{false};
  std::mutex mutex_;  // guards the members below
  std::condition_variable changed_;
  std::vector<Entry> entries_;
  bool stop_ = false;
  bool telling_ = false;  // on_held is being called
  TimePoint reported_{};
  unsigned unreported_ = 0;
  Thread thread_;  // started by the first Watch
};

}  // namespace hon::workers
