#pragma once

#include <functional>

#include "hon/appcontext/context.h"
#include "hon/http/handler.h"
#include "hon/http/server_context.h"

namespace hon::http {

/// Runs functions beside a handler, on fibers or threads, which this room does not know. The server
/// that calls handlers puts a Spawner into the contexts of their requests. The Spawner outlives
/// every handler and every function that it runs.
class Spawner {
 public:
  /// One thread that calls handlers.
  class Home {
   public:
    virtual ~Home() = default;
    /// Calls `work` on that thread; the caller, a handler on any such thread, waits for its end.
    /// Valid until the handler returns that has got this Home from Here.
    virtual void Do(const std::function<void()>& work) = 0;
  };

  virtual ~Spawner() = default;
  /// Calls `work` soon, beside the caller: on another thread unless handlers are placed inline, so
  /// that work which holds its thread does not delay the caller. `context` becomes the one whose
  /// end wakes the waits of `work`. If `context` ends before the call has begun, `work` may be
  /// destroyed without having been called, on any thread. `work` must not throw.
  virtual void Go(appcontext::Context context, std::function<void()> work) = 0;
  /// Waits until `context` has ended. The end of the caller's own context does not end this wait.
  virtual void Wait(const appcontext::Context& context) = 0;
  /// Lets the other fibers of the calling thread run first; returns at once on a thread without.
  virtual void Yield() = 0;
  /// The thread of the calling handler.
  [[nodiscard]] virtual Home& Here() = 0;
  /// Calls the handler of `target` on the thread where its route is placed, and waits for its end.
  /// The calling handler, a mux, has found `target` for `r`. Throws what that handler throws.
  virtual void Serve(const Target& target, ResponseWriter& w, Request& r) = 0;
};

/// The key of a Spawner* in the context of a request.
inline constexpr ContextKey SpawnerKey{"http-spawner"};

/// The Spawner of the context of a request. Null if the handler runs on a plain thread, as in a
/// test.
[[nodiscard]] Spawner* SpawnerOf(const appcontext::Context& request);

}  // namespace hon::http
