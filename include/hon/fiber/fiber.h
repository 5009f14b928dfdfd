#pragma once

// fiber: stackful fibers over a loop. A fiber sees the completion of an operation as the return of
// a call. Independent of HTTP. A fiber runs on one thread for its whole life. A fiber may hold
// anything across a wait except a std::mutex that another fiber of the same loop wants;
// fiber::Mutex may be held.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "hon/appcontext/context.h"
#include "hon/base/error.h"
#include "hon/base/time.h"
#include "hon/netpoll/loop.h"

namespace hon::fiber {

class BlockingPool;

struct Options {
  size_t stack_bytes = 256 * 1024;  // reserved, committed as touched; below lie 64 KiB that fault
  size_t cached_stacks_max = 1024;  // free stacks that are kept
  /// The pool for calls of Blocking. Null: a pool of the scheduler's own, made for the first call,
  /// with the defaults of BlockingOptions.
  BlockingPool* blocking = nullptr;
};

class Fiber;
class Scheduler;

/// Counters of one scheduler.
struct Stats {
  size_t live = 0;       // fibers that have started and not ended
  size_t live_max = 0;   // the maximum of `live` so far
  size_t stacks = 0;     // stacks that exist, in use or free
  uint64_t started = 0;  // fibers so far
  uint64_t trimmed = 0;  // times that a free stack gave memory back to the system
};

struct GoOptions {
  Scheduler* scheduler = nullptr;    // null: this thread's
  appcontext::Context context = {};  // of the new fiber; kept until it ends
  std::string_view name = {};        // for messages; kept alive by the caller, for example a
                                     // literal
};

Fiber* Current();
void Park();
void Yield();
void Wake(Fiber& fiber);
void Go(std::function<void()> function, GoOptions options);

/// Called on the running fiber around each of its suspensions, with `argument`; must not wait.
/// Null: no call. Used to flush output, or to measure time, while a fiber runs.
struct SwitchHooks {
  void (*before_suspend)(void* argument) = nullptr;
  void (*after_resume)(void* argument) = nullptr;
  void* argument = nullptr;
};

/// The settings of SetContext, SetName and SetSwitchHooks together.
struct Attributes {
  const appcontext::Context* context = nullptr;
  const std::string_view* name = nullptr;
  SwitchHooks hooks = {};
};

/// Runs the fibers of one loop, on its thread. Create it on that thread, or before Run.
class Scheduler {
 public:
  Scheduler(netpoll::Loop& loop, Options options = {});
  ~Scheduler();  // every fiber must have ended
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// The scheduler of this thread, or null.
  static Scheduler* Current();

  /// Runs `entry(argument)` on a fiber from the pool at once, until it ends or first waits.
  /// Called on the loop's thread, outside any fiber. Allocates nothing when a stack is cached.
  /// An exception that leaves `entry` ends the process: catch before.
  using Entry = void (*)(void* argument);
  void Start(Entry entry, void* argument);
  /// As Start, with `attributes` set before `entry` runs.
  void Start(Entry entry, void* argument, const Attributes& attributes);

  [[nodiscard]] netpoll::Loop& GetLoop() const;
  [[nodiscard]] const Options& GetOptions() const;
  /// Fibers that have started and not ended.
  [[nodiscard]] size_t Live() const;
  /// Stacks that exist, those of free fibers included.
  [[nodiscard]] size_t Stacks() const;
  /// Any thread. Each number is exact, but the numbers may be of different moments.
  [[nodiscard]] Stats GetStats() const;
  /// Gives the memory of all free stacks back to the system, a little in each of the next turns. On
  /// the loop's thread.
  void Trim();
  /// Options::blocking, or the scheduler's own pool. On the loop's thread.
  [[nodiscard]] BlockingPool& Blocking();

 private:
  class Impl;
  friend class Fiber;
  friend class FiberPool;
  friend class FiberSlab;
  friend Fiber* Current();
  friend void Park();
  friend void Yield();
  friend void Go(std::function<void()> function, GoOptions options);
  friend void Wake(Fiber& fiber);
  friend void WakeLocal(Fiber& fiber);

  std::unique_ptr<Impl> impl_;
};

/// The running fiber, or null on a plain thread or outside any fiber.
[[nodiscard]] Fiber* Current();

/// Suspends the running fiber until Wake. One earlier Wake is remembered and makes Park return at
/// once. Wake-ups may be spurious: wait in a loop around a condition.
void Park();
/// Makes `fiber` run again in one of the next steps of its loop. Any thread; the fiber must not
/// end before the call returns.
void Wake(Fiber& fiber);
/// Lets all other ready fibers and tasks run first.
void Yield();

/// Go's go statement: runs `function` on a fiber, in one of the next steps of its loop. Any thread
/// when a scheduler is given, which must outlive the call; otherwise the thread of a loop with a
/// scheduler. A loop that is destroyed first destroys the function without running it. An exception
/// that leaves the function ends the process.
void Go(std::function<void()> function, GoOptions options = {});

/// Sets the hooks of the running fiber, until they are replaced or the fiber ends.
void SetSwitchHooks(const SwitchHooks& hooks);
/// The hooks of the running fiber; none on a plain thread.
[[nodiscard]] SwitchHooks CurrentSwitchHooks();

/// The context whose end wakes this fiber's waits: the request's in a handler, Background
/// elsewhere. The caller keeps `context` alive until it sets another.
void SetContext(const appcontext::Context* context);
[[nodiscard]] const appcontext::Context& CurrentContext();

/// Names the running fiber in messages: by the text that `*name` has at that time. The caller keeps
/// the text alive until another is set; null removes the name.
void SetName(const std::string_view* name);

/// Sets context, name and hooks at once.
void SetAttributes(const Attributes& attributes);

/// Waits for `time`. Returns early with the context's cause when the fiber's context (or `context`)
/// ends. On a plain thread, blocks the thread.
Error Sleep(Duration time);
Error Sleep(const appcontext::Context& context, Duration time);
/// Waits until `context` has ended and returns its cause.
Error Wait(const appcontext::Context& context);

}  // namespace hon::fiber
