#pragma once

#include <functional>

#include "hon/appcontext/context.h"
#include "hon/http/handler.h"
#include "hon/http/server_context.h"

namespace hon::http {

/// Lets a handler run something beside itself, in the way that it is run: the seam by which this
/// room, which knows neither fibers nor threads, has them. What runs handlers puts one into the
/// context of their requests; it lives as long as the handlers that it has run.
class Spawner {
 public:
  /// A thread that runs handlers.
  class Home {
   public:
    virtual ~Home() = default;
    /// Does `work` there while the caller, on this or another such thread, waits for its end. Only
    /// while a handler that has called Here on that thread has not returned.
    virtual void Do(const std::function<void()>& work) = 0;
  };

  virtual ~Spawner() = default;
  /// Runs `work` soon, beside the caller: on another thread where it may be that it holds its own,
  /// so that the caller goes on meanwhile. What it waits for ends with `context`. It must not
  /// throw.
  virtual void Go(appcontext::Context context, std::function<void()> work) = 0;
  /// Waits until `context` has ended, whatever becomes of the caller's own meanwhile.
  virtual void Wait(const appcontext::Context& context) = 0;
  /// Lets the other fibers of the calling thread run first; returns at once on a thread without.
  virtual void Yield() = 0;
  /// The calling handler's.
  [[nodiscard]] virtual Home& Here() = 0;
  /// Calls `target`, which the calling handler has found for `r`, where its route belongs, and
  /// waits for its end. Throws what it throws.
  virtual void Serve(const Target& target, ResponseWriter& w, Request& r) = 0;
};

/// A `http::Spawner*`.
inline constexpr ContextKey SpawnerKey{"http-spawner"};

/// The one of a request's context, or null: the handler runs on a plain thread, as under a test.
[[nodiscard]] Spawner* SpawnerOf(const appcontext::Context& request);

}  // namespace hon::http
