#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/hold.h"
#include "engine/thread_probe.h"
#include "hon/base/time.h"
#include "hon/engine/engine.h"

namespace hon::engine {

/// A thread that notices when a handler holds its loop: it moves the pattern to the workers, asks
/// for somebody else to take over what the loop cannot do, and reports, at most once a second.
/// Sleeps while no handler runs inline.
class Watchdog {
 public:
  /// One loop, as its thread has registered it.
  struct Watched {
    const Hold* hold;
    const ThreadProbe* probe;
    /// Told whether a loop of its server is held, again and again until it returns true.
    const std::function<bool(bool any_held)>* on_held;
  };

  explicit Watchdog(const Engine& engine) : engine_(&engine) {}
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // On the loop's thread.

  /// Until Unwatch, for which the hold's address stands.
  void Watch(const Watched& loop);
  /// Waits for a call of `on_held` that is under way.
  void Unwatch(const Hold& hold);
  /// After Hold::Enter: a handler runs.
  void NoteWork() {
    if (!awake_.load(std::memory_order_relaxed)) [[unlikely]]
      WakeUp();
  }

 private:
  struct Entry {
    Watched loop;
    uint64_t count = 0;   // when last looked at
    TimePoint since{};    // it is that
    Duration used{};      // by the thread until then
    bool judged = false;  // this stretch was found to be a stall
    bool told_held = false;
  };

  void WakeUp();
  void Main();
  [[nodiscard]] bool Look(TimePoint now);
  [[nodiscard]] bool Holds(Entry& entry, TimePoint now) const;
  void OnStall(const Entry& entry, TimePoint now);
  void Report(const Entry& entry, const http::Route& route, Duration held);
  void TellServers(std::unique_lock<std::mutex>& lock);

  const Engine* engine_;
  std::atomic<bool> awake_{false};
  std::mutex mutex_;  // what follows
  std::condition_variable changed_;
  std::vector<Entry> entries_;
  bool stop_ = false;
  bool telling_ = false;  // on_held is being called
  TimePoint reported_{};
  unsigned unreported_ = 0;
  std::thread thread_;  // started by the first Watch
};

}  // namespace hon::engine
