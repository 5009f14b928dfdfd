#pragma once

// fiber: stackful fibers over a loop; here a completion becomes a return value. Knows no HTTP.
// A fiber runs on one thread for its whole life. It may hold anything across a wait except a
// std::mutex that another fiber of the same loop wants (fiber::Mutex exists for that).

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
  size_t stack_bytes = 256 * 1024;  // reserved, committed as touched; 64 KiB that fault below
  size_t cached_stacks_max = 1024;  // free stacks that are kept
  /// Where Blocking makes its calls. Null: in a pool of the scheduler's own, made when it is first
  /// needed, with the defaults of BlockingOptions.
  BlockingPool* blocking = nullptr;
};

class Fiber;
class Scheduler;

/// Counters of one scheduler.
struct Stats {
  size_t live = 0;       // fibers that have started and not ended
  size_t live_max = 0;   // the most that there were at once
  size_t stacks = 0;     // stacks that exist: those in use and the free ones that are kept
  uint64_t started = 0;  // fibers so far
  uint64_t trimmed = 0;  // times that a free stack which had gone deep gave its memory back
};

struct GoOptions {
  Scheduler* scheduler = nullptr;    // null: this thread's
  appcontext::Context context = {};  // of the new fiber; kept until it ends
  std::string_view name = {};        // for messages; kept alive by the caller, as a literal is
};

Fiber* Current();
void Park();
void Yield();
void Wake(Fiber& fiber);
void Go(std::function<void()> function, GoOptions options);

/// Called on the running fiber around each of its suspensions, with `argument`; they must not wait.
/// Null: nothing. For those who hold output back, or measure time, while a fiber runs.
struct SwitchHooks {
  void (*before_suspend)(void* argument) = nullptr;
  void (*after_resume)(void* argument) = nullptr;
  void* argument = nullptr;
};

/// What SetContext, SetName and SetSwitchHooks say one by one.
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
  /// The same with what SetAttributes would say first.
  void Start(Entry entry, void* argument, const Attributes& attributes);

  [[nodiscard]] netpoll::Loop& GetLoop() const;
  [[nodiscard]] const Options& GetOptions() const;
  /// Fibers that have started and not ended.
  [[nodiscard]] size_t Live() const;
  /// Stacks that exist, those of free fibers included.
  [[nodiscard]] size_t Stacks() const;
  /// Any thread; each number is right, together they may be of different moments.
  [[nodiscard]] Stats GetStats() const;
  /// Of Options::blocking, or its own. On the loop's thread.
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

/// Suspends the running fiber until Wake. A Wake that came first makes it return at once (one is
/// remembered). Wakes may be spurious: wait in a loop around a condition.
void Park();
/// Makes `fiber` run again in one of the next steps of its loop. Any thread; the fiber must not
/// end before the call returns.
void Wake(Fiber& fiber);
/// Lets everything else that is ready run first.
void Yield();

/// Go's go statement: runs `function` on a fiber, in one of the next steps of its loop. Any thread
/// when a scheduler is given, which must outlive the call; otherwise the thread of a loop that has
/// one. A loop that is destroyed first destroys the function without running it. An exception that
/// leaves it ends the process.
void Go(std::function<void()> function, GoOptions options = {});

/// Holds for the running fiber until others are set or it ends.
void SetSwitchHooks(const SwitchHooks& hooks);
/// Of the running fiber; none on a plain thread.
[[nodiscard]] SwitchHooks CurrentSwitchHooks();

/// The context whose end wakes this fiber's waits: the request's in a handler, Background
/// elsewhere. The caller keeps `context` alive until it sets another.
void SetContext(const appcontext::Context* context);
[[nodiscard]] const appcontext::Context& CurrentContext();

/// What messages call the running fiber: the text that `*name` holds when it is needed, which may
/// change. The caller keeps it alive until it sets another; null takes it back.
void SetName(const std::string_view* name);

/// All three at once.
void SetAttributes(const Attributes& attributes);

/// Waits. Returns early with the context's cause when the fiber's context (or `context`) ends.
/// On a plain thread it blocks that thread.
Error Sleep(Duration time);
Error Sleep(const appcontext::Context& context, Duration time);
/// Waits until `context` has ended and returns its cause.
Error Wait(const appcontext::Context& context);

}  // namespace hon::fiber
