#include <algorithm>

#include "hon/engine/engine.h"

namespace hon::engine {
namespace {

constexpr Duration kPlacementLimitMin = std::chrono::microseconds(1);
constexpr Duration kPlacementLimitMax = std::chrono::seconds(10);
constexpr Duration kStallTimeMin = std::chrono::milliseconds(1);

}  // namespace

Option WithRequestTimeout(Duration timeout) {
  return [timeout](Options& options) { options.request_timeout = timeout; };
}

Option WithEventHook(EventHook hook) {
  return [hook = std::move(hook)](Options& options) { options.on_event = hook; };
}

Option WithErrorReply(ErrorReplyHook hook) {
  return [hook = std::move(hook)](Options& options) { options.error_reply = hook; };
}

Option WithGeneralOptionsHandler(bool enabled) {
  return [enabled](Options& options) { options.general_options = enabled; };
}

Option WithPlacement(Placement placement) {
  return [placement](Options& options) { options.placement = placement; };
}

Option WithPlacementLimit(Duration limit) {
  return [limit](Options& options) {
    options.placement_limit = std::clamp<Duration>(limit, kPlacementLimitMin, kPlacementLimitMax);
  };
}

Option WithMaxWorkers(unsigned workers_max) {
  return [workers_max](Options& options) { options.workers_max = std::max(workers_max, 1U); };
}

Option WithMaxBlocking(unsigned threads_max) {
  return [threads_max](Options& options) { options.blocking_max = std::max(threads_max, 1U); };
}

Option WithStallTime(Duration time) {
  return [time](Options& options) { options.stall_time = std::max<Duration>(time, kStallTimeMin); };
}

Option WithStallStacks(bool on) {
  return [on](Options& options) { options.stall_stacks = on; };
}

}  // namespace hon::engine
