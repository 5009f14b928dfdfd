#include "hon/engine/engine.h"

namespace hon::engine {

Option WithRequestTimeout(Duration timeout) {
  return [timeout](Options& options) { options.request_timeout = timeout; };
}

Option WithEventHook(EventHook hook) {
  return [hook = std::move(hook)](Options& options) { options.on_event = hook; };
}

}  // namespace hon::engine
