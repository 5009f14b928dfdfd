#pragma once

#include <functional>

#include "hon/appcontext/context.h"
#include "hon/http/server_context.h"

namespace hon::http {

/// Lets a handler run something beside itself, in the way that it is run: the seam by which this
/// room, which knows neither fibers nor threads, has them. What runs handlers puts one into the
/// context of their requests.
class Spawner {
 public:
  virtual ~Spawner() = default;
  /// Runs `work` soon, beside the caller and on its thread; what it waits for ends with `context`.
  /// It must not throw.
  virtual void Go(appcontext::Context context, std::function<void()> work) = 0;
  /// Waits until `context` has ended, whatever becomes of the caller's own meanwhile.
  virtual void Wait(const appcontext::Context& context) = 0;
};

/// A `http::Spawner*`.
inline constexpr ContextKey SpawnerKey{"http-spawner"};

/// The one of a request's context, or null: the handler runs on a plain thread, as under a test.
[[nodiscard]] Spawner* SpawnerOf(const appcontext::Context& request);

}  // namespace hon::http
