#pragma once

// netpoll: sockets as events. A Loop is one thread that owns connections, timers and pools; other
// threads reach them only through Post. Independent of HTTP and of fibers. Read next: connection.h,
// listener.h; then src/netpoll/loop.cc for the order of a turn.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/io/link_buffer.h"
#include "hon/io/record_layer.h"
#include "hon/netpoll/timer.h"

namespace hon::netpoll {

class Acceptor;
class Backend;
class Connection;
class ConnectionSlab;
class Dialer;
class EventHandler;
class HandshakeQueue;
class RecordQueue;

enum class BackendKind : uint8_t { kAuto, kIoUring, kEpoll, kKqueue, kFake };

/// "auto", "io_uring", "epoll", "kqueue".
[[nodiscard]] std::string_view BackendName(BackendKind kind);
[[nodiscard]] Result<BackendKind> ParseBackend(std::string_view name);

/// The number of processors that this process may use: those of its affinity mask, at most the
/// quota of its cgroups (rounded up), at least one.
[[nodiscard]] unsigned DefaultLoops();

struct LoopOptions {
  BackendKind backend = BackendKind::kAuto;
  unsigned index = 0;              // number of this loop among its siblings
  size_t cached_blocks_max = 256;  // free 16 KiB blocks that are kept
  /// Called once when kAuto had to fall back, with the reason. May be empty.
  std::function<void(std::string_view)> on_fallback = {};
};

/// A step of a turn. Fibers run in kEvents, kTimers or kTasks, by what has resumed them.
enum class TurnStep : uint8_t { kEvents, kTimers, kTasks, kOutput };

/// Work for a loop, intrusive so that posting it allocates nothing. Run once per Post or Defer; the
/// task may be posted again, or destroyed, once Run has begun.
class Task {
 public:
  virtual ~Task() = default;
  virtual void Run() = 0;
  /// Called in place of Run when the loop is destroyed first.
  virtual void Discard() {}

 private:
  friend class Loop;
  Task* next_ = nullptr;
};

class Loop {
 public:
  /// Fails where the kernel refuses what the backend needs. kAuto prefers io_uring and falls back
  /// to epoll.
  static Result<std::unique_ptr<Loop>> Create(LoopOptions options);
  /// A loop over a backend of the caller's making, for tests.
  static std::unique_ptr<Loop> CreateOver(std::unique_ptr<Backend> backend, LoopOptions options);
  /// Closes every connection (calling their handlers) and listener, and discards posted and
  /// deferred tasks: to have them run, turn the loop before. No connection may be retained. On the
  /// loop's thread, or after Run returned.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // On the loop's thread (the one that calls Run or Turn), or on one other before the first turn.

  /// Turns until Stop.
  void Run();
  /// One turn: completions, timers, posted tasks, deferred tasks, flush, then the wait for events
  /// (which the next turn delivers), of at most `wait_max`. The first call binds the loop to its
  /// thread.
  void Turn(Duration wait_max);

  /// The time at the start of this turn.
  [[nodiscard]] TimePoint Now() const { return now_; }
  [[nodiscard]] TimerWheel& Timers() { return timers_; }
  [[nodiscard]] io::BlockPool& Blocks() { return blocks_; }
  /// Frees memory that an idle loop does not need: free blocks, and those beyond the least number
  /// that io_uring receives into. On the loop's thread, outside of calls of handlers.
  void Trim();
  /// Runs `task` later in this turn, before output is flushed. A task deferred by a deferred task
  /// runs in the next turn, which then does not wait: a long job yields that way.
  void Defer(Task& task);
  /// Discards those tasks that were posted and have not run for which `chosen` says true; the
  /// others keep their order.
  void DiscardPosted(const std::function<bool(Task&)>& chosen);
  /// Takes a connected or accepted socket over, also when it fails; OnPrepare and, without a record
  /// layer, OnConnect are called from inside.
  Result<Connection*> Adopt(int fd, EventHandler& handler);
  /// Connects without blocking. `done` is called on this thread, never from inside, with the
  /// Connection (after its OnConnect) or the error: ErrDeadlineExceeded, a system error, or
  /// ErrClosed when the loop ends first. A name is looked up on a separate thread; its addresses
  /// are tried one after the other, each with its share of `timeout`. With a `layer` the handshake
  /// has the rest of `timeout`, and its failure is final: no further address is tried.
  void Dial(std::string_view address, EventHandler& handler, Duration timeout,
            std::function<void(Result<Connection*>)> done,
            std::unique_ptr<io::RecordLayer> layer = nullptr);
  /// Ends the dials whose events go to `handler`: during the look-up of the name, while a socket
  /// connects, and during the handshake. The sockets are closed at once, the `done` of each is
  /// destroyed without a call, and `handler` gets no further event of them. Connections whose
  /// `done` has been called are not affected. Not inside an event of such a dial.
  void CancelDials(EventHandler& handler);
  /// Calls `visit` for every connection whose OnDisconnect has not been called. `visit` may close
  /// any connection.
  void ForEachConnection(const std::function<void(Connection&)>& visit);

