#pragma once

// Where handlers run. docs/CONCURRENCY.md has the model and its guarantees.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/http/handler.h"

namespace hon::engine {

enum class Placement : uint8_t {
  kInline,    // on the loop that owns the connection: the quickest, for handlers that never block
  kWorkers,   // on a thread of the worker pool: may block and compute
  kAdaptive,  // inline until its pattern is seen to hold the loop, then on workers, and back
};

using enum Placement;  // engine::kInline, as options are written

/// A pattern whose calls hold their loop for longer than this, on average and without suspending,
/// is moved to the workers (WithPlacementLimit).
inline constexpr Duration kPlacementLimit = std::chrono::microseconds(500);

/// Worker threads of one engine at most (WithMaxWorkers).
inline constexpr unsigned kWorkersMax = 256;

/// Threads of one engine for calls of fiber::Blocking, at most (WithMaxBlocking).
inline constexpr unsigned kBlockingMax = 64;

/// A loop has stalled when one call holds it for longer than this without suspending, and meanwhile
/// computes for as long or waits in the kernel (WithStallTime). The pattern of the call is then
/// moved at once, and Event::Kind::kStall is reported. The latter also where no handler runs: when
/// the loop's thread waits in the kernel, other than for events, for as long, or one turn of the
/// loop computes for ten times as long.
inline constexpr Duration kStallTime = std::chrono::milliseconds(10);

/// "inline", "workers", "adaptive".
[[nodiscard]] Result<Placement> ParsePlacement(std::string_view name);

/// A handler that runs where `placement` says, regardless of the engine's default and of the
/// placements of handlers around it. When a handler on the loop calls it, only this call goes to a
/// worker; when a handler on a worker calls it, it stays on that worker.
[[nodiscard]] http::HandlerPtr Place(Placement placement, http::HandlerArg handler);

}  // namespace hon::engine
