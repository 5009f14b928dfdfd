#pragma once

#include <cstdint>
#include <functional>

#include "hon/appcontext/context.h"
#include "hon/http/handler.h"
#include "hon/http/server_context.h"
#include "hon/io/io.h"

namespace hon::http {

/// Gives handlers fibers and threads, which the http room itself does not know. A server puts a
/// Spawner into the context of its requests (SpawnerKey). The Spawner outlives the functions that
/// it runs.
class Spawner {
 public:
  /// A thread that runs handlers.
  class Home {
   public:
    virtual ~Home() = default;
    /// Runs `work` on this thread while the caller, on the same or another thread of handlers,
    /// waits until `work` has ended. Callable only while the handler that called Here has not
    /// returned.
    virtual void Do(const std::function<void()>& work) = 0;
    /// Whether the caller runs on this thread, or on a thread that runs no handlers.
    [[nodiscard]] virtual bool IsHere() const = 0;
  };

  virtual ~Spawner() = default;
  /// Starts `work` concurrently with the caller: on another thread, unless the handler was placed
  /// inline, since `work` may block its thread. The waits of `work` end with `context`. If
  /// `context` ends before `work` was begun, `work` may be destroyed uncalled, on any thread.
  /// `work` must not throw.
  virtual void Go(appcontext::Context context, std::function<void()> work) = 0;
  /// Waits until `context` has ended, also after the end of the caller's own context.
  virtual void Wait(const appcontext::Context& context) = 0;
  /// Lets the other fibers of the calling thread run first; returns at once on a thread without
  /// fibers.
  virtual void Yield() = 0;
  /// The thread of the calling handler.
  [[nodiscard]] virtual Home& Here() = 0;
  /// Calls `target`, which the calling handler has resolved for `r`, on the thread where its route
  /// is placed, and waits until it has returned. Throws what `target` throws.
  virtual void Serve(const Target& target, ResponseWriter& w, Request& r) = 0;
  /// The calling handler is about to read these bytes of `file`. Where that would hold a loop,
  /// since they are not in memory, waits until another thread has read them. Errors are left to the
  /// read.
  virtual void PrepareFile(io::File& /*file*/, int64_t /*offset*/, int64_t /*count*/) {}
};

/// Spawner::PrepareFile for the next `count` bytes of `reader`, at most, where a file is behind it.
void PrepareRead(const appcontext::Context& request, io::Reader& reader, int64_t count);

/// The key of a Spawner* in the context of a request.
inline constexpr ContextKey SpawnerKey{"http-spawner"};

/// The Spawner in a request's context, or null: the handler runs on a plain thread, as in a test.
[[nodiscard]] Spawner* SpawnerOf(const appcontext::Context& request);

/// The key of a Spawner::Home* in the context of a request: the loop of the request's connection.
inline constexpr ContextKey LoopHomeKey{"http-loop-home"};

/// The loop of the connection in a request's context. Null when the caller runs on that loop, or on
/// a thread without fibers.
[[nodiscard]] Spawner::Home* LoopElsewhere(const appcontext::Context& request);

}  // namespace hon::http
