#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "hon/base/time.h"
#include "hon/engine/settings.h"

namespace hon::engine {

/// How long an exchange waits for its peer in one direction. Only time spent waiting counts, so
/// that a slow handler is not taken for a slow client. A peer that keeps to kPeerRateBytesMin gets
/// the time anew.
struct Patience {
  Duration timeout{};
  Duration waited{};                  // since the last renewal
  int64_t moved = 0;                  // bytes in that time
  std::optional<TimePoint> deadline;  // set by the handler: replaces the rest

  void Reset(Duration for_waiting) {
    timeout = for_waiting;
    waited = {};
    moved = 0;
    deadline.reset();
  }
  /// The end of a wait that begins at `now`.
  [[nodiscard]] TimePoint EndsAt(TimePoint now) const {
    if (deadline) return *deadline;
    return timeout == kUnlimited ? kNever : DeadlineAfter(now, timeout - waited);
  }
  /// Whether no further wait is allowed.
  [[nodiscard]] bool Over(TimePoint now) {
    if (deadline) return *deadline <= now;
    if (waited < timeout) return false;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(timeout).count();
    if (moved / kPeerRateBytesMin < seconds) return true;
    waited = {};
    moved = 0;
    return false;
  }
};

}  // namespace hon::engine
