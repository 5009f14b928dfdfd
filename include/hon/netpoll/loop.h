#pragma once

// netpoll: sockets as events. A Loop is one thread that owns connections, timers and pools; no
// other thread touches them, but through Post. Knows no HTTP and no fibers.
// Read next: connection.h, listener.h; then src/netpoll/loop.cc for the order of a turn.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/io/link_buffer.h"
#include "hon/netpoll/timer.h"

namespace hon::netpoll {

class Backend;
class Connection;
class EventHandler;
class Listener;

enum class BackendKind : uint8_t { kAuto, kIoUring, kEpoll, kKqueue, kFake };

/// "auto", "io_uring", "epoll", "kqueue".
[[nodiscard]] std::string_view BackendName(BackendKind kind);
[[nodiscard]] Result<BackendKind> ParseBackend(std::string_view name);

struct LoopOptions {
  BackendKind backend = BackendKind::kAuto;
  unsigned index = 0;              // which of its siblings this loop is
  size_t cached_blocks_max = 256;  // free 16 KiB blocks that are kept
  /// Told once when kAuto had to fall back, with the reason. May be empty.
  std::function<void(std::string_view)> on_fallback;
};

/// Work for a loop, intrusive so that posting it allocates nothing. Run once per Post or Defer.
class Task {
 public:
  virtual ~Task() = default;
  virtual void Run() = 0;

 private:
  friend class Loop;
  Task* next_ = nullptr;
};

class Loop {
 public:
  /// Fails where the kernel refuses what the backend needs. kAuto prefers io_uring and falls back
  /// to epoll.
  static Result<std::unique_ptr<Loop>> Create(LoopOptions options);
  ~Loop();  // closes every connection and listener; on the loop's thread, or after Run returned
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // On the loop's thread (the one that calls Run or Turn).

  /// Turns until Stop.
  void Run();
  /// One turn: timers, completions, posted tasks, deferred tasks, flush, then the wait for events.
  void Turn(Duration wait_max);

  /// The time at the start of this turn.
  [[nodiscard]] TimePoint Now() const { return now_; }
  [[nodiscard]] TimerWheel& Timers() { return timers_; }
  [[nodiscard]] io::BlockPool& Blocks() { return blocks_; }
  /// Runs `task` later in this turn, before output is flushed; from a deferred task: next turn,
  /// which then does not wait. This is how a long job yields.
  void Defer(Task& task);
  /// Takes a connected or accepted socket over; OnPrepare and OnConnect are called.
  Result<Connection*> Adopt(int fd, EventHandler& handler);
  /// Connects without blocking; `done` is called on this thread with the Connection or the error.
  void Dial(std::string_view address, EventHandler& handler, Duration timeout,
            std::function<void(Result<Connection*>)> done);

  // From any thread.

  /// Runs `task` on the loop's thread in one of the next turns. Tasks of one thread keep order.
  void Post(Task& task);
  /// The same for a function (allocates).
  void Post(std::function<void()> function);
  /// Makes Run return after the current turn.
  void Stop();

  /// The loop whose thread this is, or null.
  [[nodiscard]] static Loop* Current();
  [[nodiscard]] bool InLoopThread() const { return Current() == this; }
  [[nodiscard]] unsigned Index() const { return options_.index; }
  [[nodiscard]] BackendKind Kind() const;
  /// Connections that this loop owns now. Any thread, approximate there.
  [[nodiscard]] size_t Connections() const;

 private:
  friend class Connection;
  friend class Listener;
  // ... the owner of this header completes it
  LoopOptions options_;
  TimePoint now_;
  TimerWheel timers_;
  io::BlockPool blocks_;
  std::unique_ptr<Backend> backend_;
};

}  // namespace hon::netpoll