  // From any thread.

  /// Runs `task` on the loop's thread in one of the next turns. Tasks of one thread keep order.
  void Post(Task& task);
  /// Runs `function` on the loop's thread, as Post of a task; allocates.
  void Post(std::function<void()> function);
  /// Makes Run return after the current turn, or at once when it is called next.
  void Stop();

  /// The loop of the calling thread, or null.
  [[nodiscard]] static Loop* Current();
  [[nodiscard]] bool InLoopThread() const { return Current() == this; }
  [[nodiscard]] unsigned Index() const { return options_.index; }
  [[nodiscard]] BackendKind Kind() const;
  /// Connections that this loop owns or is about to own. On another thread the number is
  /// approximate.
  [[nodiscard]] size_t Connections() const { return load_.load(std::memory_order_relaxed); }
  /// For how long the turn that is under way has kept the thread, at `now`; zero while the loop
  /// waits for events. Any thread, approximate there.
  [[nodiscard]] Duration BusyFor(TimePoint now) const;
  /// When the turn that is under way began; TimePoint{} while the loop waits for events. Any
  /// thread, approximate there, as CurrentStep is.
  [[nodiscard]] TimePoint TurnBegan() const {
    return TimePoint(TimePoint::duration(turn_began_.load(std::memory_order_relaxed)));
  }
  [[nodiscard]] TurnStep CurrentStep() const { return step_.load(std::memory_order_relaxed); }

  // For a thread that watches this loop and sleeps while nothing happens there.

  /// Sets or, when empty, removes the function that NotifyOfTurn asks for. On the loop's thread.
  void SetTurnHook(std::function<void()> hook) { turn_hook_ = std::move(hook); }
  /// Has the hook called once, on the loop's thread, when the next turn begins. Any thread. A turn
  /// that begins at the same time may miss the request.
  void NotifyOfTurn() { turn_hook_wanted_.store(true, std::memory_order_relaxed); }

 private:
  friend class Acceptor;
  friend class Connection;
  friend class Dialer;
  friend struct ConnectionIo;
  friend struct LoopIo;

  struct TaskList {
    Task* first = nullptr;
    Task* last = nullptr;
    void PushBack(Task& task);
  };

  Loop(std::unique_ptr<Backend> backend, LoopOptions options);

  // The steps of a turn, in order.
  void CatchUp();
  void RunPosted();
  void RunDeferred();
  void FlushDirty();
  void DeleteRetired();
  void Wait(Duration wait_max);

  void Settle(Connection& c);
  void WakeUp();
  void CallTurnHook();

  LoopOptions options_;
  TimePoint now_;
  io::BlockPool blocks_;
  TimerWheel timers_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<ConnectionSlab> slab_;
  std::unique_ptr<HandshakeQueue> handshakes_;  // created by the first handshake
  std::unique_ptr<RecordQueue> records_;        // created by the first connection in it
  std::unique_ptr<Dialer> dialer_;              // made by the first Dial
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  Connection* dirty_first_ = nullptr;  // connections with output to send, or a change to settle
  Connection* dirty_last_ = nullptr;
  TaskList deferred_;
  bool ending_ = false;  // being destroyed: takes no new connections

  std::atomic<size_t> load_{0};
  std::atomic<TimePoint::rep> turn_began_{0};  // 0: waits for events
  std::atomic<TurnStep> step_{TurnStep::kEvents};
  std::atomic<bool> turn_hook_wanted_{false};
  std::function<void()> turn_hook_;
  // Shared with other threads: a stack of posted tasks, newest first.
  alignas(64) std::atomic<Task*> posted_{nullptr};
  std::atomic<bool> woken_{false};  // a wake-up is pending, so that a burst makes only one
  std::atomic<bool> stop_{false};
};

}  // namespace hon::netpoll
